r"""THE DATA FLOW ON ONE PAGE.

file --video--> Frame* --landmarks--> Landmarks --fitting + headmodel--> HeadFit
     --dynamics--> motion windows --recognizer--> Embedding --scoring--> Match*
              \--shape per chunk--> DriftReport
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app import __version__
from facedyn_app.assets import sha256_of
from facedyn_app.dynamics.drift import measure_drift
from facedyn_app.dynamics.quality import assess_quality
from facedyn_app.errors import FacedynError, TooLittleError
from facedyn_app.fitting.fitter import choose_device
from facedyn_app.fitting.live import LiveFit
from facedyn_app.fitting.session_fit import fit_session
from facedyn_app.folders import head_cache
from facedyn_app.headmodel.fewer import with_fewer
from facedyn_app.headmodel.files.io import list_heads, load_head
from facedyn_app.headmodel.files.known_heads import user_heads
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.placing.prepare import prepare_head
from facedyn_app.landmarks import FrameFaces, Landmarker, TrackCollector, track_faces
from facedyn_app.library.embeddings import embedded_gallery
from facedyn_app.library.entries import SessionEntry
from facedyn_app.library.library import Library
from facedyn_app.progress import Progress, Report, ignore
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.records import (
    ByteArray,
    DriftReport,
    FloatArray,
    HeadFit,
    Identification,
    Landmarks,
    Session,
    VideoInfo,
)
from facedyn_app.settings import LandmarkSettings, Settings
from facedyn_app.video import probe_video, read_frames

READING, FINDING = "reading the head", "following the face"
BLOCK_FRAMES = 10
PROGRAM = f"facedyn {__version__}"
UNPROVEN = (
    "The recognizer has learnt from simulated speakers only, so its probabilities are unproven for "
    "people: take the ranking as no more than a hint."
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What became of one video.

    Attributes:
        info: The video.
        session: The fitted motion.
        landmarks: The landmarks of every frame.
        fit: The fit itself.
        timing: Seconds spent in each stage, by name.
    """

    info: VideoInfo
    session: Session
    landmarks: Landmarks
    fit: HeadFit
    timing: Mapping[str, float]


def ready_head(path_or_id: str | Path, report: Report = ignore) -> HeadModel:
    """A head that can be fitted: read, its landmarks placed, remembered where it is the user's.

    Args:
        path_or_id: Id of a built-in or a remembered head, or a file or folder of the user's.
        report: Called several times a second while landmarks are placed; may raise Cancelled.

    Raises:
        InputError: There is no such head, or the file is none that can be used.
        TooLittleError: The landmarker does not find the head's face.
    """
    report(Progress(READING, 0))
    head = load_head(path_or_id)
    with ExitStack() as opened:

        @cache
        def landmarker() -> Landmarker:  # opening it takes a second; mostly the cache has the table
            return opened.enter_context(Landmarker(LandmarkSettings(max_faces=1)))

        def detect(image: ByteArray) -> FloatArray | None:
            return landmarker().detect_image(image)

        head = prepare_head(head, detect, head_cache(), report)
    if head.head_id not in list_heads() and Path(path_or_id).exists():
        _remember(head, Path(path_or_id))
    return head


def _remember(head: HeadModel, path: Path) -> None:
    try:
        user_heads().remember(head, path)
    except FacedynError as error:  # the head is as good without
        log.warning("The head '%s' is not remembered: %s", head.head_id, error.sentence)


def analyse_video(
    path: Path,
    head: HeadModel,
    settings: Settings,
    *,
    device: str = "auto",
    face: int = 0,
    live: bool = False,
    report: Report = ignore,
) -> Analysis:
    """From a video to a session: follow a face, fit the head to it.

    Args:
        path: The video.
        head: The head, its landmarks placed.
        settings: Of all stages; kept with the session.
        device: "auto", "cpu" or "cuda".
        face: Which face, from 1; 0 takes the one seen longest.
        live: Whether reports carry a `PartialFit` of the newest frames, for a window.
        report: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The file is no video that can be read, or the face or device is not there.
        MismatchError: The settings ask for more directions than the head has.
        TooLittleError: Too few frames have a face.
    """
    started = time.perf_counter()
    place = choose_device(device)  # a device that is not there is told before the long work
    head = with_fewer(head, settings.fit.n_shape, settings.fit.n_expression)
    info = probe_video(path)
    sha256 = sha256_of(path)
    live_fit = LiveFit(head, settings.fit, device) if live else None
    following = track_faces(read_frames(path), info, settings.landmarks, device=place)
    with closing(following) as found_faces:
        landmarks = _find_landmarks(info, found_faces, face, live_fit, report)
    found = time.perf_counter()
    fit = fit_session(head, landmarks, settings.fit, device=device, report=report)
    fitted = time.perf_counter()
    session = make_session(info, sha256, head, fit, settings)
    timing = {"landmarks": found - started, "fit": fitted - found, "total": fitted - started}
    return Analysis(info, session, landmarks, fit, timing)


