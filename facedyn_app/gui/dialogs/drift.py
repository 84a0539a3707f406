"""Window on the shape drift of one speaker: sessions, distances, components, faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from facedyn_app.gui.formatting import drift_text
from facedyn_app.gui.status import DONE, PanelStatus
from facedyn_app.gui.theme import GRID
from facedyn_app.gui.widgets.distance_matrix import DistanceMatrix, ScaleBar
from facedyn_app.gui.widgets.drift_tables import ComponentsTable, SessionsTable
from facedyn_app.gui.widgets.neutral_faces import FacesView
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.gui.widgets.screen_fit import FittedDialog
from facedyn_app.gui.widgets.speaker_choice import SpeakerChoice
from facedyn_app.settings import TrustSettings
from facedyn_app.workflows.drift_detail import DriftDetail
from facedyn_app.workflows.records import ListedSpeaker

NOBODY: Final = "Nobody is enrolled in this library yet, so there is no drift to look at."
FIRST_STEP: Final = "Open videos of a person, and enrol each with Session > Enrol as a speaker…"
ONE_SESSION: Final = "Needs two sessions: enrol another recording of this person."


class DriftWindow(FittedDialog):
    """Stays beside the main window; goes when it is closed.

    Args:
        trust: The threshold that drifts are judged by.
        parent: The main window.

    Attributes:
        speaker_picked: str: the user wants to see this speaker.
    """

    speaker_picked = Signal(str)

    def __init__(self, trust: TrustSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trust = trust
        self._detail: DriftDetail | None = None
        self.setWindowTitle("Shape drift - facedyn")
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(148 * GRID, 90 * GRID)
        self.speaker = SpeakerChoice("Whose shape is looked at")
        self.speaker.activated.connect(self._pick)
        self.panel = Panel(NOBODY, FIRST_STEP)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.sessions = SessionsTable()
        self.matrix = DistanceMatrix()
        self.matrix_scale = ScaleBar("sd")
        self.components = ComponentsTable()
        self.faces = FacesView()
        self.matrix.pair_picked.connect(self.show_pair)
        self.faces.pair_picked.connect(self.show_pair)
        self.finished.connect(self.faces.close_graphics)
        self._lay_out()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(QLabel("Speaker"))
        top.addWidget(self.speaker)
        top.addStretch(1)
        matrix = QWidget()
        square = QVBoxLayout(matrix)
        square.setContentsMargins(0, 0, 0, 0)
        square.addWidget(self.matrix, 1)
        square.addWidget(self.matrix_scale)
        grid = self._grid = QGridLayout(self.panel.content)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID)
        grid.addWidget(self.verdict, 0, 0, 1, 2)
        self._between = [
            _titled("How far the sessions' shapes lie apart (standard deviations, sd)", matrix),
            _titled("Components that moved most", self.components),
        ]
        self._alone = QLabel(ONE_SESSION)
        self._alone.setWordWrap(True)
        self._alone.setAlignment(Qt.AlignmentFlag.AlignCenter)
        grid.addWidget(_titled("Sessions by date", self.sessions), 1, 0)
        grid.addWidget(self._between[0], 1, 1)
        grid.addWidget(self._alone, 2, 0)
        grid.addWidget(self._between[1], 2, 0)
        self._face_place = _titled("Face at rest", self.faces)
        grid.addWidget(self._face_place, 2, 1)
        for place, stretch in ((1, 1), (2, 1)):
            grid.setRowStretch(place, stretch)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        column.setSpacing(GRID)
        column.addLayout(top)
        column.addWidget(self.panel, 1)

    @property
    def detail(self) -> DriftDetail | None:
        """What is shown."""
        return self._detail

    def show_speakers(self, speakers: Sequence[ListedSpeaker], chosen: str | None) -> None:
        """Offer the speakers of a library."""
        self.speaker.show_speakers(speakers, chosen)
        if not speakers:
            self.panel.show_empty()

    def show_status(self, status: PanelStatus) -> None:
        """Show a sentence in place of the drift."""
        self.panel.show_status(status)

    def show_detail(self, detail: DriftDetail) -> None:
        """Show a speaker; the two sessions that lie farthest apart are compared first."""
        self._detail = detail
        report, moves = detail.report, detail.moves
        several = len(moves.names) > 1
        for widget in self._between:
            widget.setVisible(several)
        self._alone.setVisible(not several)
        first, n_rows = (2, 1) if several else (1, 2)
        self._grid.addWidget(self._face_place, first, 1, n_rows, 1)
        self.verdict.setText(drift_text(report, self._trust))
        self.sessions.show_detail(detail)
        self.faces.show_detail(detail)
        if several:
            self.matrix.show_distances(moves.distances, moves.names)
            self.matrix_scale.set_top(self.matrix.top)
            self.components.show_detail(detail)
            place = int(moves.distances.argmax())
            self.show_pair(*sorted(divmod(place, len(moves.names))))
        self.panel.show_status(DONE)

    @Slot(int, int)
    def show_pair(self, one: int, other: int) -> None:
        """Compare two sessions, given from 0."""
        self.matrix.show_pair(one, other)
        self.faces.show_pair(one, other)

    def _pick(self) -> None:
        self.speaker_picked.emit(self.speaker.currentData())


def _titled(title: str, widget: QWidget) -> QWidget:
    box = QWidget()
    label = QLabel(f"<b>{title}</b>")
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID // 2)
    column.addWidget(label)
    column.addWidget(widget, 1)
    return box
