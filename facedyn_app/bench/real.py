"""Real videos: nothing is known of them but how well the head fits and how quietly it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.bench import metrics
from facedyn_app.bench.measured import Bench, invalid_by_reason
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.workflows.analyse import analyse_video


@dataclass(frozen=True, slots=True, eq=False)
class VideoResult:
    """What can be said of a video whose truth is not known.

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


def measure_video(
    head: HeadModel, video: Path, bench: Bench, on_progress: OnProgress = ignore
) -> VideoResult:
    """Follow and fit one video.

    Args:
        head: The head, its landmarks placed.
        video: The file.
        bench: How.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: It is no video, or shows no face.
        TooLittleError: A face is found in hardly any frame.
    """
    analysis = analyse_video(
        video, head, bench.settings, device=bench.device, on_progress=on_progress
    )
    fit, info = analysis.fit, analysis.info
    angles = np.degrees(np.concatenate([fit.rotation, fit.jaw[:, :1]], axis=1))
    jitter_deg = metrics.noise_sd(angles)
    seen = np.isfinite(fit.face_px)
    valid = fit.valid
    return VideoResult(
        head=head.head_id,
        video=video.name,
        width=info.width,
        height=info.height,
        n_frames=len(valid),
        valid_share=float(valid.mean()),
        invalid=invalid_by_reason(fit),
        face_px=float(np.median(fit.face_px[seen])),
        error_percent=metrics.mean_percent(fit.error_px[valid], fit.face_px[valid]),
        rotation_jitter_deg=metrics.root_mean_square(jitter_deg[:3]),
        jaw_jitter_deg=float(jitter_deg[3]),
        jitter=float(np.median(metrics.noise_sd(fit.expression))),
        frames_per_second=len(valid) / analysis.timing["total"],
    )
