"""Head panel: expression only beside the video, motion without the person's face."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from facedyn_app.errors import MismatchError
from facedyn_app.gui.status import DONE, not_drawn_status
from facedyn_app.gui.theme import GRID, colours_of
from facedyn_app.gui.timeline import Timeline
from facedyn_app.gui.widgets.head_view import SIDES, HeadView
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.headmodel.channel_sets import as_drawn, drawing_head_of
from facedyn_app.headmodel.model import HeadModel, with_zeros
from facedyn_app.headmodel.part_meshes import ExpressionMesh
from facedyn_app.headmodel.rendering.appearance import NEUTRAL_SKIN
from facedyn_app.headmodel.rendering.fine_mesh import FineMesh
from facedyn_app.headmodel.rendering.paint import drawn_mesh, paint_colours
from facedyn_app.records import Session


class HeadPanel(Panel):
    """Draws the head of the frame that is shown, at the mean shape."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("The head that moves like the face appears here.", parent=parent)
        self.view = HeadView(self.content)
        self._motion: ExpressionMesh | None = None
        self._mesh: FineMesh | None = None
        self._head: HeadModel | None = None
        self._drawn: tuple[Session, HeadModel, Session] | None = None
        self._note = QLabel("Expression only")
        self._note.setToolTip(
            "The head model's mean shape, moved by expression and jaw alone: "
            "no trace of the person's own shape is in it"
        )
        self._side = QComboBox()
        self._side.addItems(list(SIDES))
        self._side.setToolTip("Where the head is looked at from; dragging turns it")
        self._side.activated.connect(self._turn)
        row = QHBoxLayout()
        row.setContentsMargins(GRID, 0, GRID, 0)
        row.addWidget(self._note, 1)
        row.addWidget(self._side)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, GRID // 2)
        column.setSpacing(GRID // 2)
        column.addWidget(self.view, 1)
        column.addLayout(row)
        self.view.set_background(colours_of(self).stage)

    @property
    def note(self) -> str:
        """The line below the head."""
        return self._note.text()

    def set_head(self, head: HeadModel) -> None:
        """Draw this head, at rest."""
        self._head = head
        self._motion = ExpressionMesh(head)
        self._mesh = drawn_mesh(head)
        rest = self._mesh.vertices(np.asarray(head.v_template))
        colours = paint_colours(head, self._mesh, NEUTRAL_SKIN)
        self.view.set_head(rest, self._mesh.faces, colours)
        self._note.setText("Expression only · at rest")

    def rest(self) -> None:
        """Show the head at rest, and keep no session."""
        self._drawn = None
        if self._head is not None:
            self.set_head(self._head)

    def show_frame(self, timeline: Timeline, frame: int, session: Session | None = None) -> None:
        """Pose the head as in a frame; it rests where the frame has no trusted fit.

        Args:
            timeline: What is shown.
            frame: Which frame of it.
            session: The session that it is of; None while it is being fitted.
        """
        head, motion, mesh = self._head, self._motion, self._mesh
        if head is None or motion is None or mesh is None:
            return
        drawn = self._as_drawn(head, timeline, session)
        if drawn is None:
            return
        if self.status.kind != "done":
            self.show_status(DONE)
        if not timeline.motion.valid[frame]:
            self._note.setText("Expression only · no face in this frame")
            return
        rows = slice(frame, frame + 1)
        expression = with_zeros(drawn.motion.expression[rows], head.n_expression)
        self.view.pose(mesh.vertices(motion.vertices(expression, drawn.motion.jaw[rows])[0]))
        self._note.setText("Expression only")

    def _as_drawn(
        self, head: HeadModel, timeline: Timeline, session: Session | None
    ) -> Timeline | Session | None:
        """What is shown as coefficients of the head that is drawn; None, and said, where it is not.

        While a face is being fitted, the timeline is the head's own, or its head is on its way.
        """
        if session is None:
            fits = timeline.motion.names == head.expression_names[: len(timeline.motion.names)]
            return timeline if fits else None
        if self._drawn is not None and self._drawn[0] is session and self._drawn[1] is head:
            return self._drawn[2]
        try:
            drawing_head_of(session)
            drawn = as_drawn(session, head)
        except MismatchError as error:
            if self.status.kind != "working":  # its own head is being read
                self.show_status(not_drawn_status(session.head_id, error))
            return None
        self._drawn = (session, head, drawn)
        return drawn

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "view"):
            self.view.set_background(colours_of(self).stage)

    def _turn(self) -> None:
        self.view.look_from(SIDES[self._side.currentText()])
