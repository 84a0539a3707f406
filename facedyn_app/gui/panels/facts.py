"""Facts panel: what the recording is, and what was measured on it with which settings."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtWidgets import QTableView, QVBoxLayout, QWidget

from facedyn_app.dynamics.session_qc import excluded_words
from facedyn_app.fitting.focal import focal_text
from facedyn_app.gui.status import DONE
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.gui.widgets.table import LOW_ROW_PX, RowsModel, lay_out_table
from facedyn_app.records import Quality, Session, VideoInfo
from facedyn_app.workflows.records import Recording

Fact = tuple[str, str]

NOT_MEASURED: Final = "not measured"


def facts_of(recording: Recording) -> list[Fact]:
    """What there is to say about a recording, label and value, units included."""
    session, quality = recording.session, recording.quality
    source = session.info.source
    facts: list[Fact] = [("File", recording.title if source is None else source.name)]
    if recording.kept:
        facts.append(("Kept", f"{recording.kept}, not fitted anew"))
    if session.simulated:
        facts.append(("Origin", "simulated"))
    if len(recording.faces) > 1:
        seen = next(face for face in recording.faces if face.number == recording.face)
        facts.append(
            ("Face", f"{seen.number} of {len(recording.faces)}, seen {seen.seconds:.1f} s")
        )
    duration = float(session.motion.seconds[-1]) if len(session.motion.seconds) else 0.0
    facts.append(("Duration", f"{duration:.1f} s"))
    if when := _recorded(recording):
        facts.append(("Recorded", when))
    if recording.info is not None:
        facts += _video_facts(recording.info)
    facts += [
        ("Frames", _frames_text(quality)),
        ("Landmark error", _measured(quality.error_percent_face, ".2f", "% of face height")),
        ("Face height", _measured(quality.face_px, ".0f", "px")),
        ("Head", session.head_id),
        ("Shape", _shape_text(session)),
    ]
    facts += _fit_facts(recording)
    if source is not None and source.sha256:
        facts.append(("sha256", source.sha256))
    return facts


def _frames_text(quality: Quality) -> str:
    words = f"{quality.n_frames}, {quality.n_valid} valid"
    return f"{words}; {excluded_words(quality)}" if quality.n_excluded else words


def _measured(value: float, form: str, unit: str) -> str:
    return f"{value:{form}} {unit}" if math.isfinite(value) else NOT_MEASURED


def _shape_text(session: Session) -> str:
    if not len(session.shape):
        return f"{NOT_MEASURED}: no drift can be told"
    if not len(session.shape_chunks):
        return f"{len(session.shape)}, one for the whole: no drift can be told"
    return f"{len(session.shape)} coefficients x {len(session.shape_chunks)} chunks of time"


def _video_facts(info: VideoInfo) -> list[Fact]:
    assumed = " (assumed)" if info.fps_assumed else ""
    return [
        ("Picture", f"{info.width} x {info.height} px"),
        ("Frame rate", f"{info.fps:.4g} frames/s{assumed}"),
    ]


def _recorded(recording: Recording) -> str:
    """When it was recorded; of a visit that is dated by its folder, only the day is known."""
    stated = recording.session.info.recorded_at
    if stated is None:
        return ""
    when = stated.astimezone()
    return f"{when:%Y-%m-%d}" if when.date() == recording.day else f"{when:%Y-%m-%d %H:%M}"


def _fit_facts(recording: Recording) -> list[Fact]:
    facts: list[Fact] = []
    info = recording.session.info
    if info.focal_px is not None:
        facts.append(("Focal length", focal_text(info.focal_px, info.focal_log_sd)))
    facts += recording.timing
    if info.program is not None:
        facts.append(("Made by", info.program))
    facts += [("Note", note) for note in info.notes]
    return facts


class FactsPanel(Panel):
    """A table of label and value; long values are whole in the tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Facts of the recording appear here.", parent=parent)
        self._model = RowsModel(("Fact", "Value"))
        table = QTableView()
        lay_out_table(table, self._model, 1, LOW_ROW_PX)
        table.horizontalHeader().hide()
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(table)

    @property
    def model(self) -> RowsModel:
        """The facts."""
        return self._model

    def show_recording(self, recording: Recording | None) -> None:
        """Show a recording's facts."""
        if recording is None:
            self._model.set_rows([])
            self.show_empty()
            return
        self._model.set_rows(facts_of(recording))
        self.show_status(DONE)
