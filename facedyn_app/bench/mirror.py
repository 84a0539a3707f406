"""Left-right symmetry: whether a video and its mirror image give mirrored answers.

The left of the one is compared with the right of the other. Both are encoded anew alike, so that
the encoder has the same part in both; and the landmarks of the one, mirrored by hand and fitted
again, tell what of the difference arises in the fit itself. Both are followed and fitted once more
with `LandmarkSettings.mirrored_mean`, which takes out what the landmark network does differently.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from facedyn_app.bench.measurement import invalid_by_reason
from facedyn_app.bench.metrics import Agreement, compare_channels
from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.files import sha256_of
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import ANY_FACE, BLENDSHAPE_NAMES
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import BoolArray, ByteArray, FloatArray, HeadFit, Landmarks
from facedyn_app.settings import Settings
from facedyn_app.topology import (
    MIRRORED_BLENDSHAPES,
    MIRRORED_TURN,
    mirror_landmarks,
    mirror_name,
    mirrored_channels,
)
from facedyn_app.video import SIMULATED, probe_video, read_frames
from facedyn_app.video.write import VideoFile
from facedyn_app.workflows.analyse import fit_face, follow_video
from facedyn_app.workflows.records import FollowedVideo

ENCODER = {"crf": "14", "b": "0", "deadline": "realtime", "cpu-used": "8", "threads": "1"}
LEAST_FRAMES = 10
REPORT_FRAMES = 10
JAW = ("jaw pitch", "jaw yaw", "jaw roll")
"""The jaw's rotation vector; it is compared in rad."""
Change = Callable[[ByteArray], ByteArray]


@dataclass(frozen=True, slots=True, eq=False)
class MirrorResult:
    """One video against its mirror image, over the frames that are valid in both.

    Attributes:
        video: File name.
        n_frames: Frames of the video.
        n_compared: Frames that are valid in both versions.
        invalid: Invalid frames by reason in each version: "video" (as given), "plain" (encoded
            anew), "mirrored", "by hand", "plain, mean" and "mirrored, mean" (with
            `LandmarkSettings.mirrored_mean`).
        fit: Of the fits of the plain and of the mirrored version.
        scores: Of the landmarker's blendshape scores in the same frames.
        by_hand: Of the plain version's fit and that of its landmarks mirrored by hand.
        encoding: Of the fits of the video as given and of the plain version: what encoding alone
            changes.
        mean_fit: As `fit`, with `LandmarkSettings.mirrored_mean` in both versions.
        mean_scores: As `scores`, likewise.
    """

    video: str
    n_frames: int
    n_compared: int
    invalid: Mapping[str, Mapping[str, int]]
    fit: Agreement
    scores: Agreement
    by_hand: Agreement
    encoding: Agreement
    mean_fit: Agreement
    mean_scores: Agreement


@dataclass(frozen=True, slots=True, eq=False)
class _Version:
    """One version of a video, fitted: its landmarks and fit."""

    landmarks: Landmarks
    fit: HeadFit


def check_sides(head: HeadModel) -> None:
    """Make sure that a head's expressions can be told left from right by their names.

    Raises:
        MismatchError: They have other names, or one without counterpart.
    """
    names = set(head.expression_names)
    alone = [name for name in head.expression_names if mirror_name(name) not in names]
    if alone or all(mirror_name(name) == name for name in names):
        which = f" '{alone[0]}' has no counterpart." if alone else ""
        raise MismatchError(
            f"The expressions of the head '{head.head_id}' are not named by sides.{which}",
            "Choose a head with ARKit's names, such as eyeBlinkLeft and eyeBlinkRight.",
        )


def motion(fit: HeadFit) -> FloatArray:
    """(T, E + 3) expression and jaw of a fit."""
    return np.concatenate([fit.motion.expression, fit.motion.jaw], axis=1)


def mirrored_motion(head: HeadModel, fit: HeadFit) -> FloatArray:
    """(T, E + 3) the expression and jaw that a fit's mirror image has.

    Args:
        head: The head of the fit, its expressions named by sides.
        fit: Of T frames.
    """
    counterpart = mirrored_channels(head.expression_names)
    return np.concatenate(
        [fit.motion.expression[:, counterpart], fit.motion.jaw * MIRRORED_TURN], axis=1
    )


