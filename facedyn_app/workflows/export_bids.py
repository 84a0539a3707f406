"""Export of a library in the Brain Imaging Data Structure (BIDS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.files import atomic_folder
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry, in_order
from facedyn_app.path_checks import check_output_folder
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.reports.bids_dataset import Participant, Visit, write_dataset
from facedyn_app.reports.bids_recording import SYSTEM, TASK_LABEL, write_recording

STAGE = "writing recordings"


@dataclass(frozen=True, slots=True)
class ExportedLibrary:
    """A library that was written as a dataset.

    Attributes:
        people: Pseudonym and name of everybody in it; the names are in no file.
        n_sessions: Recordings written.
        n_left_out: Recordings of nobody, for whom there is no consent.
        simulated: Whether anybody in it is a simulated speaker.
    """

    people: tuple[tuple[str, str], ...]
    n_sessions: int
    n_left_out: int
    simulated: bool


def export_bids(folder: Path, out: Path, on_progress: OnProgress) -> ExportedLibrary:
    """Write a library as a dataset: a person a folder, in it the visits; whole or not at all.

    Recordings of one day are runs of one visit; one whose day is not known is a visit of its own.

    Args:
        folder: The library's.
        out: A new folder, or an empty one.
        on_progress: Called for every recording; may raise Cancelled.

    Raises:
        InputError: There is no such library, or a session of it cannot be read.
        OutputError: The folder cannot be written, or holds something already.
        TooLittleError: The library has no recording of anybody.
    """
    if folder.is_file():
        raise InputError(
            f"'{folder}' is a file, not a library.", "Name the folder of a library for this layout."
        )
    check_output_folder(out)
    with Library.open(folder, create=False) as library:
        entries = library.sessions()
        own = [entry for entry in entries if entry.speaker is not None]
        if not own:
            raise TooLittleError(
                f"The library '{folder}' has no recording of anybody.", "Enrol somebody first."
            )
        people, written = [], 0
        with atomic_folder(out) as new:
            for speaker in library.speakers():
                theirs = in_order(entry for entry in own if entry.speaker == speaker.name)
                if not theirs:
                    continue
                label, visits = f"{speaker.id:03d}", _visits(theirs)
                for visit, recordings in visits:
                    for stem, entry in _stems(label, visit, recordings):
                        step = partial(on_progress, Progress(STAGE, written, len(own)))
                        step()
                        place = new / f"sub-{label}" / f"ses-{visit.label}" / "motion"
                        place.mkdir(parents=True, exist_ok=True)
                        write_recording(library.load(entry), place, stem, step)
                        written += 1
                simulated = all(entry.simulated for entry in theirs)
                person = Participant(label, tuple(visit for visit, _ in visits), simulated)
                people.append((person, speaker.name))
            write_dataset(new, out.name, [person for person, _ in people])
        library.audit.record("export", f"{written} sessions of {len(people)} speakers, as BIDS")
    return ExportedLibrary(
        people=tuple((person.id, name) for person, name in people),
        n_sessions=written,
        n_left_out=len(entries) - len(own),
        simulated=any(person.simulated for person, _ in people),
    )


def _visits(entries: Sequence[SessionEntry]) -> list[tuple[Visit, list[SessionEntry]]]:
    """The visits of a person's sessions, which are in the order of their dates."""

    def day(entry: SessionEntry) -> object:
        return entry.id if entry.recorded_at is None else entry.date.astimezone().date()

    groups = [list(group) for _, group in groupby(entries, key=day)]
    return [
        (Visit(f"{number:02d}", group[0].recorded_at), group)
        for number, group in enumerate(groups, start=1)
    ]


def _stems(
    label: str, visit: Visit, entries: Sequence[SessionEntry]
) -> list[tuple[str, SessionEntry]]:
    """The beginnings of the files' names; runs are numbered where there are several."""
    stem = f"sub-{label}_ses-{visit.label}_task-{TASK_LABEL}_tracksys-{SYSTEM}"
    if len(entries) == 1:
        return [(stem, entries[0])]
    return [(f"{stem}_run-{number:02d}", one) for number, one in enumerate(entries, start=1)]
