"""Opening of recordings: found in folders, videos fitted, sessions and measurements read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.device import use_threads
from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import InputError
from facedyn_app.landmarks.collect import ANY_FACE
from facedyn_app.library.folder_scan import STILLS, FolderScan
from facedyn_app.library.importers import MOST_SAID, VIDEO, VIDEO_ENDINGS
from facedyn_app.library.visit_dates import date_in, with_day
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import VideoInfo
from facedyn_app.settings import Settings, VideoSettings
from facedyn_app.video import probe_video
from facedyn_app.workflows.analyse import analyse_video, fit_face, follow_video
from facedyn_app.workflows.heads import head_of_session, known_flame_file, ready_head
from facedyn_app.workflows.kept import kept_recording
from facedyn_app.workflows.recording_content import content_with_progress
from facedyn_app.workflows.recordings import (
    GLB_ENDING,
    SESSION_ENDING,
    TABLE_ENDINGS,
    Form,
    form_of,
    read_one_kept,
)
from facedyn_app.workflows.records import Analysis, KeptIn, Recording, recording_key

STAGES: Final = {"landmarks": "Following took", "fit": "Fitting took", "total": "All took"}
VIDEOS: Final = tuple(sorted(VIDEO_ENDINGS))
MEASURED: Final = tuple(sorted({*TABLE_ENDINGS, SESSION_ENDING, GLB_ENDING}))


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to open.

    Attributes:
        videos: In the order in which they are to be analysed.
        measured: Session files and other programs' measurements, in their order.
        folder: The folder that was searched; None for a single recording.
        passed_over: What else is in the folder: the path and why it is not opened.
        days: Of which day each of those is that lie in the folder of a dated visit.
    """

    videos: tuple[Path, ...]
    measured: tuple[Path, ...]
    folder: Path | None = None
    passed_over: tuple[tuple[Path, str], ...] = ()
    days: Mapping[Path, date] = field(default_factory=dict)


def find_recordings(path: Path, on_progress: OnProgress) -> Found:
    """Say what a file is, or list the recordings of a folder by their names."""
    if path.is_dir():
        return _inside(path, on_progress)
    return Found((path,), ()) if form_of(path) is Form.VIDEO else Found((), (path,))


def _inside(folder: Path, on_progress: OnProgress) -> Found:
    scan = FolderScan(content_with_progress(on_progress))
    kinds = dict(scan.recordings(folder))
    passed_over = (*scan.left_out, *scan.passed_over)
    if not kinds:
        raise InputError(
            f"There is no video in the folder '{folder}', and no other program's measurement.",
            " ".join(sentence for _, sentence in passed_over[:MOST_SAID])
            or "Choose the folder that holds the recordings.",
        )
    videos = sorted(path for path, kind in kinds.items() if kind in (VIDEO, STILLS))
    measured = sorted(kinds.keys() - set(videos))
    days = {path: day for path in kinds if (day := _day_of(path, folder)) is not None}
    return Found(tuple(videos), tuple(measured), folder, passed_over, days)


def _day_of(path: Path, folder: Path) -> date | None:
    """The day that the name of a folder tells which a recording lies in, from `folder` on."""
    inner = path if path.is_dir() else path.parent
    names = (folder.name, *inner.relative_to(folder).parts)
    return next((day for name in names if (day := date_in(name)) is not None), None)


def open_kept_or_fit(
    path: Path,
    face: int,
    reading: VideoSettings | None,
    day: date | None,
    head_name: Callable[[], str],
    library: Path,
    settings: Settings,
    on_progress: OnProgress,
) -> Recording:
    """The session that a library has of a video already, or else as `open_video`.

    Args:
        path: The video.
        face: Which of its faces, from 1; 0 takes the main one, or the one that was kept.
        reading: How the video is read, where that was chosen for it: it is fitted, then.
        day: Of its visit, where its folder tells.
        head_name: Gives the head's id when the work begins.
        library: Folder of the library; there may be none.
        settings: Of all stages.
        on_progress: Called several times a second; may raise Cancelled.
    """
    name = head_name()
    on_progress(Progress("looking into the library", 0))
    kept = None
    if not reading:
        kept = kept_recording(path, face, name, library, settings, on_progress)
    if kept is not None:
        return kept
    return open_video(path, face, reading, day, lambda: name, settings, on_progress)


