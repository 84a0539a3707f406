"""Trust panel: the quality of the measurement, and the stability of the face's shape."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHeaderView, QLabel, QTreeView, QVBoxLayout, QWidget

from facedyn_app.dynamics.drift import drift_label, interval_words
from facedyn_app.dynamics.session_qc import excluded_words, measured_words, valid_percent
from facedyn_app.formatting import number
from facedyn_app.gui.formatting import drift_text, markup_name, simulated_label, tip_text
from facedyn_app.gui.status import DONE
from facedyn_app.gui.theme import GRID, colours_of, tabular_font, verdict_colour
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.records import DriftReport, Quality, SessionDrift
from facedyn_app.settings import TrustSettings
from facedyn_app.workflows.records import Recording

COLUMNS: Final = ("Speaker, session", "Shape", "DNR", "Corrected", "90 % interval", "Noise (sd)")
CHANGED: Final = "Judged by thresholds that were changed in the settings."
COLUMN_TIPS: Final = (
    "The speaker and their sessions, in the order of their dates",
    "In words: whether the fitted face shape is the same in all sessions",
    "Drift-to-noise ratio: how far the shape lies from the other sessions', "
    "over how much it wanders within a session",
    "DNR with the wandering of short sessions taken off; the word is judged by its interval",
    "90 % interval: of a speaker's corrected DNR; of a session's DNR",
    "How much the shape wanders within a session, standard deviations of the head model",
)


class TrustPanel(Panel):
    """Words first (good, caution, do not use; stable, may drift, drifts), the numbers below.

    Args:
        trust: The thresholds of the verdicts.
    """

    scrolls = True

    def __init__(self, trust: TrustSettings, parent: QWidget | None = None) -> None:
        super().__init__(
            "How far the answer can be believed appears here.",
            "Quality of the measurement, and drift of the face's shape over sessions.",
            parent,
        )
        self._trust = trust
        self._verdict = QLabel()
        self._verdict.setWordWrap(True)
        self._verdict.setFont(tabular_font(self.font()))
        self._drift = QLabel()
        self._drift.setWordWrap(True)
        self._model = QStandardItemModel(0, len(COLUMNS))
        self._set_headers()
        self._tree = QTreeView()
        self._tree.setModel(self._model)
        self._tree.setFont(tabular_font(self.font()))
        self._tree.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self._tree.setUniformRowHeights(True)
        header = self._tree.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(False)
        self._set_headers()
        column = QVBoxLayout(self.content)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID // 2)
        column.addWidget(self._verdict)
        column.addWidget(self._drift)
        column.addWidget(self._tree, 1000)
        column.addStretch(1)

    @property
    def verdict(self) -> str:
        """The text on the measurement."""
        return self._verdict.text()

    @property
    def drift_text(self) -> str:
        """The text on the drift."""
        return self._drift.text()

    @property
    def model(self) -> QStandardItemModel:
        """Speakers, and their sessions below them."""
        return self._model

    def use_thresholds(self, trust: TrustSettings) -> None:
        """Judge by other thresholds from now on."""
        self._trust = trust

    def show_recording(self, recording: Recording | None) -> None:
        """Show the quality of a recording and the drift of the speakers concerned."""
        if recording is None:
            self._verdict.clear()
            self._verdict.setToolTip("")
            self._drift.clear()
            self._empty_table()
            self.show_empty()
            return
        text = self._quality_text(recording.quality) + self._match_text(recording)
        self._verdict.setText(text)
        self._verdict.setToolTip("\n".join(recording.quality.reasons))
        self.show_drift(recording.drift, recording.simulated_speakers, _first_name(recording))

    def show_drift(
        self,
        reports: Sequence[DriftReport],
        simulated: frozenset[str] = frozenset(),
        first: str | None = None,
    ) -> None:
        """Fill the table; the speaker `first` stands first, opened.

        Args:
            reports: One a speaker.
            simulated: Names of simulated speakers.
            first: The speaker in question, if there is one.
        """
        ordered = sorted(reports, key=lambda report: report.speaker != first)
        self._empty_table()
        for report in ordered:
            self._model.appendRow(self._speaker_row(report, report.speaker in simulated))
        if ordered:
            self._tree.expand(self._model.index(0, 0))
        self._drift.setText(drift_text(ordered[0], self._trust) if ordered else _NO_DRIFT)
        self._tree.setVisible(bool(ordered))
        self.show_status(DONE)

    def _empty_table(self) -> None:
        # not clear(): PySide would take the deleted heads of columns for what lies there next
        self._model.removeRows(0, self._model.rowCount())

    def _set_headers(self) -> None:
        self._model.setHorizontalHeaderLabels(list(COLUMNS))
        for column, tip in enumerate(COLUMN_TIPS):
            item = self._model.horizontalHeaderItem(column)
            item.setToolTip(tip_text(tip))
            if column >= 2:
                item.setTextAlignment(_RIGHT)

    def _quality_text(self, quality: Quality) -> str:
        colour = verdict_colour(colours_of(self), quality.verdict)
        words = [f"{valid_percent(quality)} of frames valid", *measured_words(quality)]
        if quality.n_excluded:
            words.append(excluded_words(quality))
        numbers = " · ".join(words)
        text = f'Measurement: <b style="color:{colour}">{quality.verdict}</b> · {numbers}'
        changed = () if self._trust == TrustSettings() else (CHANGED,)
        told = [escape(one, quote=False) for one in (*quality.reasons, *changed)]
        return "<br>".join([text, *told])

    def _match_text(self, recording: Recording) -> str:
        """How far the best match can be believed; the measurement's own reasons stand above it."""
        answer = recording.identification
        if answer is None or not answer.matches or answer.matches[0].trust is None:
            return ""
        best, judged = answer.matches[0], answer.matches[0].trust
        colour = verdict_colour(colours_of(self), judged.verdict)
        name = simulated_label(best.name, simulated=best.name in recording.simulated_speakers)
        lines = [f'Match with {markup_name(name)}: <b style="color:{colour}">{judged.verdict}</b>']
        lines += [escape(reason) for reason in judged.match_reasons]
        return "<br>" + "<br>".join(lines)

    def _speaker_row(self, report: DriftReport, simulated: bool) -> list[QStandardItem]:
        texts = (
            simulated_label(report.speaker, simulated=simulated),
            drift_label(report, self._trust),
            number(report.dnr),
            number(report.dnr_corrected),
            interval_words(report.dnr_corrected_interval),
            number(report.noise),
        )
        row = _items(texts)
        for session in report.sessions:
            row[0].appendRow(_items(_session_texts(session)))
        return row


_RIGHT: Final = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_NO_DRIFT: Final = "Shape drift: needs a speaker with two or more sessions."


def _first_name(recording: Recording) -> str | None:
    answer = recording.identification
    return answer.matches[0].name if answer is not None and answer.matches else None


def _session_texts(session: SessionDrift) -> tuple[str, ...]:
    span = interval_words(session.dnr_interval)
    return (session.name, "", number(session.dnr), "", span, number(session.noise))


def _items(texts: Sequence[str]) -> list[QStandardItem]:
    row = [QStandardItem(text) for text in texts]
    for item in row[2:]:
        item.setTextAlignment(_RIGHT)
    return row
