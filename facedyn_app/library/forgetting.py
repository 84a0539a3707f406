"""Forgetting of a person or a session: all that a library holds of them, and of its recognizers.

Files go first and rows last: what is killed midway still knows the person and can be done again.
Recognizers that have learnt from the person stay, and say without a name that they did.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import select

from facedyn_app.errors import FacedynError, InputError
from facedyn_app.files import atomic_file
from facedyn_app.folder_files import PLAIN, FolderFiles
from facedyn_app.library import operations
from facedyn_app.library.embeddings import kept_of
from facedyn_app.library.integrity import unreferenced_files
from facedyn_app.library.library import Library
from facedyn_app.library.locks import holding
from facedyn_app.library.names import Erasure
from facedyn_app.library.privacy import own_only
from facedyn_app.library.records import SessionEntry
from facedyn_app.library.schema import SpeakerRow
from facedyn_app.library.session_store import delete_file, delete_folder
from facedyn_app.library.sweep import TRAINING
from facedyn_app.library.traces import Traces
from facedyn_app.npz import read_npz
from facedyn_app.recognizer.files import CONFIG, OLD_FILES
from facedyn_app.recognizer.reading import read_json
from facedyn_app.recognizer.track_files import INDEX, MOST_INDEX_BYTES
from facedyn_app.records import NAMELESS

TOKEN = 12
"""How many characters of a session file's name stand for it in a recognizer's training list."""
FORGOTTEN = "forgotten"
"""What stands in a training list for a session that was forgotten."""
_SAMPLE = 48
"""Bytes of an embedding or of motion that are looked for; no other measurement has the same."""


@dataclass(frozen=True, slots=True, eq=False)
class ForgetPlan:
    """What will go.

    Attributes:
        speaker: The person; None where a session alone is forgotten.
        sessions: Their sessions, or the one.
        recognizers: Recognizers that have learnt from them, which are marked.
        trainings: Folders of unfinished trainings with their motion.
        n_embeddings: Embeddings of them; what was derived of them with others goes as well.
        unreferenced: Session files of nobody, left by a program that was killed.
        traces: What is searched for afterwards.
    """

    speaker: str | None
    sessions: tuple[SessionEntry, ...]
    recognizers: tuple[Path, ...]
    trainings: tuple[Path, ...]
    n_embeddings: int
    unreferenced: tuple[Path, ...]
    traces: Traces

    def lines(self) -> list[str]:
        """The same in words, a line each."""
        found = [f"the speaker '{self.speaker}', with consent, tags and notes"] * bool(self.speaker)
        found += [f"the session #{one.id} '{one.name}', {one.date_words}" for one in self.sessions]
        found += [f"the unfinished training '{folder}'" for folder in self.trainings]
        if self.n_embeddings:
            found.append(f"{self.n_embeddings} embeddings, and what was derived of them")
        if self.unreferenced:
            found.append(f"{len(self.unreferenced)} session files that belong to nobody")
        found += [
            f"in the training list of the recognizer '{folder.name}': their sessions"
            for folder in self.recognizers
        ]
        found.append("what the queue, the audit trail, the log and the window's memory say of them")
        return found


def plan_forget(library: Library, of: str | SessionEntry) -> ForgetPlan:
    """What goes when a speaker, by name, or a session is forgotten.

    Raises:
        InputError: There is no such speaker, or something else is in the recognizers' place.
    """
    everything = library.sessions()
    if isinstance(of, str):
        speaker: str | None = operations.checked_name(of)
        sessions = library.sessions(of)
    else:
        speaker, sessions = None, [of]
    gone = {entry.id for entry in sessions}
    kept = [entry for entry in everything if entry.id not in gone]
    tokens = [entry.file_name[:TOKEN] for entry in sessions]
    owner = speaker if speaker is not None else sessions[0].speaker
    folders = library.recognizer_folders()
    return ForgetPlan(
        speaker,
        tuple(sessions),
        tuple(folder for folder in folders if _has_learnt(library, folder, tokens)),
        tuple(folder for folder in folders if _is_training(library, folder, owner)),
        len(kept_of(library, [entry.file_name for entry in sessions])),
        tuple(unreferenced_files(library)),
        Traces(
            _erasure(library, speaker, sessions, kept),
            _hashes(sessions, kept),
            tuple(_samples(library, sessions)),
        ),
    )


def forget(library: Library, plan: ForgetPlan) -> None:
    """Forget what is planned; there is no way back.

    Raises:
        InputError: A training on the person runs, or the library is in use.
        OutputError: A file cannot be deleted or written; what is left can be forgotten again.
    """
    for folder in plan.trainings:
        _delete_training(folder)
    for folder in plan.recognizers:
        _mark(library, folder, [entry.file_name[:TOKEN] for entry in plan.sessions])
    for path in plan.unreferenced:
        delete_file(path)
    if plan.speaker is not None:
        library.forget(plan.speaker, plan.traces.erasure)
    else:
        library.delete_session(plan.sessions[0], plan.traces.erasure)


def names_speaker(folder: Path, speaker: str, files: FolderFiles = PLAIN) -> bool | None:
    """Whether a folder of prepared motion has somebody's; None where it does not say whose."""
    try:
        items = json.loads(files.read(folder / INDEX, MOST_INDEX_BYTES))["sessions"]
        return speaker in {str(item["speaker"]) for item in items}
    except (OSError, InputError, ValueError, TypeError, KeyError, RecursionError):
        return None


