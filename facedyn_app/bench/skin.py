"""The skin followed in real videos: whether skin that had no part in it stays nearer to itself.

No truth is needed: half of the skin, in squares like those of a chessboard, is followed, and the
other half is compared. Where the head moves as the face does, a point keeps its contrast.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from facedyn_app.bench.measurement import usual_settings
from facedyn_app.fitting.contrast import contrast_pictures
from facedyn_app.fitting.image_alignment import see
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.fitting.shape_fit import evenly_spread
from facedyn_app.fitting.state import FRAME_UNKNOWNS, FaceState
from facedyn_app.fitting.surface_points import SurfacePoints, surface_points
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import FaceVideo
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import HeadFit, IntArray
from facedyn_app.video import ProbedVideo
from facedyn_app.workflows.analyse import analyse_video

SQUARE_M = 0.012
"""Side of the squares."""
FINENESS = 1
"""At which of the finenesses the contrast is compared."""
MOST_DIFFERENCE = 1.0
"""Differences of the contrast count as this at most: there something else is seen."""
MOST_FRAMES = 150


@dataclass(frozen=True, slots=True)
class SkinResult:
    """What a video says of the skin that was left out.

    Attributes:
        video: File name.
        n_compared: Frames that were compared.
        landmarks: Root mean square difference of the contrast from the person's own, head fitted
            to the landmarks alone.
        skin: The same with the other half of the skin followed.
        variance_ratio: Square of the second over that of the first.
    """

    video: str
    n_compared: int
    landmarks: float
    skin: float
    variance_ratio: float


def measure_skin(head: HeadModel, video: Path, on_progress: OnProgress = ignore) -> SkinResult:
    """Fit a video with half of its skin followed and without, and compare the other half.

    Args:
        head: The head, its landmarks placed.
        video: The file.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: It is no video that can be read.
        TooLittleError: Too few frames have a face.
    """
    settings = usual_settings(optical_flow=False)
    analysis = analyse_video(video, head, settings, on_progress=on_progress)
    landmarks = analysis.landmarks.whole()
    pictures = FaceVideo(ProbedVideo.of(video, settings.video).frames, landmarks)
    followed = fit_session(
        head,
        landmarks,
        settings.fit_of_landmarks,
        pictures=pictures,
        skin=lambda head, shape: half(surface_points(head, shape), second=False),
        on_progress=on_progress,
    )
    frames = evenly_spread(np.flatnonzero(followed.motion.valid), MOST_FRAMES)
    left_out = half(surface_points(head, torch.as_tensor(followed.shape)), second=True)
    before, after = (
        _difference(fit, left_out, pictures, frames) for fit in (analysis.fit, followed)
    )
    return SkinResult(video.name, len(frames), before, after, (after / before) ** 2)


def half(points: SurfacePoints, *, second: bool) -> SurfacePoints:
    """The points in every other square; what the others stand for is 0, of these doubled."""
    still = points.area.new_zeros(1, points.directions.shape[2]), points.area.new_zeros(1, 3)
    squares = (points.places(*still)[0, :, :2] / SQUARE_M).floor().sum(1)
    taken = squares.remainder(2) == float(second)
    return replace(points, area=2.0 * points.area * taken)


def _difference(
    fit: HeadFit, points: SurfacePoints, pictures: FaceVideo, frames: IntArray
) -> float:
    """Root mean square difference of the contrast from its median over the frames."""
    shown, unshaped = [], points.area.new_zeros(1, 0)
    for squares in pictures.squares(frames):
        motion = {name: getattr(fit.motion, name)[squares.frames] for name in FRAME_UNKNOWNS}
        contrast = list(contrast_pictures(squares, points.area))[FINENESS]
        seen = see(points, fit.focal_px, contrast, FaceState.of(motion, unshaped)).contrast
        shown.append(seen[squares.own])
    values = torch.cat(shown)
    difference = (values - values.median(dim=0).values).abs().clamp_max(MOST_DIFFERENCE)
    return float((difference.square() @ (points.area / points.area.sum())).mean().sqrt())
