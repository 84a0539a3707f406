"""Benchmark videos: what each shows, and which of them the accuracy is measured on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from facedyn_app.bench.takes import Take
from facedyn_app.simulate.rendering import FOCAL_FACTOR


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