def check_no_training(plan: ForgetPlan) -> None:
    """Make sure that no training on the person runs.

    Raises:
        InputError: One does.
    """
    for folder in plan.trainings:
        with _alone(folder):
            pass


def _erasure(
    library: Library,
    speaker: str | None,
    sessions: Sequence[SessionEntry],
    kept: Sequence[SessionEntry],
) -> Erasure:
    shared = {NAMELESS, *(entry.source_name for entry in kept)}
    files = {entry.source_name for entry in sessions if entry.source_name} - shared
    with library.transaction() as orm:
        rows = orm.execute(select(SpeakerRow.id, SpeakerRow.name)).all()
    others = tuple(name for _, name in rows if name != speaker)
    number = next((number for number, name in rows if name == speaker), None)
    named = tuple(sorted(one for one in files if one))
    return Erasure(speaker, f"forgotten speaker {number}", others, named)


def _hashes(sessions: Sequence[SessionEntry], kept: Sequence[SessionEntry]) -> tuple[str, ...]:
    shared = {entry.source_sha256 for entry in kept}
    sums = {entry.source_sha256 for entry in sessions} - shared
    tokens = [entry.file_name[:TOKEN] for entry in sessions]
    return (*tokens, *sorted(one for one in sums if one))


def _samples(library: Library, sessions: Sequence[SessionEntry]) -> Iterator[bytes]:
    """Some bytes of every embedding and of the motion of the sessions."""
    names = {entry.file_name for entry in sessions}
    for name in names:
        with np.errstate(invalid="ignore"):
            yield from _sample_of(library, library.store.path(name), "expression")
    for kept in kept_of(library, names):
        yield kept[:_SAMPLE]


def _sample_of(library: Library, path: Path, array: str) -> Iterator[bytes]:
    try:
        values = read_npz(path, (array,), (), library.files.opened)[array]
    except (FacedynError, ValueError):
        return
    measured = values[np.isfinite(values).all(axis=-1)] if values.dtype.kind == "f" else values[:0]
    telling = [row for row in measured if np.count_nonzero(row) > 2]  # nobody else's by chance
    if telling:
        yield telling[len(telling) // 2].tobytes()[:_SAMPLE]


def _has_learnt(library: Library, folder: Path, tokens: Sequence[str]) -> bool:
    try:
        training = read_json(folder / CONFIG, library.files).get("training")
    except InputError:
        return False
    told = training.get("sessions") if isinstance(training, dict) else None
    return isinstance(told, list) and bool(set(tokens) & {str(token) for token in told})


def _is_training(library: Library, folder: Path, owner: str | None) -> bool:
    """Whether a folder is an unfinished training on somebody, or does not say on whom."""
    if not folder.name.endswith(TRAINING) or owner is None:
        return False
    return names_speaker(folder, owner, library.files.below(folder)) is not False


def _alone(folder: Path) -> AbstractContextManager[None]:
    return holding(folder, f"A training on this person runs in '{folder}'.")


def _delete_training(folder: Path) -> None:
    with _alone(folder):
        delete_folder(folder)


def _mark(library: Library, folder: Path, tokens: Sequence[str]) -> None:
    """Take sessions off a recognizer's training list, and say that somebody was forgotten."""
    config = read_json(folder / CONFIG, library.files)
    training = dict(config["training"])
    told = training["sessions"]
    n_gone = sum(str(token) in tokens for token in told)
    training["sessions"] = [FORGOTTEN if str(token) in tokens else token for token in told]
    training["forgotten_sessions"] = int(training.get("forgotten_sessions", 0)) + n_gone
    content = json.dumps({**config, "training": training}, indent=2, allow_nan=False) + "\n"
    path = folder / CONFIG
    with atomic_file(path) as file, library.files.writing(file, path) as out:
        own_only(file)
        out.write(content.encode())
    for name in OLD_FILES:  # embeddings of others, of a version that no longer reads them
        delete_file(folder / name)
