"""Renderer of painted heads without a window: pinhole camera, vertex colours, soft light."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyvista as pv
from scipy.spatial.transform import Rotation
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

from facedyn_app.headmodel.rendering.fine_mesh import incidence, vertex_normals
from facedyn_app.headmodel.rendering.paint import PaintedHead
from facedyn_app.headmodel.rotations import FACING_DIAGONAL
from facedyn_app.records import ByteArray, FloatArray, IntArray

FACING = np.diag(FACING_DIAGONAL)


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera at the origin of the camera frame (`records`).

    Attributes:
        width: Image width, px.
        height: Image height, px.
        focal_px: Focal length, px; the axis goes through the image's middle.
    """

    width: int
    height: int
    focal_px: float

    def project(self, points: FloatArray) -> FloatArray:
        """(N, 2) image positions, px, of (N, 3) points in the camera frame."""
        middle = np.array([self.width / 2, self.height / 2])
        return np.asarray(self.focal_px * points[:, :2] / points[:, 2:] + middle)


@dataclass(frozen=True, slots=True)
class Light:
    """How the head is lit.

    Attributes:
        direction: Where the light comes from, in the camera frame (-z is the camera's side).
        strength: Of that light, 0..1.
        fill: Strength of a second light from the camera, 0..1.
        ambient: Light from everywhere, 0..1.
    """

    direction: tuple[float, float, float] = (-0.5, -0.8, -1.0)
    strength: float = 0.55
    fill: float = 0.25
    ambient: float = 0.35


def head_to_camera(
    vertices: FloatArray, rotation: FloatArray, translation: FloatArray
) -> FloatArray:
    """(V, 3) points in the camera frame: `FACING @ R(rotation) @ x + translation`, m."""
    turn = FACING @ Rotation.from_rotvec(rotation).as_matrix()
    return np.asarray(vertices @ turn.T + translation)


def side_lit(light: Light, side: float) -> Light:
    """A light that comes more from a side, from not at all (0) to strongly.

    Args:
        light: The light as it is.
        side: -1..1, 1 the subject's left.
    """
    share = abs(side)
    aside = np.array([np.sign(side) * 1.0, -0.35, -0.35])
    x, y, z = (1 - share) * np.array(light.direction) + share * aside
    return Light(
        direction=(float(x), float(y), float(z)),
        strength=light.strength + 0.3 * share,
        fill=light.fill * (1 - 0.6 * share),
        ambient=light.ambient * (1 - 0.45 * share),
    )


def off_screen(width: int, height: int, lighting: str = "light kit") -> Any:
    """A plotter without a window."""
    plotter = pv.Plotter(off_screen=True, window_size=(width, height), lighting=lighting)
    # multisampling would triple the time where the processor draws
    plotter.render_window.SetMultiSamples(0)
    return plotter


def shaded_mesh(n_points: int, faces: IntArray, colours: ByteArray) -> Any:
    """A mesh of (F, 3) triangles with (V, 3) uint8 RGB, for `move_mesh` to place.

    It is shaded by normals of our own: `smooth_shading` would copy the mesh and freeze it.
    """
    points = np.zeros((n_points, 3), dtype=np.float32)
    mesh = pv.PolyData.from_regular_faces(points, faces)
    mesh.point_data["colour"] = colours
    mesh.point_data["Normals"] = points.copy()
    mesh.point_data.active_normals_name = "Normals"
    return mesh


def move_mesh(mesh: Any, points: FloatArray, normals: FloatArray) -> None:
    """Move the (V, 3) points of a `shaded_mesh` in place."""
    mesh.points[:] = points
    mesh.point_data["Normals"][:] = normals
    mesh.GetPoints().Modified()
    mesh.GetPointData().GetNormals().Modified()


def draw(plotter: Any) -> ByteArray:
    """(height, width, 3) uint8 RGB of what an `off_screen` plotter shows, drawn anew."""
    window = plotter.render_window
    window.Render()
    width, height = window.GetSize()
    pixels = vtkUnsignedCharArray()
    window.GetPixelData(0, 0, width - 1, height - 1, 0, pixels, 0)
    # the last row comes first
    return np.ascontiguousarray(vtk_to_numpy(pixels).reshape(height, width, 3)[::-1])


def _mesh_with_parts(painted: PaintedHead) -> Any:
    """The mesh of a painted head and of what it carries."""
    faces, colours = [painted.mesh.faces], [painted.colours]
    n_points = len(painted.colours)
    for part in painted.parts:
        faces.append(part.surface.faces + n_points)
        colours.append(part.surface.colours)
        n_points += len(part.surface.points)
    return shaded_mesh(n_points, np.concatenate(faces), np.concatenate(colours))


class HeadRenderer:
    """Draws one painted head again and again; use it in a `with`, which frees the graphics.

    Attributes:
        camera: The camera.
    """

    def __init__(
        self,
        painted: PaintedHead,
        camera: Camera,
        light: Light | None = None,
        background: tuple[int, int, int] = (127, 127, 127),
    ) -> None:
        self.camera = camera
        self._painted = painted
        self._light = light or Light()
        n = painted.mesh.matrix.shape[1]
        self._sums = incidence(painted.faces, n)
        self._matrix = painted.mesh.matrix.astype(np.float32)
        self._mesh = _mesh_with_parts(painted)
        self._plotter = self._make_plotter(background)

    def _make_plotter(self, background: tuple[int, int, int]) -> Any:
        plotter = off_screen(self.camera.width, self.camera.height, "none")
        plotter.set_background(background)
        actor = plotter.add_mesh(
            self._mesh,
            scalars="colour",
            rgb=True,
            ambient=self._light.ambient,
            specular=0.08,
            specular_power=12,
            reset_camera=False,
        )
        actor.prop.interpolation = "Gouraud"
        for direction, strength in (
            (self._light.direction, self._light.strength),
            ((0.0, 0.0, -1.0), self._light.fill),
        ):
            lamp = pv.Light(position=direction, focal_point=(0.0, 0.0, 0.0), intensity=strength)
            lamp.positional = False
            plotter.add_light(lamp)
        view = plotter.camera
        view.position, view.focal_point, view.up = (0, 0, 0), (0, 0, 1), (0, -1, 0)
        view.view_angle = np.degrees(2 * np.arctan(self.camera.height / 2 / self.camera.focal_px))
        return plotter

    def render(
        self, vertices: FloatArray, rotation: FloatArray, translation: FloatArray
    ) -> ByteArray:
        """Draw the head in a pose.

        Args:
            vertices: (V, 3) the head's vertices in the head frame, m.
            rotation: (3,) rotation vector against the facing pose, rad.
            translation: (3,) head origin in the camera frame, m.

        Returns:
            (height, width, 3) uint8 RGB.
        """
        placed = head_to_camera(vertices, rotation, translation).astype(np.float32)
        normals = vertex_normals(placed, self._painted.faces, self._sums)
        points, upright = self._matrix @ placed, self._matrix @ normals
        if self._painted.parts:
            parts = [part.placed(placed) for part in self._painted.parts]
            points = np.concatenate([points, *(one for one, _ in parts)])
            upright = np.concatenate([upright, *(one for _, one in parts)])
        move_mesh(self._mesh, points, upright)
        middle = float(placed[:, 2].mean())
        self._plotter.camera.clipping_range = (max(0.01, middle - 0.3), middle + 0.3)
        return draw(self._plotter)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the graphics context."""
        self._plotter.close()
