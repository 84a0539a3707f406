"""Synthetic views of a head for the landmarker: poses, lights, skins, backgrounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.appearance import Skin
from facedyn_app.headmodel.rendering.paint import eyeballs, paint_head
from facedyn_app.headmodel.rendering.render import Camera, HeadRenderer, Light, head_to_camera
from facedyn_app.records import ByteArray, FloatArray

View = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Style:
    """A light, a skin and a background."""

    light: Light = field(default_factory=Light)
    skin: Skin = field(default_factory=Skin)
    background: tuple[int, int, int] = (127, 127, 127)


@dataclass(frozen=True, slots=True)
class SyntheticViews:
    """Poses, styles and the camera: every pose is rendered in every style.

    Attributes:
        views: Rotation vectors, rad.
        styles: Lights, skins and backgrounds.
        camera: The camera.
        distance: Of the face from the camera, m.
    """

    views: tuple[View, ...]
    styles: tuple[Style, ...]
    camera: Camera
    distance: float

    @property
    def n_pictures(self) -> int:
        """Pictures in all."""
        return len(self.views) * len(self.styles)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A rendered view of a head.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        rotation: (3,) rotation vector of the head, rad.
        translation: (3,) its origin in the camera frame, m.
    """

    image: ByteArray
    rotation: FloatArray
    translation: FloatArray


def view_grid(pitches_deg: tuple[float, ...], yaws_deg: tuple[float, ...]) -> tuple[View, ...]:
    """Rotation vectors, rad, of all pairs of pitch and yaw."""
    return tuple(
        (float(np.radians(pitch)), float(np.radians(yaw)), 0.0)
        for pitch in pitches_deg
        for yaw in yaws_deg
    )


_DARK = Skin(skin=(122, 82, 62), lips=(112, 62, 60), brows=(28, 20, 16), hair=(22, 16, 14), flush=0)
_PALE = Skin(
    skin=(236, 204, 186), lips=(206, 122, 118), brows=(120, 88, 60), iris=(92, 116, 130),
    hair=(140, 104, 66), flush=0.5,
)  # fmt: skip
STANDARD_VIEWS = SyntheticViews(
    views=view_grid((-14, 0, 14), (-40, -30, -20, -10, 0, 10, 20, 30, 40)),
    styles=(
        Style(),
        Style(Light(direction=(0.7, -0.5, -1.0), strength=0.5, fill=0.3), _PALE, (70, 74, 82)),
        Style(Light(direction=(0.1, -1.0, -0.7), strength=0.6, fill=0.35), _DARK, (196, 192, 186)),
    ),
    camera=Camera(512, 512, 1000.0),
    distance=0.75,
)


def render_views(head: HeadModel, views: SyntheticViews) -> Iterator[Picture]:
    """The pictures of a head, style by style, pose by pose."""
    vertices = np.asarray(head.v_template, dtype=np.float64)
    for style in views.styles:
        painted = paint_head(head, style.skin)
        with HeadRenderer(painted, views.camera, style.light, style.background) as renderer:
            for view in views.views:
                rotation, translation = view_placement(head, view, views.distance)
                image = renderer.render(vertices, rotation, translation)
                yield Picture(image, rotation, translation)


def view_placement(head: HeadModel, view: View, distance: float) -> tuple[FloatArray, FloatArray]:
    """Rotation (3,), rad, and translation (3,), m, that show the face in the image's middle."""
    rotation = np.array(view)
    offset = head_to_camera(_face_middle(head)[None], rotation, np.zeros(3))[0]
    return rotation, np.array([0.0, 0.0, distance]) - offset


def _face_middle(head: HeadModel) -> FloatArray:
    """A point to look at: below the eyes where they are known, else the head's middle."""
    vertices, eyes = np.asarray(head.v_template), eyeballs(head)
    if not eyes.any():
        return np.asarray(0.5 * (vertices.min(axis=0) + vertices.max(axis=0)))
    return np.array([0.0, vertices[eyes, 1].mean() - 0.03, vertices[eyes, 2].mean()])
