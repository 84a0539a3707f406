"""`facedyn enrol` and `facedyn dnr`: speakers in a library."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from facedyn_app.cli.answers import (
    drift_facts,
    drift_text,
)
from facedyn_app.cli.options import DEFAULT_HEAD
from facedyn_app.cli.places import check_output_folder, naming
from facedyn_app.cli.recordings import (
    Reading,
    check_recording,
    is_video,
    numbered,
    read_ready_head,
    read_recording,
)
from facedyn_app.cli.verb import Outcome
from facedyn_app.dynamics.quality import assess_quality, quality_line
from facedyn_app.dynamics.shape_moves import ShapeMoves
from facedyn_app.errors import FacedynError, InputError, TooLittleError
from facedyn_app.library.entries import SessionEntry
from facedyn_app.library.library import DATABASE, Library
from facedyn_app.library.rows import checked_name, missing_consent
from facedyn_app.pipeline import drift_in_detail, drift_or_reason, enrol
from facedyn_app.progress import Cancelled, OnProgress, Progress
from facedyn_app.recordings import sha256_of_recording
from facedyn_app.records import DriftReport, Quality
from facedyn_app.settings import Settings

log = logging.getLogger(__name__)


def enrol_recordings(
    name: str,
    paths: Sequence[Path],
    folder: Path,
    consent: str,
    reading: Reading,
    on_progress: OnProgress,
) -> Outcome:
    """Enrol a speaker with recordings, one after the other.

    Consent, names of files and the library's folder are checked before anything is analysed.

    Args:
        name: The speaker.
        paths: Videos and session files.
        folder: The library; made with the first recording where there is none.
        consent: Who gave it, when, for what; may be empty for a speaker who has given it.
        reading: How videos are analysed.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        ConsentError: There is none.
        InputError: A recording cannot be read or is enrolled already; names the file.
        OutputError: The library cannot be written.
        TooLittleError: A video shows too little of a face.
    """
    _check_enrolment(name, paths, folder, consent)
    for path in paths:
        check_recording(path, reading)
    settings = Settings()
    with_videos = any(map(is_video, paths))
    head = read_ready_head(reading.head or DEFAULT_HEAD, on_progress) if with_videos else None
    added: list[tuple[SessionEntry, Quality]] = []
    with _earlier_ones_told(name, added):
        for number, path in enumerate(paths, start=1):
            within = numbered(on_progress, path, number, len(paths))
            session = read_recording(path, head, reading, settings, within)
            with naming(path), open_library(folder, create=True) as library:
                entry = enrol(name, session, library, consent)
            added.append((entry, assess_quality(session, settings.trust)))
    with open_library(folder) as library:
        on_record = next(
            known.consent for known in library.speakers() if known.name == checked_name(name)
        )
    return _enrolled(folder, on_record, added)


def _check_enrolment(name: str, paths: Sequence[Path], folder: Path, consent: str) -> None:
    """Check consent, and that none of the videos is the speaker's already."""
    checked_name(name)
    if not is_library(folder):
        if not consent.strip():
            raise missing_consent(name)
        check_output_folder(folder)
        return
    with open_library(folder) as library:
        library.check_consent(name, consent)
        known = {
            entry.source_sha256: entry.name
            for entry in library.sessions()
            if entry.speaker == checked_name(name) and entry.source_sha256
        }
    for path in paths:
        if known and path.exists() and (earlier := known.get(sha256_of_recording([path]))):
            raise InputError(
                f"'{path}' is already among the sessions of '{name}', as '{earlier}'.",
                "Use another recording; the same one twice would only repeat itself.",
            )


@contextmanager
def _earlier_ones_told(name: str, added: list[tuple[SessionEntry, Quality]]) -> Iterator[None]:
    """Say what is enrolled already when the work ends before its end."""
    try:
        yield
    except (FacedynError, Cancelled, KeyboardInterrupt):
        if added:
            names = ", ".join(f"'{entry.name}'" for entry, _ in added)
            log.warning("Enrolled for '%s' before that, and kept: %s.", name, names)
        raise


def _enrolled(folder: Path, consent: str, added: Sequence[tuple[SessionEntry, Quality]]) -> Outcome:
    speaker = str(added[0][0].speaker)
    sessions = [
        {
            "name": entry.name,
            "source": entry.source_name,
            "head_id": entry.head_id,
            "seconds": entry.seconds,
            "simulated": entry.simulated,
            "quality": asdict(quality),
        }
        for entry, quality in added
    ]
    facts = {"speaker": speaker, "consent": consent, "library": folder, "sessions": sessions}
    lines = [f"enrolled: {speaker}, {len(added)} new, in {folder}"]
    for entry, quality in added:
        made = " (simulated)" if entry.simulated else ""
        lines.append(f"  {entry.name}{made}, {entry.date_words}: {quality_line(quality)}")
        lines += [f"    {reason}" for reason in quality.reasons]
    lines.append(f"consent: {consent}")
    return Outcome(facts, "\n".join(lines))


def measure_speakers(folder: Path, speaker: str | None, on_progress: OnProgress) -> Outcome:
    """The drift-to-noise ratio of one speaker, or of all.

    Raises:
        InputError: There is no such library or speaker.
        MismatchError: The speaker asked for has sessions of different heads.
        TooLittleError: There is nobody, or the speaker asked for has no session long enough.
    """
    trust = Settings().trust
    with open_library(folder) as library:
        if speaker is not None:
            names = [checked_name(speaker)]
            found: Sequence[tuple[DriftReport, ShapeMoves | None]]
            found = [drift_in_detail(library, names[0])]
        else:
            names = [entry.name for entry in library.speakers()]
            found = _all_drifts(library, names, on_progress)
        entries = library.sessions()
    made = {name: any(e.simulated for e in entries if e.speaker == name) for name in names}
    facts = {
        "library": folder,
        "speakers": [drift_facts(one, trust, made[one.speaker], moves) for one, moves in found],
    }
    text = drift_text([one for one, _ in found], trust)
    if any(made.values()):
        text += "\nsimulated speakers: " + ", ".join(name for name in names if made[name])
    return Outcome(facts, text)


def _all_drifts(
    library: Library, names: Sequence[str], on_progress: OnProgress
) -> list[tuple[DriftReport, ShapeMoves | None]]:
    """A report for each; one without enough material gets a note instead of stopping the rest."""
    if not names:
        raise TooLittleError(
            f"There is nobody in the library '{library.folder}'.", "Enrol a speaker first."
        )
    found: list[tuple[DriftReport, ShapeMoves | None]] = []
    for number, name in enumerate(names):
        on_progress(Progress("measuring shape drift", number, len(names)))
        found.append(drift_or_reason(library, name))
    return found


def is_library(folder: Path) -> bool:
    """Whether there is a library in a folder; raises InputError where it may not be entered."""
    try:
        return (folder / DATABASE).is_file()
    except OSError as error:
        raise _unusable(folder, error) from error


def open_library(folder: Path, create: bool = False) -> Library:
    """A library; one that cannot be opened is an InputError that names its folder."""
    try:
        return Library.open(folder, create=create)
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError(f"The library '{folder}' cannot be opened: {reason}.", "Check its name.")
