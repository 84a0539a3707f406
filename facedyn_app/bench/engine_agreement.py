"""Agreement of the two engines that follow faces, on the same frames of one video."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.bench.metrics import compare_channels
from facedyn_app.errors import TooLittleError
from facedyn_app.landmarks import BLENDSHAPE_NAMES, collect_face, track_faces
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import Landmarks
from facedyn_app.settings import BUNDLE, MEDIAPIPE, LandmarkSettings
from facedyn_app.video import probe_video, read_frames


@dataclass(frozen=True, slots=True)
class EngineAgreement:
    """How alike the engines' landmarks of a video's main face are.

    Attributes:
        max_faces: Faces looked for at a time; with one, MediaPipe smooths its points in time.
        n_frames: Frames of the video.
        n_bundle: Those with the face by the bundle's networks.
        n_mediapipe: Those with the face by MediaPipe's graph.
        n_both: Those in which both have it.
        points_percent: Mean distance of the points over these, % of the face's height.
        scores_r: Median correlation of the blendshape scores over these; of the scores that move
            (`bench.metrics.LEAST_RANGE`), None where none does.
    """

    max_faces: int
    n_frames: int
    n_bundle: int
    n_mediapipe: int
    n_both: int
    points_percent: float
    scores_r: float | None


def measure_engine_agreement(
    video: Path, max_faces: int, on_progress: OnProgress = ignore
) -> EngineAgreement:
    """Follow a video's faces with each engine and compare the face that is seen longest.

    Args:
        video: The video.
        max_faces: Faces to look for at a time.
        on_progress: Told of every frame; may raise Cancelled.

    Raises:
        InputError: The video cannot be read, no face is found, or MediaPipe cannot be loaded.
        TooLittleError: No frame has a face by both.
    """
    own, theirs = (
        _main_face(
            video,
            LandmarkSettings(engine=engine, max_faces=max_faces, mirrored_mean=False),
            on_progress,
        )
        for engine in (BUNDLE, MEDIAPIPE)
    )
    both = own.found & theirs.found
    if not both.any():
        raise TooLittleError(f"The engines find no face in the same frame of '{video}'.")
    distance = np.linalg.norm(own.points[both] - theirs.points[both], axis=2).mean(axis=1)
    # the first score, of the neutral face, is no action
    scores = own.scores[both][:, 1:], theirs.scores[both][:, 1:]
    return EngineAgreement(
        max_faces=max_faces,
        n_frames=len(both),
        n_bundle=int(own.found.sum()),
        n_mediapipe=int(theirs.found.sum()),
        n_both=int(both.sum()),
        points_percent=float(100 * (distance / own.face_px[both]).mean()),
        scores_r=compare_channels(BLENDSHAPE_NAMES[1:], *scores).r,
    )


def _main_face(video: Path, settings: LandmarkSettings, on_progress: OnProgress) -> Landmarks:
    info = probe_video(video)
    with closing(track_faces(read_frames(video), info, settings, on_progress)) as found:
        return collect_face(found, info)
