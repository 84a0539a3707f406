"""Focal length of a recording's camera, as far as perspective tells it.

A face seen from farther away through a longer lens looks nearly the same; what differs is how much
larger its near parts are, and that shows best where the head turns. For a few focal lengths all
else is fitted to some frames; the costs reached are a parabola in the logarithm of the focal length
(a profile likelihood), whose lowest place is the estimate and whose curvature says how sure it is:

    cost(log f) = least + (log f - log f*)^2 / (2 sd^2).

The landmarker hides much of the perspective: rendered faces seen through lenses of 0.8, 1.2, 1.7
and 2.4 of the image's longer side are found to have 1.04, 1.16, 1.35 and 1.53. So, on heads that it
was measured on, the logarithm of what is found is unfolded about those 1.16, and its deviation with
it. On sixteen films of three other faces the answer is then off by 0.19 in the logarithm (root mean
square), where its deviation says 0.15 to 0.3 and the assumed 1.2 is off by 0.43.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import roma

from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.arrow import solve_arrow
from facedyn_app.fitting.fitter import Fitter
from facedyn_app.fitting.state import FaceState
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import FloatArray, Landmarks

FACTORS = (0.7, 1.0, 1.4, 2.0, 2.8)
"""Focal lengths tried, of the image's longer side: from wide webcams to portrait lenses."""
STAGE = "measuring the camera"
LEAST_TURNS_RAD = 0.25
"""Heads that turn by less than this (standard deviation, all axes together) tell nothing."""
INDEPENDENT_FRAMES = 2.0
"""Frames' worth of independent errors that the frames are taken for: with it the deviation is as
large as what the answers on those films are off by."""
SEEN_SHARE = 0.355
"""Of a difference in the logarithm of the focal length, how much the landmarker lets be seen."""
TRUE_FACTOR, SEEN_FACTOR = 1.2, 1.163
"""A lens, and what it is found to be."""
MOST_STEPS, TOLERANCE = 20, 1e-4


@dataclass(frozen=True, slots=True)
class Focal:
    """Estimate of the focal length.

    Attributes:
        factor: Most likely focal length, of the image's longer side.
        log_sd: Standard deviation of its logarithm; infinite where the frames do not tell.
    """

    factor: float
    log_sd: float

    def is_known(self, settings: FitSettings) -> bool:
        """Whether it is known well enough to be used."""
        return self.log_sd <= settings.most_focal_sd


def estimate_focal(fitter: Fitter, landmarks: Landmarks, on_progress: OnProgress = ignore) -> Focal:
    """The focal length that explains some frames best.

    Args:
        fitter: The head.
        landmarks: Frames that all have a face, in as many poses as there are.
        on_progress: Called for each focal length tried; may raise Cancelled.
    """
    _, start = fitter.problem(fitter.head, landmarks)
    if _turns(start) < LEAST_TURNS_RAD:
        return Focal(fitter.settings.focal_factor, float("inf"))
    costs, state = [], None
    settings = replace(fitter.settings, shape_frames=INDEPENDENT_FRAMES)
    for k, factor in enumerate(FACTORS):
        on_progress(Progress(STAGE, k, len(FACTORS)))
        trial = replace(fitter, settings=replace(settings, focal_factor=factor))
        problem, start = trial.problem(trial.head, landmarks)
        if state is not None:
            start = _farther(state, factor / FACTORS[k - 1])
        result = solve_arrow(
            problem,
            start,
            max_iterations=MOST_STEPS,
            tolerance=TOLERANCE,
        )
        state = result.state
        costs.append(result.cost)
    # frames repeat each other's errors: they tell as little of the camera as a few of their own
    repeated = max(1.0, len(landmarks.seconds) / INDEPENDENT_FRAMES)
    found = lowest(np.log(FACTORS), np.array(costs) / repeated)
    return unfolded(found, has_errors=len(fitter.head.readings.rest) > 0)


def unfolded(seen: Focal, *, has_errors: bool) -> Focal:
    """The estimate freed of the landmarker's bias where its errors are known; else as uncertain."""
    log_sd = seen.log_sd / SEEN_SHARE
    if not has_errors:
        return replace(seen, log_sd=log_sd)
    away = np.log(seen.factor / SEEN_FACTOR) / SEEN_SHARE
    return Focal(float(TRUE_FACTOR * np.exp(away)), log_sd)


def with_focal(fitter: Fitter, focal: Focal) -> Fitter:
    """The fitter of a camera, where that is known well enough; else as it is."""
    if not focal.is_known(fitter.settings):
        return fitter
    return replace(fitter, settings=replace(fitter.settings, focal_factor=focal.factor))


def focal_text(focal_px: float, log_sd: float | None) -> str:
    """A focal length with how it is known, for people.

    Args:
        focal_px: Focal length, px.
        log_sd: Standard deviation of its logarithm; None where it was assumed.
    """
    known = "assumed: the poses do not tell it" if log_sd is None else f"+- {100 * log_sd:.0f} %"
    return f"{focal_px:.0f} px, {known}"


def lowest(places: FloatArray, costs: FloatArray) -> Focal:
    """The lowest place of the parabola through the least of some costs and its neighbours.

    Args:
        places: (n,) logarithms of focal lengths, ascending, evenly spaced.
        costs: (n,) the costs there.
    """
    best = int(np.argmin(costs))
    if best in (0, len(costs) - 1):
        return Focal(float(np.exp(places[best])), float("inf"))
    before, least, after = costs[best - 1 : best + 2]
    step = places[best + 1] - places[best]
    bend = (before - 2.0 * least + after) / step**2
    if bend <= 0:
        return Focal(float(np.exp(places[best])), float("inf"))
    place = places[best] - (after - before) / (2.0 * step * bend)
    return Focal(float(np.exp(place)), float(1.0 / np.sqrt(bend)))


def _turns(state: FaceState) -> float:
    """Standard deviation of the head's rotation, all axes together, rad."""
    vectors = roma.rotmat_to_rotvec(state.rotation)
    return float(vectors.var(dim=0, unbiased=False).sum().sqrt())


def _farther(state: FaceState, ratio: float) -> FaceState:
    """The same faces as much farther away as the lens is longer."""
    scale = state.translation.new_tensor([1.0, 1.0, ratio])
    return replace(state, translation=state.translation * scale)
