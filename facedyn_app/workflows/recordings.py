"""Recordings as the user names them: videos, session files, other programs' measurements."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.errors import FacedynError, InputError
from facedyn_app.files import file_name, sha256_of
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.importers import VIDEO_ENDINGS
from facedyn_app.library.session_file import load_session
from facedyn_app.npz import npz_names
from facedyn_app.path_checks import check_input_file, naming
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import Session, SourceFile, without_file_name
from facedyn_app.settings import Settings
from facedyn_app.tracks.flame import FlameFile
from facedyn_app.tracks.reading import Kind, kind_of, only_session, read_sessions
from facedyn_app.workflows.options import FitOptions

if TYPE_CHECKING:
    from facedyn_app.video import ProbedVideo

SESSION_ENDING, GLB_ENDING = ".npz", ".glb"
TABLE_ENDINGS = frozenset({".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".npy", ".pkl"})
"""What is a table by its name, so that the sentence on one that is unknown speaks of tables."""

log = logging.getLogger(__name__)


class Form(StrEnum):
    """What a recording is."""

    VIDEO = "video"
    SESSION = "session"
    TRACK = "track"


def form_of(path: Path) -> Form:
    """What a recording is, by what is in it; the unknown passes for what its name says."""
    ending = path.suffix.lower()
    if ending in VIDEO_ENDINGS:
        return Form.VIDEO
    try:
        is_track = track_kind(path) is not None
    except InputError:  # said where it is read
        is_track = False
    if is_track or ending in TABLE_ENDINGS:
        return Form.TRACK
    return Form.SESSION if ending == SESSION_ENDING else Form.VIDEO


def track_kind(path: Path) -> Kind | None:
    """Whose measurement a file or folder is; None for a video, a session file, anything else.

    Raises:
        InputError: It cannot be opened, or is a table that no program writes.
    """
    if path.suffix.lower() in VIDEO_ENDINGS:
        return None
    if path.suffix.lower() == SESSION_ENDING and path.is_file() and _has_meta(path):
        return None
    return kind_of(path)


def _has_meta(path: Path) -> bool:
    try:
        return "meta" in npz_names(path)
    except ValueError:
        return False


def named_flame_file(options: FitOptions, paths: Sequence[Path]) -> FlameFile | None:
    """The FLAME file that is named for FLAME parameters among recordings, if there are any.

    Raises:
        InputError: It cannot be used.
        MismatchError: It is a head of another family.
    """
    if options.head in (None, DEFAULT_HEAD) or not any(map(_is_flame, paths)):
        return None
    from facedyn_app.workflows.heads import flame_file  # slow to import

    return flame_file(options.head)


def _is_flame(path: Path) -> bool:
    try:
        return track_kind(path) is Kind.FLAME
    except InputError:  # said where it is read
        return False


def is_video(path: Path) -> bool:
    """Whether a recording has to be analysed."""
    return form_of(path) is Form.VIDEO


def check_recording(path: Path, options: FitOptions) -> ProbedVideo | None:
    """Make sure that a recording can be read, before the long work begins.

    Args:
        path: The recording.
        options: How it is read.

    Returns:
        What it was found to be; None for what needs no fit.

    Raises:
        InputError: It is missing, or none of any kind.
        TooLittleError: Another program's measurement has no row that can be used.
    """
    check_input_file(path, "recording")
    if is_video(path):
        return _probe(path, options)
    read_one_kept(path, None, None)
    return None


def check_before_reading(path: Path, options: FitOptions) -> ProbedVideo | None:
    """As `check_recording`, where it is read next: what needs no fit is not read twice.

    Raises:
        InputError: It is missing, or a video that cannot be read.
    """
    check_input_file(path, "recording")
    return _probe(path, options) if is_video(path) else None


def _probe(path: Path, options: FitOptions) -> ProbedVideo:
    from facedyn_app.video import ProbedVideo  # slow to import

    return ProbedVideo.of(path, options.video)


def read_recording(
    path: Path,
    head: HeadModel | None,
    options: FitOptions,
    settings: Settings,
    on_progress: OnProgress,
    sha256: str | None = None,
    probed: ProbedVideo | None = None,
) -> Session:
    """The session of a recording; a video is analysed for it.

    Args:
        path: The recording.
        head: The head for videos; None where there is none among the recordings.
        options: How a video is analysed.
        settings: Of all stages.
        on_progress: Called several times a second; may raise Cancelled.
        sha256: Of a video's file where it is known already; None computes it.
        probed: A video as it has been checked with the same options; None opens it.

    Raises:
        InputError: The recording cannot be read.
        TooLittleError: Too few frames have a face.
    """
    with naming(path):
        if is_video(path):
            from facedyn_app.workflows.analyse import analyse_video  # slow to import
            from facedyn_app.workflows.session_record import faces_note

            if head is None:
                raise ValueError("a video needs a head")
            analysis = analyse_video(
                path,
                head,
                replace(settings, video=options.video),
                device=options.device,
                face=options.face,
                sha256=sha256,
                probed=probed,
                on_progress=on_progress,
            )
            note = faces_note(analysis.video, analysis.face, settings)
            if note:
                log.warning("'%s': %s", path.name, note)
            return analysis.session
        session = read_one_kept(path, options.fps, named_flame_file(options, [path]))
    for note in session.info.notes:
        log.warning("'%s': %s", path.name, note)
    return session if settings.privacy.file_names else without_file_name(session)


def names_apart(paths: Sequence[Path]) -> list[str]:
    """The files' names, each with as many of its folders as it takes to tell them apart.

    Visits lie in a folder each as often as not, and their files bear the same name.
    """
    waiting = {path.absolute() for path in paths}
    names: dict[Path, str] = {}
    n_parts = 1
    while waiting:
        tails = {path: path.parts[-n_parts:] for path in waiting}
        counts = Counter(tails.values())
        n_parts += 1
        alone = {path for path, tail in tails.items() if counts[tail] == 1}
        names |= {path: str(Path(*tails[path])) for path in alone}
        waiting -= alone
    return [names[path.absolute()] for path in paths]


def numbered(on_progress: OnProgress, path: Path, number: int, n_paths: int) -> OnProgress:
    """Name the recording in the reports about it, and which of several it is."""
    which = f", {number} of {n_paths}" if n_paths > 1 else ""

    def named(progress: Progress) -> None:
        on_progress(replace(progress, stage=f"{path.name}{which}: {progress.stage}"))

    return named


def read_kept(
    paths: Sequence[Path], fps: float | None = None, flame: FlameFile | None = None
) -> tuple[Session, ...]:
    """The sessions of a recording that needs no fit, one a face; each knows where it is from.

    Args:
        paths: A session file, or the files of another program's measurement.
        fps: Frame rate where a measurement has no times.
        flame: The FLAME file that FLAME parameters belong to.

    Raises:
        InputError: A file cannot be read or is damaged.
        MismatchError: The files do not go together, or not with the FLAME file.
        TooLittleError: No row holds a measurement.
    """
    if len(paths) > 1 or form_of(paths[0]) is Form.TRACK:
        return read_sessions(paths, fps, flame)
    return (_read_session_file(paths[0]),)


def read_one_kept(path: Path, fps: float | None, flame: FlameFile | None) -> Session:
    """As `read_kept`, of a recording in which one face is expected.

    Raises:
        InputError: It has several faces, or what `read_kept` raises.
    """
    if form_of(path) is Form.TRACK:
        return only_session(read_sessions([path], fps, flame), path)
    return _read_session_file(path)


def _read_session_file(path: Path) -> Session:
    session = load_session(path)
    if session.info.source is not None:
        return session
    # a simulated session comes from no video: the file itself says which one it is
    source = SourceFile(file_name(path), sha256_of(path))
    return replace(session, info=replace(session.info, source=source))


def holds_motion(path: Path) -> bool:
    """Whether an npz file is a session or parameters, not a head; what cannot be told is none."""
    try:
        names = npz_names(path)
    except (ValueError, FacedynError):
        return False
    return {"seconds", "expression"} <= names or track_kind(path) is not None
