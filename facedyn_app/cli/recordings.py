"""A recording as the user gives it: a video, which is analysed, or a session file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from facedyn_app.assets import sha256_of
from facedyn_app.cli.drawing import quiet_drawing
from facedyn_app.cli.places import check_input_file, naming
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.session_file import load_session
from facedyn_app.pipeline import analyse_video, ready_head
from facedyn_app.progress import Progress, Report
from facedyn_app.records import Session
from facedyn_app.settings import Settings
from facedyn_app.video import probe_video

SESSION_ENDING = ".npz"


@dataclass(frozen=True, slots=True)
class Reading:
    """How videos among the recordings are analysed.

    Attributes:
        head: Id or file of the head; None for the one that the verb needs.
        device: "auto", "cpu" or "cuda".
        face: Which face, from 1; 0 takes the one seen longest.
        n_shape: Leading shape directions to use; 0 means all.
        n_expression: Leading expression directions to use; 0 means all.
        mirrored_mean: Whether faces are measured in the mirrored pictures as well.
    """

    head: str | None
    device: str = "auto"
    face: int = 0
    n_shape: int = 0
    n_expression: int = 0
    mirrored_mean: bool = False

    def settings(self) -> Settings:
        """The settings of all stages, with what is chosen here."""
        settings = Settings()
        fit = replace(settings.fit, n_shape=self.n_shape, n_expression=self.n_expression)
        landmarks = replace(settings.landmarks, mirrored_mean=self.mirrored_mean)
        return replace(settings, landmarks=landmarks, fit=fit)


def is_session_file(path: Path) -> bool:
    """Whether a recording is a session file, by its ending."""
    return path.suffix.lower() == SESSION_ENDING


def check_recording(path: Path) -> None:
    """Make sure that a recording can be read, before the long work begins.

    Raises:
        InputError: It is missing, or is neither a video nor a session file.
    """
    if is_session_file(path):
        check_input_file(path, "session file")
        load_session(path)
    else:
        check_input_file(path, "video")
        probe_video(path)


def read_head(path_or_id: str) -> HeadModel:
    """A built-in head, a remembered one, or one from a file; its landmarks need not be placed.

    Raises:
        InputError: There is none of that name.
    """
    _check_head_file(path_or_id)
    return load_head(path_or_id)


def read_ready_head(path_or_id: str, report: Report) -> HeadModel:
    """As `read_head`, the landmarks placed where they are not yet.

    Raises:
        InputError: There is none of that name.
        TooLittleError: The landmarker does not find the head's face.
    """
    _check_head_file(path_or_id)
    quiet_drawing()  # placing landmarks draws the head
    return ready_head(path_or_id, report)


def _check_head_file(path_or_id: str) -> None:
    path = Path(path_or_id)
    if path.suffix:
        check_input_file(path, "head file")


def read_recording(
    path: Path, head: HeadModel | None, reading: Reading, settings: Settings, report: Report
) -> Session:
    """The session of a recording; a video is analysed for it.

    Args:
        path: The recording.
        head: The head for videos; None where there is none among the recordings.
        reading: How a video is analysed.
        settings: Of all stages.
        report: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The recording cannot be read.
        TooLittleError: Too few frames have a face.
    """
    with naming(path):
        if not is_session_file(path):
            if head is None:
                raise ValueError("a video needs a head")
            analysis = analyse_video(
                path, head, settings, device=reading.device, face=reading.face, report=report
            )
            return analysis.session
        session = load_session(path)
        if session.meta.get("source"):
            return session
        # a made session comes from no video: the file itself says which one it is
        source = {"name": path.name, "sha256": sha256_of(path)}
        return replace(session, meta={**session.meta, "source": source})


def numbered(report: Report, path: Path, number: int, n_paths: int) -> Report:
    """Name the recording in the reports about it."""

    def named(progress: Progress) -> None:
        report(replace(progress, stage=f"{path.name}, {number} of {n_paths}: {progress.stage}"))

    return named
