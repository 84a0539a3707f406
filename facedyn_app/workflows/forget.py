"""Forgetting of a speaker or a session: in the library, the log, the window's memory; then proven.

The proof is a search for name, hashes, embeddings and motion through the library and all folders
that the program writes on this machine: its cache, its configuration, its log and its temporary
files. What others were given, exports and recognizers elsewhere, is not known to the program.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from facedyn_app.errors import InputError, OutputError
from facedyn_app.folders import config_folder, head_cache, log_file
from facedyn_app.library.forgetting import (
    ForgetPlan,
    check_no_training,
    forget,
    names_speaker,
    plan_forget,
)
from facedyn_app.library.library import Library
from facedyn_app.library.names import Erasure
from facedyn_app.library.session_store import delete_folder
from facedyn_app.library.traces import Search, search_traces
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.workflows.consent import expired_speakers
from facedyn_app.workflows.library import list_library
from facedyn_app.workflows.records import LibrarySnapshot
from facedyn_app.workflows.speakers import find_session


@dataclass(frozen=True, slots=True, eq=False)
class Forgotten:
    """What has gone.

    Attributes:
        speaker: The person; None where a session alone was forgotten.
        n_sessions: Sessions that have gone.
        recognizers: Recognizers that have learnt from them and now say so.
        search: The search for what is left.
    """

    speaker: str | None
    n_sessions: int
    recognizers: tuple[str, ...]
    search: Search


def what_goes(
    folder: Path, speaker: str | None, session: str | None, _on_progress: OnProgress = ignore
) -> ForgetPlan:
    """What goes when a speaker, or a session by its key, is forgotten.

    Raises:
        InputError: There is no such library, speaker or session; or both or neither are named.
    """
    if (speaker is None) == (session is None):
        raise InputError("Name a speaker or a session to forget.", "Give NAME, or --session KEY.")
    with Library.open(folder, create=False) as library:
        if speaker is not None:
            return plan_forget(library, speaker)
        return plan_forget(library, find_session(library, str(session)))


def forget_for_good(
    folder: Path, speaker: str | None, session: str | None, on_progress: OnProgress
) -> Forgotten:
    """Forget a speaker or a session, and search for what is left; there is no way back.

    Args:
        folder: The library.
        speaker: The speaker's name, or None.
        session: A session's key, or None.
        on_progress: Told of every file that is searched; stopping there stops the search alone.

    Raises:
        InputError: As `what_goes`; or a training on the person runs, or the library is in use.
        OutputError: A file cannot be deleted or written; what is left can be forgotten again.
    """
    plan = what_goes(folder, speaker, session)
    check_no_training(plan)
    erasure = plan.traces.erasure
    for path in sorted(log_file().parent.glob(f"{log_file().name}*")):
        _rewrite(path, erasure.apply)
    for path in sorted(config_folder().glob("*.ini")):
        _rewrite(path, lambda text: _without_entries(text, erasure))
    for path in _temporary("facedyn-train-*"):
        if plan.speaker is not None and names_speaker(path, plan.speaker):
            delete_folder(path)
    with Library.open(folder, create=False) as library:
        forget(library, plan)
        opened = (library.files, library.keys)
    search = search_traces(searched_folders(folder), plan.traces, on_progress, opened)
    names = tuple(path.name for path in plan.recognizers)
    return Forgotten(plan.speaker, len(plan.sessions), names, search)


def forget_listed(
    folder: Path, speaker: str | None, session: str | None, on_progress: OnProgress
) -> tuple[LibrarySnapshot, Forgotten]:
    """As `forget_for_good`; returns what the library holds then, too."""
    forgotten = forget_for_good(folder, speaker, session, on_progress)
    return list_library(folder, on_progress), forgotten


def what_goes_with_ended(folder: Path, _on_progress: OnProgress = ignore) -> list[str]:
    """What goes when everybody of whose consent nothing holds any more is forgotten, in lines.

    Raises:
        InputError: There is no such library.
    """
    return [line for name in _ended(folder) for line in what_goes(folder, name, None).lines()]


def forget_ended(folder: Path, on_progress: OnProgress) -> list[Forgotten]:
    """Forget everybody of whose consent nothing holds any more; there is no way back.

    Raises:
        FacedynError: As `forget_for_good`; who was forgotten before stays forgotten.
    """
    return [forget_for_good(folder, name, None, on_progress) for name in _ended(folder)]


def forget_ended_listed(
    folder: Path, on_progress: OnProgress
) -> tuple[LibrarySnapshot, list[Forgotten]]:
    """As `forget_ended`; returns what the library holds then, too."""
    forgotten = forget_ended(folder, on_progress)
    return list_library(folder, on_progress), forgotten


def _ended(folder: Path) -> list[str]:
    return [one.name for one in expired_speakers(folder) if one.agreed.has_ended()]


def searched_folders(library: Path) -> list[Path]:
    """Where the program may have left something: the library, and its folders on this machine."""
    own = [head_cache().parent, config_folder(), log_file().parent]
    return [library, *own, *_temporary("facedyn*")]


def _temporary(pattern: str) -> list[Path]:
    return sorted(Path(tempfile.gettempdir()).glob(pattern))


def _without_entries(text: str, erasure: Erasure) -> str:
    """Settings of the window without entries of lists, such as recent files, that name somebody."""
    kept = []
    for line in text.splitlines(keepends=True):
        key, equals, value = line.rstrip("\r\n").partition("=")
        entries = value.split(", ")
        left = [entry for entry in entries if not erasure.found(entry)]
        if not equals or len(left) == len(entries):
            kept.append(line)
        elif left:
            kept.append(f"{key}={', '.join(left)}\n")
    return "".join(kept)


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    """Change a text in its place: a program that has it open goes on with the same file."""
    try:
        with path.open("r+", encoding="utf-8", errors="surrogateescape", newline="") as file:
            text = file.read()
            changed = change(text)
            if changed != text:
                file.seek(0)
                file.write(changed)
                file.truncate()
    except FileNotFoundError:  # another program's log has been put aside, or is gone
        return
    except OSError as error:
        raise OutputError(
            f"The file '{path}' cannot be written: {error.strerror or error}.",
            "Make it writable and try again; nothing has been forgotten yet.",
        ) from error
