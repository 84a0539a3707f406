"""Videos of the benchmarks: what each shows, and how its face moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from facedyn_app.records import FloatArray, Motion
from facedyn_app.simulate.motion import SimulatedMotion, simulate_motion
from facedyn_app.simulate.rendering import FOCAL_FACTOR
from facedyn_app.simulate.signals import ease, pulse

FPS = 25.0
POPULATION = 4
"""A simulated population of the benchmark's own."""
INDIVIDUALITY = 0.8
"""How far its speakers differ: the liveliest of a population's own spread draw their lips through
their nose, which no face does."""
NOT_ALONE = ("mouthClose",)  # closes a mouth whose jaw is open; alone it makes no sense
GROUPS = (("brow",), ("eye",), ("cheek", "nose"), ("mouth", "jaw"))
BLINK = "eyeBlink"
BLINK_SHARE, BOTH_SIDES_SHARE = 0.5, 0.7
_QUICK, _SLOW = (0.1, 0.04, 0.14), (0.2, 0.3, 0.25)  # s: rise, hold and fall
_SWAY_RAD, _SWAY_M = (0.10, 0.18, 0.05), (0.012, 0.008, 0.02)
_FAST_RAD, _FAST_TEMPO = (0.16, 0.40, 0.10), 5.0


class Take(StrEnum):
    """What a simulated face does.

    Attributes:
        ACTIONS: One action after the other in each part of the face, wide apart in size.
        TALK: Talk and gestures of a simulated speaker.
        STILL: Nothing: only the camera's noise moves.
        FAST: As ACTIONS, while the head turns to and fro quickly.
    """

    ACTIONS = "actions"
    TALK = "talk"
    STILL = "still"
    FAST = "fast"


def make_take(take: Take, number: int, seconds: float, names: Sequence[str]) -> SimulatedMotion:
    """A motion; the same arguments always give the same numbers.

    Args:
        take: What is done.
        number: Another number is another motion of that kind.
        seconds: Length, s.
        names: The expression channels of the head.
    """
    if take is Take.TALK:
        return simulate_motion(
            number,
            0,
            seconds,
            fps=FPS,
            seed=POPULATION,
            individuality=INDIVIDUALITY,
            names=names,
        )
    rng = np.random.default_rng([POPULATION, number])
    times = np.arange(round(seconds * FPS)) / FPS
    if take is Take.STILL:
        return _motion(number, times, names, *_resting(len(times), len(names)))
    expression = np.zeros((len(times), len(names)))
    for prefixes in GROUPS:
        _play(expression, times, [n for n in names if n.startswith(prefixes)], names, rng)
    fast = take is Take.FAST
    return _motion(
        number,
        times,
        names,
        expression,
        _jaw(times, rng),
        _sway(times, _FAST_RAD if fast else _SWAY_RAD, _FAST_TEMPO if fast else 1.0, rng),
        _sway(times, _SWAY_M, 1.0, rng),
        _glances(times, rng),
    )


def _motion(
    number: int,
    times: FloatArray,
    names: Sequence[str],
    expression: FloatArray,
    jaw: FloatArray,
    rotation: FloatArray,
    translation: FloatArray,
    gaze: FloatArray,
) -> SimulatedMotion:
    return SimulatedMotion(
        motion=Motion(
            seconds=times,
            valid=np.ones(len(times), bool),
            names=tuple(names),
            expression=expression.astype(np.float32),
            jaw=jaw.astype(np.float32),
            rotation=rotation.astype(np.float32),
            translation=translation.astype(np.float32),
        ),
        gaze=gaze.astype(np.float32),
        speaker=number,
        session=0,
        seed=POPULATION,
        fps=FPS,
    )


def _resting(n_frames: int, n_names: int) -> tuple[FloatArray, ...]:
    return tuple(np.zeros((n_frames, n)) for n in (n_names, 3, 3, 3, 2))


def _play(
    expression: FloatArray,
    times: FloatArray,
    wanted: list[str],
    names: Sequence[str],
    rng: np.random.Generator,
) -> None:
    """Let the actions of one part of the face follow each other, each about equally often."""
    column = {name: k for k, name in enumerate(names)}
    pairs = sorted({name.removesuffix("Left").removesuffix("Right") for name in wanted})
    pairs = [pair for pair in pairs if pair not in NOT_ALONE]
    others = [pair for pair in pairs if pair != BLINK]
    queue: list[str] = []
    at = rng.uniform(0.2, 0.8)
    while pairs and at < times[-1]:
        if not queue:
            queue = [str(pair) for pair in rng.permutation(others)]
        blink = BLINK in pairs and rng.uniform() < BLINK_SHARE
        pair = BLINK if blink else queue.pop()
        rise, hold, fall = np.array(_QUICK if blink else _SLOW) * rng.uniform(0.8, 1.4, 3)
        form = pulse(times, at, rise, hold, fall) * (1.0 if blink else rng.uniform(0.5, 1.0))
        for name in _sides(pair, column, both=blink or rng.uniform() < BOTH_SIDES_SHARE, rng=rng):
            expression[:, column[name]] = np.maximum(expression[:, column[name]], form)
        at += rise + hold + fall + rng.uniform(0.05, 0.5 if blink else 0.2)


def _sides(
    pair: str, column: dict[str, int], *, both: bool, rng: np.random.Generator
) -> tuple[str, ...]:
    """The channels of an action: itself where it has no sides, else both or one of them."""
    if pair in column:
        return (pair,)
    sides = tuple(pair + side for side in ("Left", "Right") if pair + side in column)
    return sides if both and pair not in ("mouth", "jaw") else (str(rng.choice(sides)),)