def open_video(
    path: Path,
    face: int,
    reading: VideoSettings | None,
    day: date | None,
    head_name: Callable[[], str],
    settings: Settings,
    on_progress: OnProgress,
) -> Recording:
    """Fit a head to a video, showing it as it goes.

    Args:
        path: The video.
        face: Which of its faces, from 1; 0 takes the main one.
        reading: How the video is read, where that was chosen for it.
        day: Of its visit, where its folder tells.
        head_name: Gives the head's id when the work begins: one that is chosen before that counts.
        settings: Of all stages.
        on_progress: Called several times a second; may raise Cancelled.
    """
    use_threads(settings.machine.threads)
    settings = replace(settings, video=reading or settings.video)
    head = ready_head(head_name(), on_progress)
    device = settings.machine.device
    analysis = analyse_video(
        path, head, settings, device=device, face=face, live=True, on_progress=on_progress
    )
    return _with(recording_of(analysis, settings), reading, day)


def _with(recording: Recording, reading: VideoSettings | None, day: date | None) -> Recording:
    """A recording with what was chosen for it, and with the day of its visit."""
    session = with_day(recording.session, day)
    return replace(recording, session=session, reading=reading, day=day)


def describe_video(path: Path, settings: VideoSettings, on_progress: OnProgress) -> VideoInfo:
    """What a video says of itself, its films among it.

    Raises:
        InputError: It cannot be read.
    """
    on_progress(Progress("opening the video", 0))
    return probe_video(path, settings)


def open_measured(
    path: Path,
    day: date | None,
    head_name: Callable[[], str],
    settings: Settings,
    on_progress: OnProgress,
) -> Recording:
    """Read a session file or another program's measurement.

    Args:
        path: The file or folder.
        day: Of its visit, where its folder tells.
        head_name: Gives the chosen head's id, which names the FLAME file of FLAME parameters.
        settings: Of all stages.
        on_progress: Called several times a second; may raise Cancelled.
    """
    on_progress(Progress("reading", 0))
    session = with_day(read_one_kept(path, None, known_flame_file(head_name())), day)
    return Recording(
        key=str(path),
        title=path.name,
        session=session,
        quality=assess_quality(session, settings.trust),
        kept_in=KeptIn(path) if form_of(path) is Form.SESSION else None,
        day=day,
    )


def fit_other_face(
    recording: Recording, face: int, settings: Settings, on_progress: OnProgress
) -> Recording:
    """Fit another face of a recording's video with the same head."""
    if recording.followed is None:
        return recording
    use_threads(settings.machine.threads)
    head = head_of_session(recording.session, on_progress)
    device = settings.machine.device
    analysis = fit_face(
        recording.followed, head, settings, device=device, face=face, on_progress=on_progress
    )
    return _with(recording_of(analysis, settings), recording.reading, recording.day)


def find_landmarks(recording: Recording, settings: Settings, on_progress: OnProgress) -> Recording:
    """Find the landmarks of a recording of which only the session was kept."""
    if recording.video is None:
        return recording
    film = replace(recording.reading or settings.video, stream=recording.session.stream)
    settings = replace(settings, video=film)
    video = follow_video(
        recording.video, ready_head(DEFAULT_HEAD), settings, on_progress=on_progress
    )
    number = video.tracks.number_of(recording.session.info.face or ANY_FACE)
    return replace(
        recording,
        landmarks=video.tracks.track(number),
        info=video.info,
        timing=((STAGES["landmarks"], f"{video.seconds_spent:.1f} s"),),
    )


def recording_of(analysis: Analysis, settings: Settings) -> Recording:
    """All that is known of a face that has just been fitted."""
    path, number = analysis.info.path, analysis.face
    least = settings.trust.min_seen_seconds
    faces = [
        face
        for face in analysis.video.tracks.faces()
        if face.seconds >= least or face.number == number
    ]
    n_frames = len(analysis.session.motion.seconds)
    timing = [
        (STAGES.get(stage, stage), f"{spent:.1f} s") for stage, spent in analysis.timing.items()
    ]
    if analysis.timing.get("fit"):
        timing.append(("Fit speed", f"{n_frames / analysis.timing['fit']:.0f} frames/s"))
    return Recording(
        key=recording_key(analysis.video, number),
        title=f"{path.name}, face {number}" if len(faces) > 1 else path.name,
        session=analysis.session,
        quality=assess_quality(analysis.session, settings.trust),
        video=path,
        info=analysis.info,
        landmarks=analysis.landmarks,
        followed=analysis.video,
        face=number,
        faces=tuple(faces),
        timing=tuple(timing),
    )
