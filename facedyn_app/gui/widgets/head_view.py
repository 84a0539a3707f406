"""Head view: VTK draws the head off the screen, Qt paints the picture.

A widget that draws with OpenGL itself makes Qt put the whole window together with OpenGL, which
takes longer than all its painting where the processor has to do that. A picture has no such price,
and needs no display that OpenGL can draw on.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget
from scipy.sparse import csr_array

from facedyn_app.gui.frame_loader import image_to_qimage
from facedyn_app.headmodel.rendering.fine_mesh import incidence, vertex_normals
from facedyn_app.headmodel.rendering.render import draw, move_mesh, off_screen, shaded_mesh
from facedyn_app.records import ByteArray, FloatArray, IntArray

FRONT: Final = (0.0, 0.0, 1.0)
VIEW_DEG: Final = 20.0
FIT: Final = 1.12
"""Height of the picture at the head, in heights of the head."""
DRAG_DEG: Final = 0.4
"""Turn for each pixel dragged."""
KEY_DEG: Final = 10.0
STEEPEST_DEG: Final = 85.0
ZOOM_STEP, LEAST_ZOOM, MOST_ZOOM = 1.15, 0.5, 6.0
TURNS: Final = {
    Qt.Key.Key_Left: (-KEY_DEG, 0.0),
    Qt.Key.Key_Right: (KEY_DEG, 0.0),
    Qt.Key.Key_Up: (0.0, KEY_DEG),
    Qt.Key.Key_Down: (0.0, -KEY_DEG),
}
ZOOMS: Final = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}
SIDES: Final = {"Front": FRONT, "Three-quarter": (0.7, 0.1, 0.7), "Side": (1.0, 0.0, 0.05)}


class HeadView(QWidget):
    """One head, whose points are moved in place; dragging turns it, the wheel brings it nearer.

    Vertices are shown in the head frame: y is up, z comes out of the screen.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip(
            "Drag, or arrow keys with Shift, turn the head; wheel, or + and -, zoom; "
            "a double click sets it back"
        )
        self.setAccessibleName("Head")
        self._plotter = off_screen(1, 1)
        self._picture: QImage | None = None  # None while it has to be drawn anew
        self._mesh: Any = None
        self._sums = csr_array((1, 1))
        self._faces: IntArray = np.empty((0, 3), dtype=np.int32)
        self._centre = np.zeros(3)
        self._height = 0.2
        self._side = FRONT
        self._turn_deg, self._rise_deg, self._zoom = 0.0, 0.0, 1.0
        self._held = QPoint()

    @property
    def vertices(self) -> FloatArray:
        """(V, 3) the vertices as they are drawn now, m."""
        return np.array(self._mesh.points)

    @property
    def aim(self) -> tuple[float, float, float]:
        """Where it is looked at from: degrees to the right of its front and above it; zoom."""
        return self._turn_deg, self._rise_deg, self._zoom

    def set_head(self, vertices: FloatArray, faces: IntArray, colours: ByteArray) -> None:
        """Draw another head: (V, 3) m, (F, 3) triangles and (V, 3) uint8 RGB."""
        self._plotter.clear_actors()
        self._faces = faces
        self._sums = incidence(faces, len(vertices))
        self._mesh = shaded_mesh(len(vertices), faces, colours)
        self._place(vertices)
        self._plotter.add_mesh(
            self._mesh,
            scalars="colour",
            rgb=True,
            interpolate_before_map=False,
            specular=0.1,
            ambient=0.2,
        ).prop.interpolation = "gouraud"
        low, high = vertices.min(axis=0), vertices.max(axis=0)
        self._centre, self._height = (low + high) / 2, float((high - low)[1])
        self.look_from(FRONT)

    def pose(self, vertices: FloatArray) -> None:
        """Move the vertices of the head that is drawn to (V, 3), m."""
        if self._mesh is None:
            return
        self._place(vertices)
        self._draw()

    def look_from(self, direction: tuple[float, float, float]) -> None:
        """Look at the whole head from a side, given as a direction in the head frame."""
        self._side = direction
        x, y, z = np.asarray(direction) / np.linalg.norm(direction)
        turn, rise = np.degrees(np.arctan2(x, z)), np.degrees(np.arcsin(y))
        self._look(float(turn), float(rise), 1.0)

    def set_background(self, colour: str) -> None:
        """Fill the background with "#rrggbb"."""
        self._plotter.set_background(colour)
        self._draw()

    def close_graphics(self) -> None:
        """Let the graphics context go."""
        self._plotter.close()
        self._mesh = None

    def sizeHint(self) -> QSize:  # noqa: N802
        """As large as a face in a video."""
        return QSize(320, 320)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802
        """Paint the picture, drawn anew where something has changed."""
        if self._picture is None:
            self._picture = self._drawn()
        QPainter(self).drawImage(self.rect(), self._picture)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Draw in the new size."""
        super().resizeEvent(event)
        self._draw()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take hold of the head."""
        self._held = event.position().toPoint()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Turn the head along with the mouse."""
        moved = event.position().toPoint() - self._held
        self._held = event.position().toPoint()
        self._turn(-DRAG_DEG * moved.x(), DRAG_DEG * moved.y())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:  # noqa: N802
        """Let go of the head."""
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:  # noqa: N802
        """Set it back."""
        self.look_from(self._side)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Nearer or farther."""
        self._bring_nearer(event.angleDelta().y() / 120)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Turn and zoom by keys; arrows without Shift are for the time."""
        key = Qt.Key(event.key())
        if key in TURNS and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._turn(*TURNS[key])
        elif key in ZOOMS:
            self._bring_nearer(ZOOMS[key])
        else:
            super().keyPressEvent(event)

    def _turn(self, right_deg: float, up_deg: float) -> None:
        rise = float(np.clip(self._rise_deg + up_deg, -STEEPEST_DEG, STEEPEST_DEG))
        self._look(self._turn_deg + right_deg, rise, self._zoom)

    def _bring_nearer(self, steps: float) -> None:
        zoom = float(np.clip(self._zoom * ZOOM_STEP**steps, LEAST_ZOOM, MOST_ZOOM))
        self._look(self._turn_deg, self._rise_deg, zoom)

    def _look(self, turn_deg: float, rise_deg: float, zoom: float) -> None:
        self._turn_deg, self._rise_deg, self._zoom = turn_deg, rise_deg, zoom
        turn, rise = np.radians([turn_deg, rise_deg])
        way = [np.sin(turn) * np.cos(rise), np.sin(rise), np.cos(turn) * np.cos(rise)]
        distance = 0.5 * FIT * self._height / np.tan(np.radians(VIEW_DEG / 2))
        camera = self._plotter.camera
        camera.focal_point = tuple(self._centre)
        camera.position = tuple(self._centre + distance * np.array(way))
        camera.up = (0.0, 1.0, 0.0)
        # a narrower view instead of a nearer camera: the head is seen in the same perspective
        camera.view_angle = VIEW_DEG / zoom
        self._plotter.renderer.ResetCameraClippingRange()
        self._draw()

    def _draw(self) -> None:
        self._picture = None
        self.update()

    def _drawn(self) -> QImage:
        """The picture in the screen's pixels."""
        ratio = self.devicePixelRatioF()
        width = max(1, round(ratio * self.width()))
        height = max(1, round(ratio * self.height()))
        if self._plotter.render_window is None:  # closed
            return QImage()
        self._plotter.render_window.SetSize(width, height)
        return image_to_qimage(draw(self._plotter))

    def _place(self, vertices: FloatArray) -> None:
        move_mesh(self._mesh, vertices, vertex_normals(vertices, self._faces, self._sums))
