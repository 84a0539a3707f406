"""Videos followed and fitted as the program does it: of known truth, and real ones without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedyn_app.bench import metrics
from facedyn_app.bench.cases import Case, Take
from facedyn_app.bench.rendered_truth import RenderedTruth, make_truth, truth_video
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import FaceVideo
from facedyn_app.npz import read_npz
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import FRAME_ARRAYS, INVALID_REASONS, HeadFit, Landmarks
from facedyn_app.settings import Settings
from facedyn_app.video import ProbedVideo
from facedyn_app.workflows.analyse import analyse_video

ANY_STEP = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredCase:
    """What was found in a rendered video, and what is true of it.

    Attributes:
        truth: The truth.
        landmarks: Of every frame.
        fit: Of every frame.
        independent: The same without anything that ties frames together but the shape; for a
            face that rests only.
        invalid: Invalid frames by reason.
    """

    truth: RenderedTruth
    landmarks: Landmarks
    fit: HeadFit
    independent: HeadFit | None
    invalid: Mapping[str, int]


def measure_case(
    head: HeadModel,
    case: Case,
    folder: Path,
    *,
    optical_flow: bool = False,
    keep_landmarks: bool = False,
    on_progress: OnProgress = ignore,
) -> MeasuredCase:
    """Render a case where that is not done yet, follow its face and fit the head.

    Args:
        head: The head, its landmarks placed.
        case: What to film.
        folder: Where rendered videos are kept.
        optical_flow: Whether the skin is followed, too.
        keep_landmarks: Whether landmarks found before are taken again, to try out fits quickly.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: No face is found.
        OutputError: The folder cannot be written.
        TooLittleError: A face is found in hardly any frame.
    """
    truth = make_truth(head, case)
    video = truth_video(head, truth, folder, on_progress)
    kept = video.with_suffix(".landmarks-5.npz")
    settings = usual_settings(optical_flow=optical_flow)
    if keep_landmarks and kept.is_file():
        landmarks, fit = _read_landmarks(kept), None
    else:
        analysis = analyse_video(video, head, settings, on_progress=on_progress)
        landmarks, fit = analysis.landmarks.whole(), analysis.fit
        _write_landmarks(landmarks, kept)
    pictures = None
    if optical_flow:
        pictures = FaceVideo(ProbedVideo.of(video, settings.video).frames, landmarks)

    def fitted(settings: FitSettings) -> HeadFit:
        return fit_session(head, landmarks, settings, pictures=pictures, on_progress=on_progress)

    fit = fit or fitted(settings.fit_of_landmarks)
    alone = None
    if case.take is Take.STILL:
        alone = fitted(_frame_by_frame(settings.fit_of_landmarks))
    return MeasuredCase(truth, landmarks, fit, alone, invalid_by_reason(fit))


def usual_settings(*, optical_flow: bool) -> Settings:
    """The program's own settings, with optical flow or without it."""
    settings = Settings()
    return replace(settings, landmarks=replace(settings.landmarks, optical_flow=optical_flow))


def _frame_by_frame(settings: FitSettings) -> FitSettings:
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
        return {"": int((~fit.motion.valid).sum())} if not fit.motion.valid.all() else {}
    counts = np.bincount(fit.invalid_reason, minlength=len(INVALID_REASONS))
    return {INVALID_REASONS[k]: int(counts[k]) for k in np.flatnonzero(counts) if k}


def _write_landmarks(landmarks: Landmarks, path: Path) -> None:
    arrays = {name: getattr(landmarks, name) for name in FRAME_ARRAYS}
    np.savez(path, size=np.array([landmarks.width, landmarks.height]), **arrays)


def _read_landmarks(path: Path) -> Landmarks:
    arrays = read_npz(path, (*FRAME_ARRAYS, "size"), ())
    width, height = (int(value) for value in arrays.pop("size"))
    return Landmarks(width=width, height=height, **arrays)


@dataclass(frozen=True, slots=True, eq=False)
class VideoResult:
    """What can be said of a real video: how well the head fits and how quietly it moves.

    Attributes:
        head: Id of the head.
        video: File name.
        width: Image width, px.
        height: Image height, px.
        n_frames: Frames.
        valid_share: Share of the frames that are valid, 0..1.
        invalid: Invalid frames by reason.
        face_px: Median face height, px.
        error_percent: Mean landmark error of the valid frames, percent of face height.
        rotation_jitter_deg: White noise in the head's rotation (metrics.noise_sd); NaN where
            no three valid frames follow each other, like the next two.
        jaw_jitter_deg: The same in the jaw's opening.
        jitter: Median over the expression channels of the same.
        frames_per_second: Of the whole way, on this machine.
    """

    head: str
    video: str
    width: int
    height: int
    n_frames: int
    valid_share: float
    invalid: Mapping[str, int]
    face_px: float
    error_percent: float
    rotation_jitter_deg: float
    jaw_jitter_deg: float
    jitter: float
    frames_per_second: float


def measure_video(head: HeadModel, video: Path, on_progress: OnProgress = ignore) -> VideoResult:
    """Follow and fit one real video.

    Args:
        head: The head, its landmarks placed.
        video: The file.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: It is no video, or shows no face.
        TooLittleError: A face is found in hardly any frame.
    """
    analysis = analyse_video(video, head, Settings(), on_progress=on_progress)
    fit, info = analysis.fit, analysis.info
    angles = np.degrees(np.concatenate([fit.motion.rotation, fit.motion.jaw[:, :1]], axis=1))
    jitter_deg = metrics.noise_sd(angles)
    valid = fit.motion.valid
    return VideoResult(
        head=head.head_id,
        video=video.name,
        width=info.width,
        height=info.height,
        n_frames=len(valid),
        valid_share=float(valid.mean()),
        invalid=invalid_by_reason(fit),
        face_px=float(np.median(fit.face_px[np.isfinite(fit.face_px)])),
        error_percent=metrics.mean_percent(fit.error_px[valid], fit.face_px[valid]),
        rotation_jitter_deg=metrics.root_mean_square(jitter_deg[:3]),
        jaw_jitter_deg=float(jitter_deg[3]),
        jitter=float(np.median(metrics.noise_sd(fit.motion.expression))),
        frames_per_second=len(valid) / analysis.timing["total"],
    )
