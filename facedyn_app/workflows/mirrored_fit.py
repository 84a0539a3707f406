"""Fit of a recording's mirror image, by which its own left-right difference is measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from facedyn_app.device import use_threads
from facedyn_app.errors import InputError, MismatchError
from facedyn_app.landmarks.collect import ANY_FACE
from facedyn_app.path_checks import naming
from facedyn_app.progress import OnProgress
from facedyn_app.records import Session
from facedyn_app.settings import Settings
from facedyn_app.video import probe_video
from facedyn_app.workflows.analyse import analyse_video
from facedyn_app.workflows.heads import head_of_session
from facedyn_app.workflows.records import Recording


def fit_mirror_image(recording: Recording, settings: Settings, on_progress: OnProgress) -> Session:
    """Fit a recording's video once more, its pictures exchanged left for right.

    Args:
        recording: The recording; its video is at hand.
        settings: Of all stages; how the recording's video is read, and how its landmarks were
            made, go before theirs.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: There is no video, or it or the head cannot be read.
        MismatchError: The video is read with other frames than the recording has.
        TooLittleError: Too few frames have a face.
    """
    if recording.video is None:
        raise InputError(
            "The mirror image needs the video, and only the session is at hand.",
            "Open the video, or find it again with File > Find videos…",
        )
    session = recording.session
    film = replace(recording.reading or settings.video, stream=session.stream)
    # sides that are fitted in two ways would differ by that alone
    landmarks = replace(
        settings.landmarks, mirrored_mean=session.mirrored_mean, optical_flow=session.optical_flow
    )
    use_threads(settings.machine.threads)
    with naming(recording.video):
        read_mirrored = probe_video(recording.video, film).mirrored
        if read_mirrored == session.mirrored:
            film = replace(film, mirrored_pixels=not film.mirrored_pixels)
        analysis = analyse_video(
            recording.video,
            head_of_session(session, on_progress),
            replace(settings, video=film, landmarks=landmarks),
            device=settings.machine.device,
            face=recording.face or session.info.face or ANY_FACE,
            on_progress=on_progress,
        )
    mirrored = analysis.session
    if len(mirrored.motion.seconds) != len(session.motion.seconds):
        raise MismatchError(
            "The mirror image was read with other frames than the recording.",
            "Session > Fit face again fits the recording as the settings say now; then try again.",
        )
    return mirrored


def mirror_among(session: Session, others: Iterable[Session]) -> Session | None:
    """The fit of a recording's mirror image, frame by frame the same; None where none is there."""
    n_frames = len(session.motion.seconds)
    return next(
        (
            one
            for one in others
            if one.is_mirror_image_of(session) and len(one.motion.seconds) == n_frames
        ),
        None,
    )
