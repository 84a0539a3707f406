"""One video of known truth, followed and fitted as the program does with any video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from facedyn_app.bench.takes import Take
from facedyn_app.bench.truth import Case, Truth, make_truth, truth_video
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.npz import read_npz
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import FRAME_ARRAYS, INVALID_REASONS, HeadFit, Landmarks
from facedyn_app.settings import Settings
from facedyn_app.workflows.analyse import analyse_video

ANY_STEP = 1e6


@dataclass(frozen=True, slots=True)
class Bench:
    """How a measurement is made.

    Attributes:
        folder: Where rendered videos are kept.
        settings: Of the program.
        device: "auto", "cpu" or "cuda".
        keep_landmarks: Whether landmarks found before are taken again, to try out fits quickly.
    """

    folder: Path
    settings: Settings = field(default_factory=Settings)
    device: str = "auto"
    keep_landmarks: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What was found in a video, and what is true of it.

    Attributes:
        truth: The truth.
        landmarks: Of every frame.
        fit: Of every frame.
        independent: The same without anything that ties frames together but the shape; for a
            face that rests only.
        invalid: Invalid frames by reason.
    """

    truth: Truth
    landmarks: Landmarks
    fit: HeadFit
    independent: HeadFit | None
    invalid: Mapping[str, int]


def measure(
    head: HeadModel, case: Case, bench: Bench, on_progress: OnProgress = ignore
) -> Measured:
    """Render a case where that is not done yet, follow its face and fit the head.

    Raises:
        InputError: No face is found.
        OutputError: The folder cannot be written.
        TooLittleError: A face is found in hardly any frame.
    """
    truth = make_truth(head, case)
    video = truth_video(head, truth, bench.folder, on_progress)
    kept = video.with_suffix(".landmarks-4.npz")
    if bench.keep_landmarks and kept.is_file():
        landmarks = _read_landmarks(kept)
        fit = fit_session(
            head, landmarks, bench.settings.fit, device=bench.device, on_progress=on_progress
        )
    else:
        analysis = analyse_video(
            video, head, bench.settings, device=bench.device, on_progress=on_progress
        )
        landmarks, fit = analysis.landmarks.whole(), analysis.fit
        _write_landmarks(landmarks, kept)
    alone = None
    if case.take is Take.STILL:
        untied = frame_by_frame(bench.settings.fit)
        alone = fit_session(head, landmarks, untied, device=bench.device, on_progress=on_progress)
    return Measured(truth, landmarks, fit, alone, invalid_by_reason(fit))


def frame_by_frame(settings: FitSettings) -> FitSettings:
    """The settings with the smoothness in time switched off: any step is as good as none."""
    return replace(
        settings,
        turn_step=ANY_STEP,
        shift_step=ANY_STEP,
        jaw_step=ANY_STEP,
        expression_step=ANY_STEP,
        step_share=ANY_STEP,
    )


def invalid_by_reason(fit: HeadFit) -> dict[str, int]:
    """How many frames are not valid, and why."""
    if fit.invalid_reason is None:
        return {"": int((~fit.valid).sum())} if not fit.valid.all() else {}
    counts = np.bincount(fit.invalid_reason, minlength=len(INVALID_REASONS))
    return {INVALID_REASONS[k]: int(counts[k]) for k in np.flatnonzero(counts) if k}


def _write_landmarks(landmarks: Landmarks, path: Path) -> None:
    arrays = {name: getattr(landmarks, name) for name in FRAME_ARRAYS}
    np.savez(path, size=np.array([landmarks.width, landmarks.height]), **arrays)


def _read_landmarks(path: Path) -> Landmarks:
    arrays = read_npz(path, (*FRAME_ARRAYS, "size"), ())
    width, height = (int(value) for value in arrays.pop("size"))
    return Landmarks(width=width, height=height, **arrays)
