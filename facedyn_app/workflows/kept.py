"""Kept sessions and their videos: found again by content, so that nothing is fitted twice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from facedyn_app.dynamics.session_qc import assess_quality
from facedyn_app.errors import InputError
from facedyn_app.library.database import is_library
from facedyn_app.library.importers import VIDEO_ENDINGS
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.videos import Relinked, find_video, relink_videos
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.settings import Settings
from facedyn_app.workflows.records import KeptIn, Recording


def relink(place: Path, folder: Path, on_progress: OnProgress = ignore) -> Relinked:
    """Find the videos of a library's sessions again, after they moved.

    Args:
        place: A folder, whose videos are looked at with those in its folders; or one file.
        folder: The library.
        on_progress: Told of every file; may raise Cancelled.

    Raises:
        InputError: There is no such place or library.
        OutputError: The library cannot be written.
    """
    if not place.exists():
        raise InputError(f"There is no file or folder '{place}'.", "Check the name.")
    with Library.open(folder, create=False) as library:
        return relink_videos(library, _videos_in(place), on_progress)


def _videos_in(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        yield place
        return
    for folder, _, names in os.walk(place):  # what is taken away meanwhile is passed over
        for path in (Path(folder, name) for name in names):
            if path.suffix.lower() in VIDEO_ENDINGS:
                yield path


def with_video(recording: Recording, library: Library, entry: SessionEntry) -> Recording:
    """A session's recording with its video, where that can be found and read."""
    place = find_video(library, entry)
    return recording if place is None else _shown(recording, place)


def _shown(recording: Recording, video: Path) -> Recording:
    from facedyn_app.video import probe_video  # slow to import

    settings = replace(Settings().video, stream=_stream(recording))
    try:
        return replace(recording, video=video, info=probe_video(video, settings))
    except InputError:
        return recording


def _stream(recording: Recording) -> int:
    stream = recording.session.info.stream
    return -1 if stream is None else stream


def kept_recording(
    path: Path,
    face: int,
    head_id: str,
    folder: Path,
    settings: Settings,
    on_progress: OnProgress = ignore,
) -> Recording | None:
    """The session that a library has of a video, shown with it; None where it has none.

    Args:
        path: The video.
        face: Which of its faces, from 1; 0 takes the one that was kept first.
        head_id: The head that it would be fitted with; sessions of others do not count.
        folder: The library; there may be none.
        settings: Of all stages.
        on_progress: Told of the reading of the video; may raise Cancelled.

    Raises:
        InputError: The library or the video cannot be read.
    """
    from facedyn_app.video import ProbedVideo, sha256_of_video  # slow to import

    if not is_library(folder):
        return None
    with Library.open(folder, create=False) as library:
        alike = [entry for entry in library.sessions() if entry.head_id == head_id]
        if not any(entry.source_sha256 for entry in alike):
            return None
        ProbedVideo.of(path, settings.video)  # what is no video is told before it is read whole
        sha256 = sha256_of_video(path, on_progress)
        for entry in alike:
            if entry.source_sha256 == sha256 and entry.speaker is not None:
                recording = _kept(library, entry, path, face, settings)
                if recording is not None:
                    return recording
    return None


def _kept(
    library: Library, entry: SessionEntry, path: Path, face: int, settings: Settings
) -> Recording | None:
    try:
        session = library.load(entry)
    except InputError:  # it is fitted anew
        return None
    number = session.info.face or 1
    if face not in (0, number):
        return None
    recording = Recording(
        key=str(path),
        title=path.name if number == 1 else f"{path.name}, face {number}",
        session=session,
        quality=assess_quality(session, settings.trust),
        kept=f"session '{entry.name}' of '{entry.speaker}'",
        kept_in=KeptIn(library.folder, entry.id),
    )
    shown = _shown(recording, path)
    if shown.video is None:
        return None
    library.audit.record("open", f"session {entry.id}")
    return shown
