"""Who panel: the ranked speakers, or "not in the gallery"."""

from __future__ import annotations

from html import escape
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.formatting import number, shown_name
from facedyn_app.gui.formatting import markup_name, simulated_label
from facedyn_app.gui.status import DONE, unanswered_status
from facedyn_app.gui.theme import GRID, colours_of, tabular_font, verdict_colour
from facedyn_app.gui.widgets.evidence_bar import EvidenceBar
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.gui.widgets.table import LOW_ROW_PX, RowsModel, ShareBarDelegate, lay_out_table
from facedyn_app.records import Identification
from facedyn_app.workflows.records import LibrarySnapshot, Recording

COLUMNS = ("", "Speaker", "Probability", "Score (cosine)", "Trust")
TABLE_PX = 12 * GRID
"""Least height of the ranking, px."""


class LowTable(QTableView):
    """Takes what room is left, and asks for a few rows; so much the page below it counts on."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """A few rows."""
        return QSize(super().minimumSizeHint().width(), TABLE_PX)

    def sizeHint(self) -> QSize:  # noqa: N802
        """A few rows."""
        return QSize(super().sizeHint().width(), TABLE_PX)


class WhoPanel(Panel):
    """The answer in words, then the ranking behind it.

    Attributes:
        enrol_requested: The user wants to enrol the recording that is shown.
        moment_picked: float: the user wants to see this moment of the recording, s.
    """

    enrol_requested = Signal()
    moment_picked = Signal(float)
    scrolls = True

    def __init__(self, parent: QWidget | None = None) -> None:
        self._library = LibrarySnapshot(Path(), ())
        self._recording: Recording | None = None
        first = unanswered_status(None, self._library)
        super().__init__(first.sentence, first.hint, parent)
        self._answer = QLabel()
        font = self._answer.font()
        font.setPointSizeF(1.5 * font.pointSizeF())
        font.setBold(True)
        self._answer.setFont(font)
        self._answer.setTextFormat(Qt.TextFormat.PlainText)
        self._reason = QLabel()
        self._reason.setWordWrap(True)
        self._reason.setTextFormat(Qt.TextFormat.RichText)
        self._reason.setFont(tabular_font(self.font()))
        self.evidence = EvidenceBar()
        self.evidence.moment_picked.connect(self.moment_picked)
        self._votes = QLabel()
        self._votes.setWordWrap(True)
        self._votes.setToolTip(
            "Which enrolled speaker each stretch of the recording is most like; a click on the "
            "bar goes to that moment"
        )
        self._footer = QLabel()
        self._footer.setWordWrap(True)
        self._footer.setTextFormat(Qt.TextFormat.PlainText)
        self._enrol = QPushButton("Enrol…")
        self._enrol.setToolTip("Enrol this recording as a speaker, with that person's consent")
        self._enrol.clicked.connect(self.enrol_requested)
        self._model = RowsModel(COLUMNS, numeric=(0, 3))
        self._table = LowTable()
        self._bars = ShareBarDelegate(self._table)
        self._lay_out()

    def _lay_out(self) -> None:
        lay_out_table(self._table, self._model, 2, LOW_ROW_PX)
        self._table.setItemDelegateForColumn(2, self._bars)
        self._table.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        top = QHBoxLayout()
        top.addWidget(self._answer, 1)
        top.addWidget(self._enrol)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID // 2)
        column.addLayout(top)
        column.addWidget(self._reason)
        column.addWidget(self._table, 1)
        column.addWidget(self.evidence)
        column.addWidget(self._votes)
        column.addWidget(self._footer)

    @property
    def answer(self) -> str:
        """The answer in words."""
        return self._answer.text()

    @property
    def reason(self) -> str:
        """The line below the answer."""
        return self._reason.text()

    @property
    def footer(self) -> str:
        """What the probabilities mean."""
        return self._footer.text()

    @property
    def votes(self) -> str:
        """Who got how many votes."""
        return self._votes.text()

    @property
    def model(self) -> RowsModel:
        """The ranking."""
        return self._model

    def show_library(self, library: LibrarySnapshot) -> None:
        """Note with whom recordings are compared; what stands in place of an answer follows it."""
        self._library = library
        self._note_reason()

    def show_recording(self, recording: Recording | None) -> None:
        """Show a recording's answer, or why it has none."""
        self._recording = recording
        if recording is None or recording.identification is None:
            self._clear()
            self._note_reason()
            self.show_empty()
            return
        answer = recording.identification
        simulated = recording.simulated_speakers
        label = simulated_label(answer.shown_name, simulated=answer.shown_name in simulated)
        self._answer.setText(answer.words(shown_name(label)))
        self._reason.setText(self._reason_text(recording, answer))
        self._model.set_rows(
            [
                (
                    str(rank),
                    simulated_label(match.name, simulated=match.name in simulated),
                    f"{match.probability:.2f}" if answer.calibrated else "-",
                    number(match.score),
                    "" if match.trust is None else match.trust.verdict,
                )
                for rank, match in enumerate(answer.matches, start=1)
            ],
            [float(match.probability) if answer.calibrated else 0.0 for match in answer.matches],
        )
        self._bars.threshold = answer.threshold if answer.calibrated else None
        seconds = recording.session.motion.seconds
        self.evidence.show_answer(answer, float(seconds[-1]) if len(seconds) else 0.0)
        self._votes.setText(self.evidence.legend())
        self._footer.setText(_footer_text(answer))
        self.show_status(DONE)

    def _note_reason(self) -> None:
        self.set_empty(unanswered_status(self._recording, self._library))

    def _clear(self) -> None:
        """Keep nothing of an earlier answer."""
        for label in (self._answer, self._reason, self._votes, self._footer):
            label.clear()
        self._model.set_rows([], [])
        self.evidence.clear()

    def _reason_text(self, recording: Recording, answer: Identification) -> str:
        verdict = answer.quality.verdict
        colour = verdict_colour(colours_of(self), verdict)
        parts = []
        if answer.matches:
            best = answer.matches[0]
            unknown = bool(answer.recordings) or (answer.calibrated and not answer.known)
            lead = f"nearest is {markup_name(best.name)}, " if unknown else ""
            told = f"score {number(best.score)}, not calibrated"
            if answer.calibrated:
                told = f"probability {answer.probability_words(best.probability)}"
            parts.append(f"{lead}{told}")
        parts.append(f"gallery of {len(answer.matches)}")
        parts.append(f'measurement <b style="color:{colour}">{verdict}</b>')
        if recording.true_speaker is not None:
            parts.append(f"in truth {markup_name(recording.true_speaker)}")
        told = escape(answer.recording_words, quote=False)
        return "<br>".join(filter(None, [told, " · ".join(parts)]))


def _footer_text(answer: Identification) -> str:
    """What the numbers mean."""
    text = answer.caution
    if answer.calibrated:
        limit = answer.probability_words(answer.threshold)
        text = f"Below {limit}: “not in the gallery”. Calibrated on {answer.calibrated_on}."
    return " ".join(filter(None, [text, answer.left_out.words, answer.gallery_words]))
