"""Which videos `facedyn bench accuracy` films."""

from __future__ import annotations

from facedyn_app.bench.takes import Take
from facedyn_app.bench.truth import AppearanceKind, Case

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
