"""Neutral faces of two sessions side by side, the second coloured by its distance."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from facedyn_app.gui.formatting import tip_text
from facedyn_app.gui.theme import GRID, colours_of, tabular_font
from facedyn_app.gui.widgets.distance_matrix import ScaleBar
from facedyn_app.gui.widgets.head_view import SIDES, HeadView
from facedyn_app.gui.widgets.long_names import NameChoice
from facedyn_app.headmodel.rendering.colour_scale import UNSEEN_RGB, round_top, scale_colours
from facedyn_app.records import ByteArray, FloatArray
from facedyn_app.workflows.drift_detail import DriftDetail, NeutralFaces


class FacesView(QWidget):
    """Two heads and what lies between them.

    Attributes:
        pair_picked: (int, int): the user has chosen these two sessions, from 0.
    """

    pair_picked = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._faces: NeutralFaces | None = None
        self._drawn: NeutralFaces | None = None
        self.heads = HeadView(self), HeadView(self)
        self.choices = (
            NameChoice("First session", "The session on the left"),
            NameChoice("Second session", "The session on the right, coloured by the difference"),
        )
        self.side = _choice("Where the heads are looked at from; dragging turns one")
        self.side.addItems(list(SIDES))
        self.side.activated.connect(self._turn)
        self._numbers = QLabel()
        self._numbers.setTextFormat(Qt.TextFormat.PlainText)
        self._numbers.setWordWrap(True)
        self._numbers.setFont(tabular_font(self.font()))
        self._absent = QLabel()
        self._absent.setTextFormat(Qt.TextFormat.PlainText)
        self._absent.setWordWrap(True)
        self._absent.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.scale_bar = ScaleBar("mm")
        for choice in self.choices:
            choice.activated.connect(self._pick)
        self._lay_out()
        self._apply_theme()

    def _lay_out(self) -> None:
        self._drawing = QWidget()
        grid = self._grid = QGridLayout(self._drawing)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID // 2)
        for column, (choice, head) in enumerate(zip(self.choices, self.heads, strict=True)):
            grid.addWidget(choice, 0, column)
            grid.addWidget(head, 1, column)
            grid.setColumnStretch(column, 1)
        grid.setRowStretch(1, 1)
        row = QHBoxLayout()
        row.addWidget(self.side)
        row.addWidget(self.scale_bar, 1)
        grid.addLayout(row, 2, 0, 1, 2)
        column_box = QVBoxLayout(self)
        column_box.setContentsMargins(0, 0, 0, 0)
        column_box.setSpacing(GRID // 2)
        column_box.addWidget(self._drawing, 1)
        column_box.addWidget(self._absent, 1)
        column_box.addWidget(self._numbers)

    @property
    def text(self) -> str:
        """What is said about the two faces, or why there are none."""
        return self._numbers.text() or self._absent.text()

    @property
    def pair(self) -> tuple[int, int]:
        """The sessions that are compared, from 0."""
        return self.choices[0].currentIndex(), self.choices[1].currentIndex()

    def show_detail(self, detail: DriftDetail) -> None:
        """Offer the sessions of a speaker."""
        self._faces = detail.faces
        for choice in self.choices:
            choice.clear()
            choice.addItems([f"{k}  {name}" for k, name in enumerate(detail.moves.names, start=1)])
        several = len(detail.moves.names) > 1
        self._drawing.setVisible(detail.faces is not None)
        self._absent.setVisible(detail.faces is None)
        self._absent.setText(detail.no_faces)
        self._numbers.setText("")
        for widget in (self.choices[1], self.heads[1], self.scale_bar):
            widget.setVisible(several)
        self._grid.setColumnStretch(1, int(several))
        if not several:
            self._draw_alone()

    def show_pair(self, one: int, other: int) -> None:
        """Draw two sessions and what lies between them."""
        self.choices[0].setCurrentIndex(one)
        self.choices[1].setCurrentIndex(other)
        faces = self._faces
        if faces is None:
            return
        apart = faces.differences_mm(one, other)
        seen = apart[faces.seen]
        top = round_top(float(seen.max()))
        self.scale_bar.set_top(top)
        self._draw(0, faces.vertices[one], faces.paint)
        self._draw(1, faces.vertices[other], _difference_colours(faces, apart / top))
        self._drawn = faces
        name = self.choices[0].currentText()
        self._numbers.setText(
            f"Right: how far the face lies from that of session {name}, head laid upon head: "
            f"{np.sqrt(np.mean(seen**2)):.2f} mm root mean square, at most {seen.max():.2f} mm. "
            "Grey: no landmarks there, so a video tells little."
        )

    def close_graphics(self) -> None:
        """Let the graphics contexts go."""
        for head in self.heads:
            head.close_graphics()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Follow the palette."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "_absent"):
            self._apply_theme()

    def _apply_theme(self) -> None:
        for head in self.heads:
            head.set_background(colours_of(self).stage)

    def _draw_alone(self) -> None:
        if self._faces is not None:
            self._draw(0, self._faces.vertices[0], self._faces.paint)
            self._numbers.setText("The face at rest, at the mean shape of the session.")

    def _draw(self, place: int, vertices: FloatArray, colours: ByteArray) -> None:
        faces = self._faces
        if faces is not None:
            self.heads[place].set_head(faces.mesh.vertices(vertices), faces.mesh.faces, colours)
            self.heads[place].look_from(SIDES[self.side.currentText()])

    def _turn(self) -> None:
        for head in self.heads:
            head.look_from(SIDES[self.side.currentText()])

    def _pick(self) -> None:
        one, other = self.pair
        if one != other:
            self.pair_picked.emit(one, other)
            return
        n = self.choices[0].count()  # a session compared with itself: the other one gives way
        moved = self.choices.index(self.sender()) if self.sender() in self.choices else 0
        pair = [one, other]
        pair[1 - moved] = (one + 1) % n
        self.pair_picked.emit(*pair)


def _difference_colours(faces: NeutralFaces, shares: FloatArray) -> ByteArray:
    colours = np.where(faces.seen[:, None], scale_colours(shares), UNSEEN_RGB)
    return np.rint(faces.mesh.vertices(colours.astype(np.float64))).astype(np.uint8)


def _choice(tip: str) -> QComboBox:
    choice = QComboBox()
    choice.setToolTip(tip_text(tip))
    choice.setAccessibleName(tip)
    return choice
