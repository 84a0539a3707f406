"""Export of a corpus as a store that recognizers are trained from (`library.training_store`)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from facedyn_app.errors import InputError, OutputError, TooLittleError
from facedyn_app.files import atomic_folder
from facedyn_app.library.database import is_library
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.session_file import load_session
from facedyn_app.library.training_store import write_store
from facedyn_app.path_checks import check_output_folder
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import Session
from facedyn_app.workflows.split import consenting_sessions

STAGE = "writing motion"


@dataclass(frozen=True, slots=True)
class WrittenStore:
    """A store that was written.

    Attributes:
        n_sessions: Sessions in it.
        n_speakers: Their speakers.
        n_bytes: Bytes of all its files.
        simulated: Whether all of them are simulated.
    """

    n_sessions: int
    n_speakers: int
    n_bytes: int
    simulated: bool


def export_tracks(source: Path, out: Path, on_progress: OnProgress) -> WrittenStore:
    """Write the sessions of a library that may be trained on, or of a folder; whole or not at all.

    Args:
        source: A library; or a folder of folders, one a speaker, with session files.
        out: A new folder, or an empty one.
        on_progress: Called for every session; may raise Cancelled.

    Raises:
        ConsentError: Nobody in the library has consented to training.
        InputError: There is neither, or a session cannot be read.
        OutputError: The folder cannot be written, or holds something already.
        TooLittleError: There is no session of a speaker.
    """
    check_output_folder(out)
    with ExitStack() as stack:
        entries: list[SessionEntry]
        load: Callable[[SessionEntry], Session]
        if is_library(source):
            library = stack.enter_context(Library.open(source, create=False))
            entries, load = consenting_sessions(library), library.load
        else:
            entries, load = (
                _entries_of(source, on_progress),
                lambda one: load_session(source / one.file_name),
            )
        if not entries:
            raise TooLittleError(f"There is no session of a speaker in '{source}'.")
        try:
            with atomic_folder(out) as unfinished:
                for n_done in write_store(unfinished, entries, load):
                    on_progress(Progress(STAGE, n_done, len(entries)))
                n_bytes = sum(path.stat().st_size for path in unfinished.iterdir())
        except OSError as error:
            raise OutputError(
                f"The folder '{out}' cannot be written: {error.strerror or error}.",
                "Choose a place with more room.",
            ) from error
        if is_library(source):
            library.audit.record("export", f"motion of {len(entries)} sessions for training")
    return WrittenStore(
        len(entries),
        len({entry.speaker for entry in entries}),
        n_bytes,
        all(entry.simulated for entry in entries),
    )


def _entries_of(folder: Path, on_progress: OnProgress) -> list[SessionEntry]:
    """The session files of a folder of folders, each read once for what it says of itself."""
    if not folder.is_dir():
        raise InputError(f"'{folder}' is neither a library nor a folder.", "Check its name.")
    paths = sorted(folder.glob("*/*.npz"))
    entries = []
    for number, path in enumerate(paths):
        on_progress(Progress("looking at sessions", number, len(paths)))
        session = load_session(path)
        seconds = session.motion.seconds
        entries.append(
            SessionEntry(
                id=number + 1,
                name=path.stem,
                speaker=path.parent.name,
                enrolled=True,
                head_id=session.head_id,
                source_name=None,
                source_sha256=None,
                recorded_at=session.info.recorded_at,
                added_at=datetime.fromtimestamp(0, UTC),
                n_frames=len(seconds),
                n_valid=int(session.motion.valid.sum()),
                seconds=float(seconds[-1] - seconds[0]) if len(seconds) else 0.0,
                simulated=session.simulated,
                file_name=path.relative_to(folder).as_posix(),
            )
        )
    return entries
