"""The demo: simulated speakers, enrolled and identified from the pixels of their videos."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from facedyn_app import PROGRAM
from facedyn_app.assets import DEFAULT_HEAD, asset_folder
from facedyn_app.errors import InputError
from facedyn_app.files import sha256_of
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.library import Library
from facedyn_app.library.records import SessionEntry
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.recognizer.files import default_recognizer
from facedyn_app.records import DriftReport, Identification, Session
from facedyn_app.settings import Settings
from facedyn_app.workflows.analyse import analyse_video
from facedyn_app.workflows.comparison import read_enrolled
from facedyn_app.workflows.drift import drift_of
from facedyn_app.workflows.heads import ready_head
from facedyn_app.workflows.identify import identify
from facedyn_app.workflows.library import list_library
from facedyn_app.workflows.recordings import numbered
from facedyn_app.workflows.records import LibrarySnapshot, Recording
from facedyn_app.workflows.session_record import fit_settings_record

CONSENT = "A simulated speaker, not a person: rendered by the program, no consent needed."


@dataclass(frozen=True, slots=True)
class DemoVideo:
    """One video of the demo.

    Attributes:
        speaker: The simulated speaker's name.
        path: The file.
        sha256: Of the file.
        probe: Whether it is identified; the others are enrolled.
    """

    speaker: str
    path: Path
    sha256: str
    probe: bool


@dataclass(frozen=True, slots=True, eq=False)
class DemoProbe:
    """One identified video.

    Attributes:
        speaker: Who it truly is.
        video: The file.
        session: Its fitted motion.
        identification: Who it was taken for.
    """

    speaker: str
    video: Path
    session: Session
    identification: Identification

    @property
    def first(self) -> bool:
        """Whether the true speaker is ranked first."""
        return self.identification.matches[0].name == self.speaker


@dataclass(frozen=True, slots=True, eq=False)
class DemoResult:
    """What the demo found.

    Attributes:
        library_folder: The library with the enrolled speakers.
        probes: One entry a speaker.
        drift: One report a speaker, the probe's session included.
    """

    library_folder: Path
    probes: tuple[DemoProbe, ...]
    drift: tuple[DriftReport, ...]

    @property
    def n_first(self) -> int:
        """Probes whose true speaker is ranked first."""
        return sum(probe.first for probe in self.probes)


def demo_videos() -> tuple[DemoVideo, ...]:
    """The videos that come with the program.

    Raises:
        InputError: They are missing from this installation, or damaged.
    """
    folder = asset_folder("resources") / "demo"
    listing = folder / "demo.json"
    hint = "Install the program again."
    if not listing.is_file():
        raise InputError("The demo's videos are missing from this installation.", hint)
    videos = []
    for entry in json.loads(listing.read_text(encoding="utf-8"))["videos"]:
        path = folder / entry["file"]
        if not path.is_file() or sha256_of(path) != entry["sha256"]:
            raise InputError(f"The demo's video '{path.name}' is missing or damaged.", hint)
        videos.append(DemoVideo(entry["speaker"], path, entry["sha256"], entry["probe"]))
    return tuple(videos)


def run_demo(
    folder: Path, settings: Settings, *, live: bool = False, on_progress: OnProgress = ignore
) -> DemoResult:
    """Enrol two sessions of each simulated speaker, identify the third, measure the drift.

    Everything is computed from the videos' pixels. A video that the library at `folder` holds
    already, analysed by this version with these settings, is not analysed again.

    Args:
        folder: The demo's library; made where there is none.
        settings: Of all stages.
        live: Whether reports carry a `PartialFit`, for a window.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: A part of the installation is missing.
        OutputError: The library cannot be written.
    """
    videos = demo_videos()
    recognizer = default_recognizer()
    with Library.open(folder) as library:
        sessions = _sessions(library, videos, settings, live, on_progress)
        for video, session in sessions:
            if not video.probe and isinstance(session, Session):
                library.enrol(video.speaker, session, CONSENT)
        enrolled = read_enrolled(library, recognizer, settings)
        probes, drift = [], []
        for video, entry in sessions:
            if video.probe:
                session = entry if isinstance(entry, Session) else library.load(entry)
                answer = identify(session, enrolled)
                probes.append(DemoProbe(video.speaker, video.path, session, answer))
                drift.append(drift_of(library, video.speaker, (video.path.stem, session)))
    return DemoResult(folder, tuple(probes), tuple(drift))


def _sessions(
    library: Library,
    videos: tuple[DemoVideo, ...],
    settings: Settings,
    live: bool,
    on_progress: OnProgress,
) -> list[tuple[DemoVideo, Session | SessionEntry]]:
    """A session for each video: an entry where the library has it, else a new one."""
    head = ready_head(DEFAULT_HEAD, on_progress)
    known = {entry.source_sha256: entry for entry in library.sessions()}
    found: list[tuple[DemoVideo, Session | SessionEntry]] = []
    for number, video in enumerate(videos, start=1):
        entry = known.get(video.sha256)
        if entry is not None and _same_making(library.load(entry), head, settings):
            found.append((video, entry))
            continue
        if entry is not None:
            library.delete_session(entry)
        within = numbered(on_progress, video.path, number, len(videos))
        analysis = analyse_video(
            video.path, head, settings, live=live, sha256=video.sha256, on_progress=within
        )
        if video.probe:
            library.add_session(analysis.session)
        found.append((video, analysis.session))
    return found


def _same_making(session: Session, head: HeadModel, settings: Settings) -> bool:
    info = session.info
    return (
        info.head_sha256 == head.sha256
        and info.program == PROGRAM
        and info.settings == fit_settings_record(settings)
    )


@dataclass(frozen=True, slots=True, eq=False)
class DemoOpened:
    """The demo, ready to be shown.

    Attributes:
        result: What it found.
        snapshot: Its library.
        recordings: One a probe.
    """

    result: DemoResult
    snapshot: LibrarySnapshot
    recordings: tuple[Recording, ...]


def open_demo(folder: Path, settings: Settings, on_progress: OnProgress) -> DemoOpened:
    """Run the demo in a library of its own."""
    result = run_demo(folder, settings, live=True, on_progress=on_progress)
    snapshot = list_library(folder)
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
    return DemoOpened(result, snapshot, recordings)
