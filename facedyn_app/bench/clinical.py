"""Accuracy of the clinical measures on rendered faces of known motion; all of them simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.bench.clinical_rendered import (
    SYMMETRIC_FPS,
    TASKS,
    RenderedCase,
    rendered_case,
)
from facedyn_app.bench.clinical_script import Script, ScriptedBlink, true_onset
from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.blinks import ClosureKind
from facedyn_app.dynamics.clinical.excursions import PRIMARY
from facedyn_app.dynamics.clinical.measures import EXCURSION
from facedyn_app.dynamics.clinical.session import ClinicalMeasures
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import OnProgress, ignore

FPS = 12.0
BLINKS = (ScriptedBlink(0.5), ScriptedBlink(1.3, 0.5, 0.5))
WEAK = (0.25, 0.5, 1.0)
SYNKINESES = (0.0, 0.1, 0.3)
BLINK_FPS = 30.0
DEPTHS = (1.0, 0.5, 0.9, 0.6)
EVERY_S = 1.23
"""From one blink to the next at rest: each begins at another part of a frame."""
RESTING_BLINKS = tuple(ScriptedBlink(0.7 + EVERY_S * k, d, d) for k, d in enumerate(DEPTHS * 3))
FIRST_WEAK = 41
"""Number of the first face with a palsy; those before are symmetric throughout."""
NEAR_MM, NEAR_SHARE = 0.7, 0.1
MATCHED_S = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class BlinkAccuracy:
    """Blinks that were found beside those that were put in, of recordings of one frame rate.

    Attributes:
        fps: Frames a second.
        n_true: Blinks that were put in.
        n_found: Blinks that were found.
        onset_errors: Of the blinks that were found, s.
        n_complete_right: Of these, blinks whose completeness is right.
    """

    fps: float
    n_true: int
    n_found: int
    onset_errors: np.ndarray
    n_complete_right: int

    @property
    def f1(self) -> float:
        """F1 of the blinks."""
        return 2.0 * len(self.onset_errors) / max(self.n_true + self.n_found, 1)

    @property
    def n_within_a_frame(self) -> int:
        """Blinks whose onset is off by a frame at most."""
        return int(np.count_nonzero(np.abs(self.onset_errors) <= 1.0 / self.fps))


@dataclass(frozen=True, slots=True, eq=False)
class ClinicalAccuracy:
    """What was found of rendered faces.

    Attributes:
        n_symmetric: Faces of both sides alike.
        n_called: Of these, faces of which an asymmetry was called in any measure.
        excursions: (N, 2) measured and true excursion of each task, side and face, mm.
        differences: (N,) left less right of symmetric faces over the mean of both, minus the true.
        weakness: (M, 2) true and measured share by which the left corner of the mouth goes less.
        synkinesis: (M, 2) true and measured share by which the left eye closes with the mouth.
        blinks: At rest, and beside tasks at fewer frames a second.
    """

    n_symmetric: int
    n_called: int
    excursions: np.ndarray
    differences: np.ndarray
    weakness: np.ndarray
    synkinesis: np.ndarray
    blinks: tuple[BlinkAccuracy, BlinkAccuracy]

    @property
    def share_near(self) -> float:
        """Share of the excursions within 0.7 mm or 10 % of the truth."""
        measured, true = self.excursions.T
        return float(np.mean(np.abs(measured - true) <= np.maximum(NEAR_MM, NEAR_SHARE * true)))


def measure_clinical(
    head: HeadModel,
    film: HeadModel,
    n_symmetric: int,
    n_weak: int,
    folder: Path,
    *,
    optical_flow: bool = False,
    on_progress: OnProgress = ignore,
) -> ClinicalAccuracy:
    """Render faces, fit them and their mirror images, and compare with what was put in.

    Args:
        head: The head that is fitted.
        film: The head that is filmed, the same or another with ARKit's channels.
        n_symmetric: Symmetric faces.
        n_weak: Faces that are rendered with palsies, with synkineses, and blinking at rest.
        folder: Where videos are kept.
        optical_flow: Whether the skin is followed, too.
        on_progress: Told of the progress; may raise Cancelled.
    """
    settings = ClinicalSettings()

    def case(script: Script, face: int, fps: float) -> RenderedCase:
        return rendered_case(
            head,
            film,
            script,
            face,
            fps,
            folder,
            settings,
            optical_flow=optical_flow,
            on_progress=on_progress,
        )

    symmetric = [case(Script(tasks=TASKS), face, SYMMETRIC_FPS) for face in range(n_symmetric)]
    weak_faces = range(FIRST_WEAK, FIRST_WEAK + n_weak)
    weak = [
        case(Script(BLINKS, TASKS, palsy=palsy), face, FPS) for face in weak_faces for palsy in WEAK
    ]
    moved = [
        case(Script(BLINKS, ("smile", "pucker"), synkinesis=amount), face, FPS)
        for face in weak_faces
        for amount in SYNKINESES
    ]
    seconds = RESTING_BLINKS[-1].onset + EVERY_S
    resting = [
        case(Script(RESTING_BLINKS, seconds=seconds), face, BLINK_FPS) for face in weak_faces
    ]
    return ClinicalAccuracy(
        n_symmetric=len(symmetric),
        n_called=sum(_is_called(one) for one in symmetric),
        excursions=_stacked([row for one in (*symmetric, *weak) for row in _excursions(one)]),
        differences=np.array([_difference(one) for one in symmetric]),
        weakness=_stacked([(one.script.palsy, _weakness(one.found)) for one in weak]),
        synkinesis=_stacked([row for one in moved for row in _synkineses(one)]),
        blinks=(_blinks(resting, BLINK_FPS), _blinks([*weak, *moved], FPS)),
    )


def _stacked(rows: Sequence[tuple[float, float]]) -> np.ndarray:
    return np.array(rows, np.float64).reshape(-1, 2)


def _is_called(one: RenderedCase) -> bool:
    """Whether any of a recording's measures is called different."""
    return any(found.told for sides in one.found.sides.values() for found in sides.values())