def enrol(
    name: str, session: Session | SessionEntry, library: Library, consent: str | None
) -> SessionEntry:
    """Keep a session as one of a speaker's, by his consent.

    Raises:
        ConsentError: The speaker is new and no consent is given.
        InputError: The recording is enrolled for him already.
        OutputError: The library cannot be written.
    """
    return library.enrol(name, session, consent)


def identify(
    session: Session,
    library: Library,
    recognizer: Recognizer,
    settings: Settings,
    report: Report = ignore,
) -> Identification:
    """Who is it? Rank the enrolled speakers for a session.

    Raises:
        TooLittleError: Nobody is enrolled, or the session is too short.
        MismatchError: The session is of another head than the recognizer.
    """
    probe = recognizer.embed(session)
    gallery = embedded_gallery(library, recognizer, check_gallery(library, session.head_id), report)
    if not gallery:
        raise TooLittleError(
            f"Every recording enrolled in '{library.folder}' is too short to compare with.",
            "Enrol longer recordings.",
        )
    matches = recognizer.rank(probe, gallery)
    asked = (session.meta.get("source") or {}).get("name", "a session without a source")
    library.logbook.record("identify", f"{asked} against {len(gallery)} speakers")
    threshold = recognizer.threshold(settings.trust.false_accept_rate, len(gallery))
    return Identification(
        matches=tuple(matches),
        known=matches[0].probability >= threshold,
        threshold=threshold,
        window_seconds=probe.window_seconds,
        quality=assess_quality(session, settings.trust),
        calibrated_on=recognizer.calibration.made_on,
        caution=UNPROVEN if recognizer.from_simulation and not session.simulated else "",
    )


def check_gallery(library: Library, head_id: str) -> dict[str, list[SessionEntry]]:
    """The sessions enrolled for each speaker; there is somebody to compare with.

    Raises:
        TooLittleError: Nobody is enrolled with this head.
    """
    enrolled = library.gallery(head_id)
    if not enrolled:
        raise TooLittleError(
            f"Nobody is enrolled in '{library.folder}' with head '{head_id}'.",
            "Enrol at least one speaker first.",
        )
    return enrolled


def drift_of(
    library: Library, speaker: str, extra: tuple[str, Session] | None = None
) -> DriftReport:
    """How far a speaker's shape moves from session to session.

    Args:
        library: Where his sessions are.
        speaker: His name.
        extra: Name and session of a recording that is not in the library but may be his.

    Raises:
        InputError: There is no such speaker.
        MismatchError: Sessions of different heads.
        TooLittleError: No session is long enough.
    """
    sessions = [
        (entry.name, library.load(entry).shape_chunks) for entry in library.sessions(speaker)
    ]
    if extra is not None:
        sessions.append((extra[0], extra[1].shape_chunks))
    return measure_drift(speaker, sessions, np.random.default_rng(0))


def make_session(
    info: VideoInfo, sha256: str, head: HeadModel, fit: HeadFit, settings: Settings
) -> Session:
    """A fit with all that says what it is of and what it was made with."""
    meta: dict[str, Any] = {
        "head_id": head.head_id,
        "head_sha256": head.sha256,
        "source": {"name": info.path.name, "sha256": sha256},
        "fps": info.fps,
        "width": info.width,
        "height": info.height,
        "focal_px": fit.focal_px,
        "converged": fit.converged,
        "settings": fit_settings_record(settings),
        "program": PROGRAM,
        "simulated": info.simulated,
    }
    return Session(
        seconds=fit.seconds,
        valid=fit.valid,
        expression=fit.expression,
        expression_names=head.expression_names,
        jaw=fit.jaw,
        rotation=fit.rotation,
        translation=fit.translation,
        shape=fit.shape,
        shape_chunks=fit.shape_chunks,
        shape_chunk_seconds=fit.shape_chunk_seconds,
        error_px=fit.error_px,
        face_px=fit.face_px,
        meta=meta,
        invalid_reason=fit.invalid_reason,
        gaze=fit.gaze,
    )


def fit_settings_record(settings: Settings) -> dict[str, Any]:
    """The settings that decide a session's numbers, as its file keeps them (JSON)."""
    made = {"landmarks": asdict(settings.landmarks), "fit": asdict(settings.fit)}
    return dict(json.loads(json.dumps(made)))


def _find_landmarks(
    info: VideoInfo,
    found: Iterable[FrameFaces],
    face: int,
    live: LiveFit | None,
    report: Report,
) -> Landmarks:
    collector = TrackCollector(info)
    for faces in found:
        collector.add(faces)
        if collector.n_frames % BLOCK_FRAMES == 0:
            partial = None
            if live is not None:
                part = live.fit(collector.newest(BLOCK_FRAMES, face))
                partial = replace(part, image=faces.frame.image)
            report(Progress(FINDING, collector.n_frames, info.n_frames, partial))
    return collector.landmarks(face)