def _jaw(times: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(T, 3) openings of all sizes, with some sideward movement, rad."""
    jaw = np.zeros((len(times), 3))
    at = rng.uniform(0.2, 0.8)
    while at < times[-1]:
        rise, hold, fall = rng.uniform(0.12, 0.35, 3)
        form = pulse(times, at, rise, hold, fall)
        jaw += form[:, None] * [rng.uniform(0.06, 0.36), rng.normal() * 0.02, rng.normal() * 0.015]
        at += rise + hold + fall + rng.uniform(0.1, 0.8)
    return jaw


def _sway(
    times: FloatArray, size: Sequence[float], tempo: float, rng: np.random.Generator
) -> FloatArray:
    """(T, 3) smooth wandering about zero: three waves in each coordinate."""
    rate = tempo * rng.uniform(0.08, 0.35, (3, 3))
    phase = rng.uniform(0, 2 * np.pi, (3, 3))
    waves = np.sin(2 * np.pi * rate * times[:, None, None] + phase)
    return np.asarray(waves.mean(axis=2) * np.sqrt(3) * np.asarray(size))


def _glances(times: FloatArray, rng: np.random.Generator) -> FloatArray:
    """(T, 2) gaze that jumps, to the subject's left and up, rad."""
    gaze, target, at = np.zeros((len(times), 2)), np.zeros(2), 0.5
    while at < times[-1]:
        aim = rng.normal(size=2) * (0.2, 0.1)
        gaze += ease((times - at) / 0.05)[:, None] * (aim - target)
        target, at = aim, at + rng.uniform(0.4, 1.5)
    return gaze


class AppearanceKind(StrEnum):
    """Which kind of appearance a simulated face has.

    Attributes:
        PLAIN: As the painter paints a head: even skin, no teeth.
        TEETH: Any skin, brows, light, and teeth.
        GLASSES: The same with glasses.
        BEARD: The same with a beard or moustache.
    """

    PLAIN = "plain"
    TEETH = "teeth"
    GLASSES = "glasses"
    BEARD = "beard"


@dataclass(frozen=True, slots=True)
class Case:
    """One video of the benchmark.

    Attributes:
        take: What the face does.
        width: Image width, px.
        height: Image height, px.
        seconds: Length, s.
        face: Which simulated face.
        motion: Which motion of that kind.
        noisy: Whether it is compressed until it shows.
        occluded: Whether a hand comes before the mouth now and then.
        focal: Focal length of the camera, of the image's longer side.
        appearance: What kind; the shape and the room are the face's own in any.
    """

    take: Take
    width: int = 640
    height: int = 360
    seconds: float = 12.0
    face: int = 0
    motion: int = 0
    noisy: bool = False
    occluded: bool = False
    focal: float = FOCAL_FACTOR
    appearance: AppearanceKind = AppearanceKind.PLAIN

    @property
    def varied(self) -> bool:
        """Whether the face has a second appearance."""
        return self.appearance is not AppearanceKind.PLAIN

    @property
    def clean(self) -> bool:
        """Whether it is talk or actions seen well."""
        return self.take in (Take.TALK, Take.ACTIONS) and not (self.noisy or self.occluded)

    @property
    def name(self) -> str:
        """A name that people can read."""
        lens = [] if self.focal == FOCAL_FACTOR else [f"lens {self.focal:g}"]
        marks = [word for word in ("noisy", "occluded") if getattr(self, word)]
        marks += [f"with {self.appearance}"] if self.varied else []
        who = f"face {self.face} motion {self.motion}"
        return " ".join([str(self.take), f"{self.width}x{self.height}", who, *marks, *lens])


SECOND = (*[AppearanceKind.TEETH] * 4, *[AppearanceKind.GLASSES] * 2, *[AppearanceKind.BEARD] * 2)
CASES = (
    Case(Take.TALK),
    Case(Take.TALK, face=1, motion=1),
    Case(Take.TALK, width=320, height=240),
    Case(Take.TALK, width=320, height=240, noisy=True),
    Case(Take.TALK, width=1280, height=720),
    Case(Take.TALK, noisy=True),
    Case(Take.TALK, occluded=True),
    Case(Take.ACTIONS),
    Case(Take.ACTIONS, face=1),
    Case(Take.ACTIONS, motion=1),
    Case(Take.ACTIONS, width=320, height=240),
    Case(Take.FAST),
    Case(Take.STILL, seconds=4.0),
    *(Case(Take.TALK, face=face, motion=face, seconds=6.0) for face in range(2, 20)),
    *(
        Case(Take.TALK, width=320, height=240, face=face, motion=face, seconds=6.0)
        for face in range(8, 14)
    ),
    # The same faces and motions as above in a second appearance.
    Case(Take.ACTIONS, appearance=AppearanceKind.TEETH),
    Case(Take.ACTIONS, face=1, appearance=AppearanceKind.GLASSES),
    *(
        Case(Take.TALK, face=face, motion=face, seconds=6.0, appearance=kind)
        for face, kind in enumerate(SECOND, start=2)
    ),
)
QUICK_CASES = (
    Case(Take.ACTIONS, seconds=3.0),
    Case(Take.ACTIONS, seconds=3.0, face=1),
    Case(Take.STILL, seconds=1.0),
)