def _excursions(one: RenderedCase) -> list[tuple[float, float]]:
    """Measured and true excursion of each task's own measure and side."""
    rows = []
    for found, true in zip(one.found.tasks, one.true.tasks, strict=True):
        name = PRIMARY[found.event.name]
        for side in ("left", "right"):
            rows.append(
                (getattr(found.sides[name], side).value, getattr(true.sides[name], side).value)
            )
    return rows


def _smile(found: ClinicalMeasures) -> tuple[float, float]:
    """Mean of the corners' excursions in the smile, and half of left less right, mm."""
    sides = found.tasks[0].sides[EXCURSION]
    return 0.5 * (sides.left.value + sides.right.value), 0.5 * sides.difference.value


def _weakness(found: ClinicalMeasures) -> float:
    """Share by which the left corner goes less in the smile."""
    mean, half = _smile(found)
    return 1.0 - (mean + half) / (mean - half)


def _difference(one: RenderedCase) -> float:
    """Left less right of a smile over the mean of both, less what is true of it."""
    (mean, half), (true_mean, true_half) = _smile(one.found), _smile(one.true)
    return 2.0 * half / mean - 2.0 * true_half / true_mean


def _synkineses(one: RenderedCase) -> list[tuple[float, float]]:
    """True and measured closure of the left eye beyond the right one's, of each task."""
    return [
        (one.script.synkinesis, float(task.synkinesis.share[0] - task.synkinesis.share[1]))
        for task in one.found.tasks
        if task.synkinesis is not None
    ]


def _blinks(cases: Sequence[RenderedCase], fps: float) -> BlinkAccuracy:
    settings = ClinicalSettings()
    n_true = n_found = n_right = 0
    errors = []
    for one in cases:
        found = [blink for blink in one.found.blinks if blink.kind is ClosureKind.BLINK]
        n_found += len(found)
        n_true += len(one.script.blinks)
        for blink in one.script.blinks:
            onset = true_onset(blink, settings.onset_share)
            near = [other for other in found if abs(other.onset - onset) < MATCHED_S]
            if near:
                errors.append(near[0].onset - onset)
                n_right += near[0].complete == (blink.left >= settings.complete_closure)
    return BlinkAccuracy(fps, n_true, n_found, np.array(errors), n_right)