def measure_mirror(
    head: HeadModel, video: Path, folder: Path, on_progress: OnProgress = ignore
) -> MirrorResult:
    """Encode a video as it is and mirrored, follow and fit both, compare left with right.

    Args:
        head: The head, its landmarks placed, its expressions named by sides.
        video: The file.
        folder: Where the encoded versions are kept for the next time.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: It is no video, or shows no face.
        OutputError: The folder cannot be written.
        TooLittleError: Hardly any frame is valid in both versions.
    """
    plain_path = _encoded(video, folder, "plain", np.asarray, on_progress)
    mirrored_path = _encoded(video, folder, "mirrored", _mirror_picture, on_progress)
    plain = _analysed(head, plain_path, None, on_progress)
    by_hand = mirror_landmarks(plain.landmarks)
    given = _analysed(head, video, plain.landmarks, on_progress)
    mirrored = _analysed(head, mirrored_path, by_hand, on_progress)
    refitted = _Version(
        by_hand, fit_session(head, by_hand, Settings().fit, on_progress=on_progress)
    )
    mean_plain = _analysed(head, plain_path, plain.landmarks, on_progress, mirrored_mean=True)
    mean_mirrored = _analysed(head, mirrored_path, by_hand, on_progress, mirrored_mean=True)
    versions = {
        "video": given,
        "plain": plain,
        "mirrored": mirrored,
        "by hand": refitted,
        "plain, mean": mean_plain,
        "mirrored, mean": mean_mirrored,
    }
    both = _valid_in_both(video, plain, mirrored)
    both_means = _valid_in_both(video, mean_plain, mean_mirrored)
    return MirrorResult(
        video=video.name,
        n_frames=len(given.fit.motion.valid),
        n_compared=int(both.sum()),
        invalid={name: invalid_by_reason(one.fit) for name, one in versions.items()},
        fit=_sides(head, plain, mirrored, both),
        scores=_score_sides(plain, mirrored, both),
        by_hand=_sides(head, plain, refitted, _valid_in_both(video, plain, refitted)),
        encoding=_same(head, given, plain, _valid_in_both(video, given, plain)),
        mean_fit=_sides(head, mean_plain, mean_mirrored, both_means),
        mean_scores=_score_sides(mean_plain, mean_mirrored, both_means),
    )


def _mirror_picture(image: ByteArray) -> ByteArray:
    return np.ascontiguousarray(image[:, ::-1])


def _encoded(
    video: Path, folder: Path, version: str, change: Change, on_progress: OnProgress
) -> Path:
    """A version of a video, picture by picture, where it is not in the folder yet."""
    info = probe_video(video)
    key = json.dumps([sha256_of(video), ENCODER])
    digest = hashlib.sha256(key.encode()).hexdigest()[:10]
    path = folder / f"{video.stem}-{version}-{digest}.mp4"
    if path.is_file():
        return path
    file = VideoFile(path, info.fps, ENCODER, SIMULATED if info.simulated else "")
    try:
        for frame in read_frames(video):
            if frame.index % REPORT_FRAMES == 0:
                on_progress(Progress(f"encoding {path.name}", frame.index, info.n_frames))
            file.add(change(frame.image), frame.seconds)
        file.finish()
    finally:
        file.discard()
    return path


def _analysed(
    head: HeadModel,
    path: Path,
    expected: Landmarks | None,
    on_progress: OnProgress,
    *,
    mirrored_mean: bool = False,
) -> _Version:
    """Follow a version and fit its face: the one seen longest, or that of known landmarks."""
    default = Settings()
    landmarks = replace(default.landmarks, mirrored_mean=mirrored_mean)
    settings = replace(default, landmarks=landmarks)
    followed = follow_video(path, head, settings, on_progress=on_progress)
    face = ANY_FACE if expected is None else _nearest_face(followed, expected)
    analysis = fit_face(followed, head, settings, face=face, on_progress=on_progress)
    return _Version(analysis.landmarks.whole(), analysis.fit)


def _nearest_face(followed: FollowedVideo, expected: Landmarks) -> int:
    """The face that is where landmarks are expected; the one seen longest where none ever is."""
    distances = dict.fromkeys(followed.tracks.n_seen, np.inf)
    for number in distances if len(distances) > 1 else ():
        points = followed.tracks.track(number).whole().points
        apart = np.linalg.norm((points - expected.points).mean(axis=1), axis=1)
        if np.isfinite(apart).any():
            distances[number] = float(np.nanmedian(apart))
    return min(distances, key=lambda number: distances[number], default=ANY_FACE)


def _valid_in_both(video: Path, one: _Version, other: _Version) -> BoolArray:
    both = one.fit.motion.valid & other.fit.motion.valid
    if both.sum() < LEAST_FRAMES:
        raise TooLittleError(
            f"{both.sum()} frames of '{video}' are valid in both versions: too few to compare.",
            "Use a video in which a face is seen from the front, at least 50 px high.",
        )
    return np.asarray(both)


def _same(head: HeadModel, one: _Version, other: _Version, both: BoolArray) -> Agreement:
    """The same side of both."""
    pair = motion(one.fit)[both], motion(other.fit)[both]
    return compare_channels((*head.expression_names, *JAW), *pair)


def _sides(head: HeadModel, one: _Version, mirrored: _Version, both: BoolArray) -> Agreement:
    """Left of the one against right of the other; the channels have the one's names."""
    pair = motion(one.fit)[both], mirrored_motion(head, mirrored.fit)[both]
    return compare_channels((*head.expression_names, *JAW), *pair)


def _score_sides(one: _Version, mirrored: _Version, both: BoolArray) -> Agreement:
    back = mirrored.landmarks.scores[both][:, MIRRORED_BLENDSHAPES]
    # the first score, of the neutral face, is no action
    return compare_channels(BLENDSHAPE_NAMES[1:], one.landmarks.scores[both][:, 1:], back[:, 1:])
