"""What draws the head: VTK inside Qt where there is OpenGL, a sentence where there is none."""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np
import pyvista as pv
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget
from pyvistaqt import QtInteractor
from scipy.sparse import csr_array

from facedyn_app.headmodel.drawing.subdivide import incidence, vertex_normals
from facedyn_app.records import ByteArray, FloatArray, IntArray

FRONT: Final = (0.0, 0.0, 1.0)
_WITHOUT_OPENGL: Final = frozenset({"offscreen", "minimal", "wayland"})


class HeadScene(Protocol):
    """A place where one head is drawn."""

    @property
    def widget(self) -> QWidget:
        """The widget to put into a panel."""

    def set_head(self, vertices: FloatArray, faces: IntArray, colours: ByteArray) -> None:
        """Draw another head: (V, 3) m, (F, 3) triangles and (V, 3) uint8 RGB."""

    def move(self, vertices: FloatArray) -> None:
        """Move the vertices of the head that is drawn, (V, 3) m."""

    def look_from(self, direction: tuple[float, float, float]) -> None:
        """Look at the head from a side, given as a direction in the head frame."""

    def set_background(self, colour: str) -> None:
        """Fill the background with "#rrggbb"."""

    def close(self) -> None:
        """Let the graphics context go."""


class PlainScene:
    """Stands in where there is no OpenGL: says so, and draws nothing."""

    def __init__(self, parent: QWidget) -> None:
        self._label = QLabel(
            "The 3D head needs a display with OpenGL; all else works without it.", parent
        )
        self._label.setWordWrap(True)
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)

    @property
    def widget(self) -> QWidget:
        """The sentence."""
        return self._label

    def set_head(self, vertices: FloatArray, faces: IntArray, colours: ByteArray) -> None:
        """Nothing to draw on."""

    def move(self, vertices: FloatArray) -> None:
        """Nothing to draw on."""

    def look_from(self, direction: tuple[float, float, float]) -> None:
        """Nothing to look at."""

    def set_background(self, colour: str) -> None:
        """Nothing to fill."""

    def close(self) -> None:
        """Nothing to let go."""


class OpenGLScene:
    """The head drawn by VTK; one mesh whose points are moved in place.

    Vertices are shown in the head frame: y is up, z comes out of the screen.
    """

    def __init__(self, parent: QWidget) -> None:
        # Without multisampling a frame takes a quarter of the time where the CPU draws.
        self._plotter: Any = QtInteractor(parent, auto_update=False, multi_samples=0)
        self._plotter.enable_terrain_style(mouse_wheel_zooms=True)
        self._mesh: Any = None
        self._sums = csr_array((1, 1))
        self._faces: IntArray = np.empty((0, 3), dtype=np.int32)
        self._centre = np.zeros(3)
        self._height = 0.2

    @property
    def widget(self) -> QWidget:
        """VTK's widget."""
        widget: QWidget = self._plotter
        return widget

    @property
    def vertices(self) -> FloatArray:
        """(V, 3) the vertices as they are drawn now, m."""
        return np.array(self._mesh.points)

    def set_head(self, vertices: FloatArray, faces: IntArray, colours: ByteArray) -> None:
        """Draw another head."""
        self._plotter.clear_actors()
        triangles = np.column_stack([np.full(len(faces), 3), faces]).ravel()
        self._faces = faces
        self._sums = incidence(faces, len(vertices))
        self._mesh = pv.PolyData(np.array(vertices, dtype=np.float32), triangles)
        self._mesh.point_data["colour"] = colours
        self._mesh.point_data["Normals"] = self._normals(vertices)
        self._mesh.point_data.active_normals_name = "Normals"
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

    def move(self, vertices: FloatArray) -> None:
        """Move the points in place and draw."""
        if self._mesh is None:
            return
        self._mesh.points[:] = vertices
        self._mesh.point_data["Normals"][:] = self._normals(vertices)
        self._mesh.GetPoints().Modified()
        self._mesh.GetPointData().GetNormals().Modified()
        self._mesh.Modified()
        self._draw()

    def look_from(self, direction: tuple[float, float, float]) -> None:
        """Turn the camera; the whole head fits in."""
        way = np.asarray(direction) / np.linalg.norm(direction)
        camera = self._plotter.camera
        camera.view_angle = 20.0
        distance = 0.56 * self._height / np.tan(np.radians(camera.view_angle / 2))
        camera.focal_point = tuple(self._centre)
        camera.position = tuple(self._centre + distance * way)
        camera.up = (0.0, 1.0, 0.0)
        self._plotter.reset_camera_clipping_range()
        self._draw()

    def set_background(self, colour: str) -> None:
        """Fill the background."""
        self._plotter.set_background(colour)
        self._draw()

    def close(self) -> None:
        """Let the graphics context go."""
        self._plotter.close()

    def _draw(self) -> None:
        # Qt asks for the picture when it paints; `render` would draw another one before that.
        self._plotter.update()

    def _normals(self, vertices: FloatArray) -> FloatArray:
        return vertex_normals(vertices, self._faces, self._sums).astype(np.float32)


def make_scene(parent: QWidget) -> HeadScene:
    """The scene that this display can draw."""
    if QGuiApplication.platformName() in _WITHOUT_OPENGL:
        return PlainScene(parent)
    return OpenGLScene(parent)
