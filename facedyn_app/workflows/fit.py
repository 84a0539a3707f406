"""Fit of a head to a video, written as a session file; or one to each of its faces."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.fitting.fitter import Fitter
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import SeenFace
from facedyn_app.library.session_file import save_session
from facedyn_app.path_checks import check_output_file, naming
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import Quality, VideoInfo
from facedyn_app.settings import Settings
from facedyn_app.video import ProbedVideo
from facedyn_app.workflows.analyse import analyse_video, fit_face, fitter_of, follow_video
from facedyn_app.workflows.heads import read_ready_head
from facedyn_app.workflows.options import FitOptions
from facedyn_app.workflows.recordings import (
    SESSION_ENDING,
    check_recording,
    numbered,
    track_kind,
)
from facedyn_app.workflows.records import Analysis, FollowedVideo


@dataclass(frozen=True, slots=True, eq=False)
class FittedVideo:
    """A video whose session file is written.

    Attributes:
        analysis: What became of the face.
        quality: Of its measurement.
        seconds: Spent in each stage, by name, s.
    """

    analysis: Analysis
    quality: Quality
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class FittedFace:
    """One face of a video.

    Attributes:
        seen: The face.
        session: Its session file; None where it was left out.
        quality: Of its session; None where it was left out.
        left_out: Why it was left out; empty where it was fitted.
    """

    seen: SeenFace
    session: Path | None = None
    quality: Quality | None = None
    left_out: str = ""

    @property
    def valid_share(self) -> float | None:
        """Share of the frames in which it was seen that are valid, 0..1."""
        return None if self.quality is None else self.quality.n_valid / self.seen.n_frames


@dataclass(frozen=True, slots=True, eq=False)
class FittedFaces:
    """A video of which every face that is seen long enough has a session file.

    Attributes:
        info: The video.
        head_id: The head that was fitted.
        n_frames: Frames of the video.
        faces: All its faces, in the order of their numbers.
    """

    info: VideoInfo
    head_id: str
    n_frames: int
    faces: tuple[FittedFace, ...]


def fit_video(video: Path, out: Path, options: FitOptions, on_progress: OnProgress) -> FittedVideo:
    """Analyse a video and write its session file.

    Args:
        video: The video.
        out: The session file.
        options: Head and how much of it, device, face.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The video or the head cannot be read, or the face or device is not there.
        OutputError: The file cannot be written; this is found out before the work.
        MismatchError: The head has fewer directions than are asked for.
        TooLittleError: Too few frames have a face.
    """
    began = time.perf_counter()
    probed = _check_video(video, options)
    check_output_file(out, inputs=(video,), endings=(SESSION_ENDING,))
    head = read_ready_head(options.head or DEFAULT_HEAD, on_progress)
    settings = options.settings()
    started_up = time.perf_counter() - began
    with naming(video):
        analysis = analyse_video(
            video,
            head,
            settings,
            device=options.device,
            face=options.face,
            probed=probed,
            on_progress=on_progress,
        )
    before = time.perf_counter()
    save_session(analysis.session, out)
    written = time.perf_counter() - before
    seconds = {
        "start_up": started_up,
        **analysis.timing,
        "write": written,
        "total": analysis.timing["total"] + written,
    }
    return FittedVideo(analysis, assess_quality(analysis.session, settings.trust), seconds)


def fit_every_face(
    video: Path, out: Path, options: FitOptions, on_progress: OnProgress
) -> FittedFaces:
    """Follow all faces of a video in one pass and fit each that is seen long enough.

    Args:
        video: The video.
        out: The session files' name, before the faces' numbers are put into it.
        options: Head and how much of it, device.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The video or the head cannot be read, or there is no face or no such device.
        OutputError: A file cannot be written; mostly this is found out before the work.
        MismatchError: The head has fewer directions than are asked for.
        TooLittleError: No face is seen long enough.
    """
    probed = _check_video(video, options)
    check_output_file(face_file(out, 1), inputs=(video,), endings=(SESSION_ENDING,))
    head = read_ready_head(options.head or DEFAULT_HEAD, on_progress)
    settings = options.settings()
    with naming(video):
        followed = follow_video(
            video, head, settings, device=options.device, probed=probed, on_progress=on_progress
        )
        followed.tracks.number_of()  # says so where there is no face at all
        faces = _fit_each(followed, head, out, options, on_progress)
        if not any(face.session for face in faces):
            raise TooLittleError(
                f"No face in the video '{video}' can be fitted: {faces[0].left_out}.",
                "Use a video in which a face is seen from the front for some seconds.",
            )
    return FittedFaces(followed.info, head.head_id, followed.tracks.n_frames, tuple(faces))


def _check_video(path: Path, options: FitOptions) -> ProbedVideo:
    """Check a recording that is to be fitted: a video; others hold motion that was measured."""
    probed = check_recording(path, options)
    if probed is None:
        kind = track_kind(path)
        what = "a session file" if kind is None else f"a measurement by another program ({kind})"
        raise InputError(
            f"'{path}' is {what}, not a video: its motion is measured already.",
            "Enrol or identify with it as it is; 'facedyn convert' makes a measurement a session.",
        )
    return probed


def face_file(out: Path, face: int) -> Path:
    """Where the session of a face goes: face 2 of `visit.npz` to `visit-face2.npz`."""
    return out.with_name(f"{out.stem}-face{face}{out.suffix}")


def _fit_each(
    followed: FollowedVideo,
    head: HeadModel,
    out: Path,
    options: FitOptions,
    on_progress: OnProgress,
) -> list[FittedFace]:
    settings = options.settings()
    fitter = fitter_of(head, settings, options.device)
    fitted = []
    faces = sorted(followed.tracks.faces(), key=lambda face: face.number)
    for count, seen in enumerate(faces, start=1):
        least = settings.trust.min_seen_seconds
        if seen.seconds < least:
            words = f"face {seen.number} is seen for {seen.seconds:.1f} s only, less than {least:g}"
            fitted.append(FittedFace(seen, left_out=words))
            continue
        within = numbered(on_progress, Path(f"face {seen.number}"), count, len(faces))
        try:
            fitted.append(_fit_one(followed, seen, head, out, settings, fitter, within))
        except TooLittleError as error:
            fitted.append(FittedFace(seen, left_out=error.sentence.rstrip(".")))
    return fitted


def _fit_one(
    followed: FollowedVideo,
    seen: SeenFace,
    head: HeadModel,
    out: Path,
    settings: Settings,
    fitter: Fitter,
    on_progress: OnProgress,
) -> FittedFace:
    on_progress(Progress("fitting", 0))
    analysis = fit_face(
        followed, head, settings, face=seen.number, fitter=fitter, on_progress=on_progress
    )
    path = face_file(out, seen.number)
    save_session(analysis.session, path)
    return FittedFace(seen, path, assess_quality(analysis.session, settings.trust))
