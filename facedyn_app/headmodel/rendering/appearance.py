"""Appearance of a simulated person: skin, hair, teeth, glasses, beard; the canvas for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from facedyn_app.records import ByteArray, FloatArray

Colour = tuple[int, int, int]
MOUTH_INSIDE: Colour = (58, 22, 22)
TEETH: Colour = (226, 219, 205)
TONGUE: Colour = (122, 62, 60)
SCLERA: Colour = (232, 228, 224)
PUPIL: Colour = (14, 12, 12)
BEARD_SHARE, GLASSES_SHARE, BALD_SHARE, SIDE_LIGHT_SHARE = 0.2, 0.2, 0.1, 0.35
YELLOW_TEETH: Colour = (206, 188, 152)


@dataclass(frozen=True, slots=True)
class Skin:
    """The colours of a simulated person, each RGB 0..255.

    Attributes:
        skin: Skin.
        lips: Lips.
        brows: Eyebrows and lashes.
        iris: Iris.
        hair: Hair on the scalp.
        flush: How red the cheeks are, 0..1.
    """

    skin: Colour = (205, 160, 134)
    lips: Colour = (166, 84, 82)
    brows: Colour = (62, 44, 34)
    iris: Colour = (88, 62, 40)
    hair: Colour = (52, 38, 30)
    flush: float = 0.35


NEUTRAL_SKIN = Skin(
    skin=(205, 178, 160),
    lips=(178, 120, 112),
    brows=(96, 78, 68),
    iris=(88, 74, 62),
    hair=(176, 152, 136),
    flush=0.0,
)
"""Of a head that is nobody's."""


class Canvas:
    """Colours being mixed on the fine vertices.

    Attributes:
        points: (N, 3) the vertices, m.
        colours: (N, 3) their colours so far, 0..255.
    """

    def __init__(self, points: FloatArray, ground: Colour) -> None:
        self.points = points
        self.colours = np.tile(np.asarray(ground, dtype=np.float64), (len(points), 1))

    def blend(self, colour: Colour, amount: FloatArray) -> None:
        """Lay a colour over what is there, 0..1 of it at each vertex."""
        share = amount[:, None]
        self.colours = (1 - share) * self.colours + share * np.asarray(colour, dtype=np.float64)

    def bytes(self) -> ByteArray:
        """(N, 3) uint8 the colours."""
        return np.clip(np.rint(self.colours), 0, 255).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Beard:
    """Hair round the mouth, painted; the lips stay free.

    Attributes:
        cover: How much of the skin it hides, 0..1: stubble about 0.3, a beard 0.9.
        moustache: Whether it grows above the upper lip.
        chin: Whether it grows below the lower lip and on the chin.
        cheeks: Whether it grows along the jaw up to the ears.
    """

    cover: float = 0.9
    moustache: bool = True
    chin: bool = True
    cheeks: bool = True


@dataclass(frozen=True, slots=True)
class Glasses:
    """Frames round the eyes.

    Attributes:
        colour: Of the frame, RGB 0..255.
        rim: Thickness of the frame, m.
        half_width: Of a lens, m.
        half_height: Of a lens, m.
        squareness: 2 is an ellipse, more is squarer.
        reflection: Whether a light is mirrored in the lenses.
    """

    colour: Colour = (24, 22, 22)
    rim: float = 0.0025
    half_width: float = 0.025
    half_height: float = 0.019
    squareness: float = 2.6
    reflection: bool = False


@dataclass(frozen=True, slots=True)
class Appearance:
    """How a simulated face differs from the plain painted one, which the defaults are.

    Attributes:
        teeth: Colour of the teeth, RGB 0..255; None for a mouth without any.
        glasses: None for a face without.
        beard: None for a face without.
        texture: Size of the unevenness of the skin, about 0..1.
        wrinkles: Depth of folds at mouth, eyes and forehead, 0..1.
        brow_width: Of the brows, times the usual.
        brow_cover: How much of the skin the brows hide, 0..1.
        lips_to_skin: How far the lips' colour is that of the skin, 0..1.
        hair_to_skin: The same of the hair: 1 is a bald head.
        side_light: How far the light comes from a side, -1..1; 1 is the subject's left.
        seed: Of the pattern of the skin.
    """

    teeth: Colour | None = None
    glasses: Glasses | None = None
    beard: Beard | None = None
    texture: float = 0.0
    wrinkles: float = 0.0
    brow_width: float = 1.0
    brow_cover: float = 0.9
    lips_to_skin: float = 0.0
    hair_to_skin: float = 0.0
    side_light: float = 0.0
    seed: int = 0


def random_appearance(rng: np.random.Generator) -> Appearance:
    """Any appearance: always teeth and uneven skin, every fifth with glasses, with a beard."""
    share = np.sort(rng.uniform(size=2))[0]
    teeth = _mixed(TEETH, YELLOW_TEETH, float(share))
    drawn = rng.uniform(size=4) < (GLASSES_SHARE, BEARD_SHARE, BALD_SHARE, SIDE_LIGHT_SHARE)
    glasses, beard = random_glasses(rng), random_beard(rng)
    return Appearance(
        teeth=teeth,
        glasses=glasses if drawn[0] else None,
        beard=beard if drawn[1] else None,
        texture=float(rng.uniform(0.2, 1.0)),
        wrinkles=float(rng.beta(1.0, 1.5)),
        brow_width=float(rng.uniform(0.45, 1.35)),
        brow_cover=float(rng.uniform(0.35, 0.95)),
        lips_to_skin=float(rng.uniform(0.0, 0.7)),
        hair_to_skin=1.0 if drawn[2] else 0.0,
        side_light=float(rng.choice([-1.0, 1.0]) * rng.uniform(0.4, 1.0)) if drawn[3] else 0.0,
        seed=int(rng.integers(2**31)),
    )


def random_glasses(rng: np.random.Generator) -> Glasses:
    """Any glasses, dark ones more often than light ones."""
    bright = rng.uniform() ** 2
    tint = rng.uniform(0.75, 1.0, 3)
    red, green, blue = (int(value) for value in (20 + 170 * bright) * tint)
    return Glasses(
        colour=(red, green, blue),
        rim=float(rng.uniform(0.0011, 0.0034)),
        half_width=float(rng.uniform(0.0225, 0.027)),
        half_height=float(rng.uniform(0.0150, 0.0215)),
        squareness=float(rng.uniform(2.0, 4.0)),
        reflection=bool(rng.uniform() < 0.5),
    )


def random_beard(rng: np.random.Generator) -> Beard:
    """Stubble, a beard, a moustache alone or one with a chin beard."""
    kind = int(rng.integers(4))
    cover = float(rng.uniform(0.2, 0.5) if kind == 0 else rng.uniform(0.65, 0.95))
    return Beard(cover=cover, chin=kind != 2, cheeks=kind < 2)


def toned_skin(skin: Skin, appearance: Appearance) -> Skin:
    """The colours with lips and hair as near to the skin's as the appearance wants."""
    if not (appearance.lips_to_skin or appearance.hair_to_skin):
        return skin
    return replace(
        skin,
        lips=_mixed(skin.lips, skin.skin, appearance.lips_to_skin),
        hair=_mixed(skin.hair, skin.skin, appearance.hair_to_skin),
    )


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    """One colour with some of another, 0..1, in it."""
    red, green, blue = (round((1 - share) * a + share * b) for a, b in zip(one, other, strict=True))
    return red, green, blue
