"""Analysis of a video, in two halves: its faces are followed, then each can be fitted.

`analyse_video` does both for one face; of several, each is fitted after one pass over the pixels.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from facedyn_app.device import choose_device, one_thread
from facedyn_app.fitting.fitter import Fitter, make_fitter
from facedyn_app.fitting.live import LiveFit
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.headmodel.model import HeadModel, truncate
from facedyn_app.landmarks import (
    ANY_FACE,
    FaceVideo,
    FrameFaces,
    TrackCollector,
    track_faces,
)
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import (
    ByteArray,
    PartialFit,
    VideoInfo,
)
from facedyn_app.settings import Settings
from facedyn_app.video import ProbedVideo, mirror_points, sha256_of_video, video_notes
from facedyn_app.workflows.records import Analysis, FollowedVideo
from facedyn_app.workflows.session_record import faces_note, make_session

FOLLOWING = "following the face"
BLOCK_FRAMES = 10

log = logging.getLogger(__name__)


def analyse_video(
    path: Path,
    head: HeadModel,
    settings: Settings,
    *,
    device: str = "auto",
    face: int = ANY_FACE,
    live: bool = False,
    sha256: str | None = None,
    probed: ProbedVideo | None = None,
    on_progress: OnProgress = ignore,
) -> Analysis:
    """From a video to a session: follow a face, fit the head to it.

    Args:
        path: The video.
        head: The head, its landmarks placed.
        settings: Of all stages; kept with the session.
        device: "auto", "cpu" or "cuda".
        face: Which face, from 1; 0 takes the one seen longest.
        live: Whether reports carry a `PartialFit` of the newest frames, for a window.
        sha256: Of the video's file where it is known already; None computes it.
        probed: The video as it has been checked, read as `settings` say; None opens it.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The file is no video that can be read, or the face or device is not there.
        MismatchError: The settings ask for more directions than the head has.
        TooLittleError: Too few frames have a face.
    """
    # what is the same for all recordings of a head is worked out while the face is followed
    with ThreadPoolExecutor(1, "fitter") as pool:
        fitter = pool.submit(fitter_of, head, settings, device)
        video = follow_video(
            path,
            head,
            settings,
            device=device,
            face=face,
            live=live,
            sha256=sha256,
            probed=probed,
            on_progress=on_progress,
        )
        return fit_face(
            video,
            head,
            settings,
            device=device,
            face=face,
            fitter=fitter.result(),
            on_progress=on_progress,
        )


def fitter_of(head: HeadModel, settings: Settings, device: str) -> Fitter:
    """The head made ready for `fit_face`, in one thread as the fit itself.

    Raises:
        InputError: The head has no landmark table, or the device is not there.
        MismatchError: The settings ask for more directions than the head has.
    """
    head = truncate(head, settings.fit.n_shape, settings.fit.n_expression)
    with one_thread():
        return make_fitter(head, settings.fit_of_landmarks, device)


def follow_video(
    path: Path,
    head: HeadModel,
    settings: Settings,
    *,
    device: str = "auto",
    face: int = ANY_FACE,
    live: bool = False,
    sha256: str | None = None,
    probed: ProbedVideo | None = None,
    on_progress: OnProgress = ignore,
) -> FollowedVideo:
    """The first half of `analyse_video`, for all faces at once: one pass over the pixels.

    Args:
        path: The video.
        head: The head for the live view, and that will be fitted.
        settings: Of all stages.
        device: "auto", "cpu" or "cuda".
        face: Which face the live view shows, from 1; 0 shows the one seen longest so far.
        live: Whether reports carry a `PartialFit` of the newest frames, for a window.
        sha256: Of the video's file where it is known already; None computes it.
        probed: The video as it has been checked, read as `settings` say; None opens it.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The file is no video that can be read, or the device is not there.
        MismatchError: The settings ask for more directions than the head has.
    """
    started = time.perf_counter()
    place = choose_device(device)  # a device that is not there is told before the long work
    head = truncate(head, settings.fit.n_shape, settings.fit.n_expression)
    if probed is None or not probed.is_current:
        probed = ProbedVideo.of(path, settings.video)
    info = probed.info
    sha256 = sha256 or sha256_of_video(path, on_progress)
    live_fit = LiveFit(head, settings.fit_of_landmarks, device) if live else None
    following = track_faces(probed.frames(), info, settings.landmarks, device=place)
    with closing(following) as found_faces:
        tracks = _collect(info, found_faces, face, live_fit, on_progress)
    notes = video_notes(info, tracks.seconds, tracks.damaged, tracks.zooms)
    for note in notes:
        log.warning("'%s': %s", path.name, note)
    info = replace(info, notes=notes)
    return FollowedVideo(info, sha256, tracks, time.perf_counter() - started)


def fit_face(
    video: FollowedVideo,
    head: HeadModel,
    settings: Settings,
    *,
    device: str = "auto",
    face: int = ANY_FACE,
    fitter: Fitter | None = None,
    on_progress: OnProgress = ignore,
) -> Analysis:
    """The second half of `analyse_video`: fit the head to one of the faces.

    Args:
        video: The video, followed.
        head: The head, its landmarks placed.
        settings: Of all stages; kept with the session.
        device: "auto", "cpu" or "cuda".
        face: Which face, from 1; 0 takes the one seen longest.
        fitter: Of this head and these settings where it is made already (`fitter_of`).
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: There is no such face or device; or the optical flow is asked for, and the
            video is gone.
        MismatchError: The settings ask for more directions than the head has, or the video has
            changed.
        TooLittleError: The face is seen in too few frames.
    """
    started = time.perf_counter()
    head = truncate(head, settings.fit.n_shape, settings.fit.n_expression)
    number = video.tracks.number_of(face)
    landmarks = video.tracks.track(number)
    several = len(video.tracks.zooms) > 1
    alike = landmarks.in_own_cameras() if several else landmarks
    pictures = None
    if settings.landmarks.optical_flow:
        decode = ProbedVideo.of(video.info.path, settings.video).frames
        pictures = FaceVideo(decode, alike, landmarks.zoom if several else None)
    fit = fit_session(
        head,
        alike,
        settings.fit_of_landmarks,
        device=device,
        fitter=fitter,
        pictures=pictures,
        on_progress=on_progress,
    )
    session = make_session(video, number, head, landmarks, fit, settings)
    note = faces_note(video, number, settings)
    if note:
        session = replace(session, info=replace(session.info, notes=(*session.info.notes, note)))
    spent = time.perf_counter() - started
    timing = {
        "landmarks": video.seconds_spent,
        "fit": spent,
        "total": video.seconds_spent + spent,
    }
    return Analysis(video, number, session, landmarks, fit, timing)


def _as_shown(part: PartialFit, image: ByteArray, *, mirrored: bool) -> PartialFit:
    """A partial fit with its picture, which is shown as a player shows it."""
    if not mirrored:
        return replace(part, image=image)
    points = mirror_points(part.points, image.shape[1])
    return replace(part, image=np.ascontiguousarray(image[:, ::-1]), points=points)


def _collect(
    info: VideoInfo,
    found: Iterable[FrameFaces],
    face: int,
    live: LiveFit | None,
    on_progress: OnProgress,
) -> TrackCollector:
    collector = TrackCollector(info)
    for faces in found:
        collector.add(faces)
        if collector.n_frames % BLOCK_FRAMES == 0:
            partial = None
            if live is not None:
                part = live.fit(collector.newest(BLOCK_FRAMES, face))
                partial = _as_shown(part, faces.frame.image, mirrored=info.mirrored)
            on_progress(Progress(FOLLOWING, collector.n_frames, info.n_frames, partial))
    return collector
