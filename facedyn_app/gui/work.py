"""The work that the window starts, each as one function for a worker thread; no Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.dynamics.quality import assess_quality
from facedyn_app.errors import FacedynError, MismatchError, TooLittleError
from facedyn_app.gui.head_work import head_of_session
from facedyn_app.gui.library_work import listing_of
from facedyn_app.gui.listing import Listing
from facedyn_app.gui.recording import Recording, recording_of
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import active_recognizer
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.recognizer.hardware import use_threads
from facedyn_app.records import DriftReport
from facedyn_app.settings import Settings
from facedyn_app.workflows.analyse import analyse_video, fit_face
from facedyn_app.workflows.demo import DemoResult, run_demo
from facedyn_app.workflows.drift import drift_of
from facedyn_app.workflows.heads import known_flame_file, ready_head
from facedyn_app.workflows.identify import Enrolled, identify, read_enrolled
from facedyn_app.workflows.recordings import read_one_kept

MOST_DRIFT_REPORTS: Final = 5


def analyse(
    path: Path, face: int, head_name: Callable[[], str], settings: Settings
) -> Callable[[OnProgress], Recording]:
    """Work that fits a head to a video, showing it as it goes.

    Args:
        path: The video.
        face: Which of its faces, from 1; 0 takes the main one.
        head_name: Gives the head's id when the work begins: one that is chosen before that counts.
        settings: Of all stages.
    """

    def work(on_progress: OnProgress) -> Recording:
        use_threads(settings.machine.threads)
        head = ready_head(head_name(), on_progress)
        device = settings.machine.device
        analysis = analyse_video(
            path, head, settings, device=device, face=face, live=True, on_progress=on_progress
        )
        return recording_of(analysis, settings)

    return work


def open_measured(
    path: Path, head_name: Callable[[], str], settings: Settings
) -> Callable[[OnProgress], Recording]:
    """Work that reads a session file or another program's measurement.

    Args:
        path: The file or folder.
        head_name: Gives the chosen head's id, which names the FLAME file of FLAME parameters.
        settings: Of all stages.
    """

    def work(on_progress: OnProgress) -> Recording:
        on_progress(Progress("reading", 0))
        session = read_one_kept(path, None, known_flame_file(head_name()))
        return Recording(
            key=str(path),
            title=path.name,
            session=session,
            quality=assess_quality(session, settings.trust),
        )

    return work


def fit_other_face(
    recording: Recording, face: int, settings: Settings
) -> Callable[[OnProgress], Recording]:
    """Work that fits another face of a recording's video with the same head."""

    def work(on_progress: OnProgress) -> Recording:
        if recording.followed is None:
            return recording
        use_threads(settings.machine.threads)
        head = head_of_session(recording)(on_progress)
        device = settings.machine.device
        analysis = fit_face(
            recording.followed, head, settings, device=device, face=face, on_progress=on_progress
        )
        return recording_of(analysis, settings)

    return work


def find_landmarks(recording: Recording, settings: Settings) -> Callable[[OnProgress], Recording]:
    """Work that finds the landmarks of a recording of which only the session was kept."""

    def work(on_progress: OnProgress) -> Recording:
        if recording.video is None:
            return recording
        again = analyse_video(
            recording.video, ready_head(DEFAULT_HEAD), settings, on_progress=on_progress
        )
        fresh = recording_of(again, settings)
        return replace(recording, landmarks=fresh.landmarks, info=fresh.info, timing=fresh.timing)

    return work


def answer(
    recording: Recording, folder: Path, settings: Settings
) -> Callable[[OnProgress], Recording]:
    """Work that finds who a recording is, and how stable the shapes of the likeliest are."""

    def work(on_progress: OnProgress) -> Recording:
        with Library.open(folder, create=False) as library:
            recognizer = active_recognizer(library)
            enrolled = read_enrolled(library, recognizer, settings, on_progress)
            made = listing_of(library).simulated_speakers
            return _answered(recording, enrolled, made, on_progress)

    return work


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What was found of several recordings.

    Attributes:
        recordings: Those that could be compared, with their answers.
        left_out: Titles of the others, each with a sentence on why.
    """

    recordings: tuple[Recording, ...]
    left_out: tuple[tuple[str, str], ...]


def answer_several(
    recordings: Sequence[Recording], folder: Path, settings: Settings
) -> Callable[[OnProgress], Answers]:
    """Work that finds who several recordings are; the speakers are prepared once for all."""

    def work(on_progress: OnProgress) -> Answers:
        found, left_out = [], []
        with Library.open(folder, create=False) as library:
            recognizer = active_recognizer(library)
            enrolled = read_enrolled(library, recognizer, settings, on_progress)
            made = listing_of(library).simulated_speakers
            for number, recording in enumerate(recordings):
                on_progress(Progress("comparing", number, len(recordings)))
                try:
                    found.append(_answered(recording, enrolled, made, ignore))
                except FacedynError as error:
                    left_out.append((recording.title, error.sentence))
        return Answers(tuple(found), tuple(left_out))

    return work


def _answered(
    recording: Recording, enrolled: Enrolled, made: frozenset[str], on_progress: OnProgress
) -> Recording:
    """A recording with who it is, and how stable the shapes of the likeliest are."""
    found = identify(recording.session, enrolled)
    names = [match.name for match in found.matches[:MOST_DRIFT_REPORTS]]
    drift = []
    for number, name in enumerate(names):
        on_progress(Progress("measuring the drift", number, len(names)))
        drift += _drift(enrolled.library, name, recording, joins=found.known and number == 0)
    return replace(
        recording,
        identification=found,
        quality=found.quality,
        drift=tuple(drift),
        simulated_speakers=made,
    )


@dataclass(frozen=True, slots=True, eq=False)
class DemoOpened:
    """The demo, ready to be shown.

    Attributes:
        result: What it found.
        listing: Its library.
        recordings: One a probe.
    """

    result: DemoResult
    listing: Listing
    recordings: tuple[Recording, ...]


def open_demo(folder: Path, settings: Settings) -> Callable[[OnProgress], DemoOpened]:
    """Work that runs the demo in a library of its own."""

    def work(on_progress: OnProgress) -> DemoOpened:
        result = run_demo(folder, settings, live=True, on_progress=on_progress)
        with Library.open(folder, create=False) as library:
            listing = listing_of(library)
        names = frozenset(probe.speaker for probe in result.probes)
        recordings = tuple(
            Recording(
                key=str(probe.video),
                title=probe.video.name,
                session=probe.session,
                quality=probe.identification.quality,
                video=probe.video,
                identification=probe.identification,
                drift=result.drift,
                true_speaker=probe.speaker,
                simulated_speakers=names,
            )
            for probe in result.probes
        )
        return DemoOpened(result, listing, recordings)

    return work


def _drift(library: Library, name: str, recording: Recording, *, joins: bool) -> list[DriftReport]:
    """The speaker's drift, the recording among his sessions when it is taken for his."""
    source = recording.session.meta.get("source") or {}
    kept = {entry.source_sha256 for entry in library.sessions(name)}
    new = joins and source.get("sha256") not in kept
    # A speaker whose sessions are all too short, or of different heads, has no drift to show.
    with suppress(TooLittleError, MismatchError):
        return [drift_of(library, name, (recording.title, recording.session) if new else None)]
    return []
