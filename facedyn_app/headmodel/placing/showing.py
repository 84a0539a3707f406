"""How a head is shown to the landmarker: from where, in which light, with which skin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from facedyn_app.headmodel.drawing.canvas import Skin
from facedyn_app.headmodel.drawing.paint import eyeballs, paint_head
from facedyn_app.headmodel.drawing.render import Camera, HeadRenderer, Light, head_to_camera
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import ByteArray, FloatArray

View = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """One light, one skin, one background."""

    light: Light = field(default_factory=Light)
    skin: Skin = field(default_factory=Skin)
    background: tuple[int, int, int] = (127, 127, 127)


@dataclass(frozen=True, slots=True)
class Showing:
    """Every view is shown in every look.

    Attributes:
        views: Rotation vectors, rad.
        looks: Lights, skins and backgrounds.
        camera: The camera.
        distance: Of the face from the camera, m.
    """

    views: tuple[View, ...]
    looks: tuple[Look, ...]
    camera: Camera
    distance: float

    @property
    def n_pictures(self) -> int:
        """Pictures in all."""
        return len(self.views) * len(self.looks)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A head as it is shown.

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
_TAN = Skin(
    skin=(176, 126, 96), lips=(146, 84, 76), brows=(44, 32, 26), hair=(34, 26, 22), flush=0.15
)
STANDARD = Showing(
    views=view_grid((-14, 0, 14), (-40, -30, -20, -10, 0, 10, 20, 30, 40)),
    looks=(
        Look(),
        Look(Light(direction=(0.7, -0.5, -1.0), strength=0.5, fill=0.3), _PALE, (70, 74, 82)),
        Look(Light(direction=(0.1, -1.0, -0.7), strength=0.6, fill=0.35), _DARK, (196, 192, 186)),
    ),
    camera=Camera(512, 512, 1000.0),
    distance=0.75,
)
# Nothing in common with the standard one: what it finds says how far a table can be trusted.
CONTROL = Showing(
    views=view_grid((-18, -7, 6, 19), (-35, -25, -15, -5, 5, 15, 25, 35)),
    looks=(
        Look(Light(direction=(0.4, -0.4, -1.0), strength=0.45, fill=0.35), _TAN, (226, 226, 230)),
        Look(
            Light(direction=(-0.9, -0.3, -0.8), strength=0.6, fill=0.2, ambient=0.4),
            Skin(skin=(216, 172, 140), lips=(178, 96, 92), brows=(82, 58, 40), flush=0.2),
            (40, 44, 40),
        ),
    ),
    camera=Camera(480, 480, 1250.0),
    distance=1.0,
)


def show(head: HeadModel, showing: Showing) -> Iterator[Picture]:
    """The pictures of a head, look by look, view by view."""
    vertices = np.asarray(head.v_template, dtype=np.float64)
    for look in showing.looks:
        painted = paint_head(head, look.skin)
        with HeadRenderer(painted, showing.camera, look.light, look.background) as renderer:
            for view in showing.views:
                rotation, translation = view_placement(head, view, showing.distance)
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
