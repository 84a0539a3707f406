"""A recording as the user gives it: a video, which is analysed, or what needs no fit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from facedyn_app.cli.places import check_input_file, naming
from facedyn_app.errors import InputError
from facedyn_app.headmodel.files.io import list_heads, load_head
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.recordings import Form, flame_file, form_of, read_one_kept, track_kind
from facedyn_app.records import Session
from facedyn_app.settings import Settings, VideoSettings
from facedyn_app.tracks.flame import FlameFile
from facedyn_app.tracks.reading import Kind

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """How recordings are read.

    Attributes:
        head: Id or file of the head of videos, and of FLAME parameters; None for the one that the
            verb needs.
        device: "auto", "cpu" or "cuda".
        face: Which face, from 1; 0 takes the one seen longest.
        n_shape: Leading shape directions to use; 0 means all.
        n_expression: Leading expression directions to use; 0 means all.
        mirrored_mean: Whether faces are measured in the mirrored pictures as well.
        fps: Frame rate of videos, and of other programs' measurements that have no times; None
            takes the file's own or assumes one.
        stream: Which of several films in a video file, from 0; None takes the main one.
        mirrored: Whether videos were recorded mirrored.
    """

    head: str | None
    device: str = "auto"
    face: int = 0
    n_shape: int = 0
    n_expression: int = 0
    mirrored_mean: bool = False
    fps: float | None = None
    stream: int | None = None
    mirrored: bool = False

    def flame(self, paths: Sequence[Path]) -> FlameFile | None:
        """The FLAME file that is named for FLAME parameters among recordings, if there are any.

        Raises:
            InputError: It cannot be used.
            MismatchError: It is a head of another family.
        """
        if self.head is None or self.head in list_heads():
            return None
        return flame_file(self.head) if any(map(_is_flame, paths)) else None

    def settings(self) -> Settings:
        """The settings of all stages, with what is chosen here."""
        settings = Settings()
        fit = replace(settings.fit, n_shape=self.n_shape, n_expression=self.n_expression)
        landmarks = replace(settings.landmarks, mirrored_mean=self.mirrored_mean)
        return replace(settings, video=self.video, landmarks=landmarks, fit=fit)

    @property
    def video(self) -> VideoSettings:
        """How video files are read."""
        stream = -1 if self.stream is None else self.stream
        return VideoSettings(self.fps or 0.0, stream, mirrored_pixels=self.mirrored)


def _is_flame(path: Path) -> bool:
    try:
        return track_kind(path) is Kind.FLAME
    except InputError:  # said where it is read
        return False


def is_video(path: Path) -> bool:
    """Whether a recording has to be analysed."""
    return form_of(path) is Form.VIDEO


def check_recording(path: Path, reading: Reading) -> None:
    """Make sure that a recording can be read, before the long work begins.

    Args:
        path: The recording.
        reading: How it is read.

    Raises:
        InputError: It is missing, or none of any kind.
        TooLittleError: Another program's measurement has no row that can be used.
    """
    check_input_file(path, "recording")
    if is_video(path):
        from facedyn_app.video import probe_video

        probe_video(path, reading.video)
    else:
        read_one_kept(path, None, None)


def read_head(path_or_id: str) -> HeadModel:
    """A built-in head, a remembered one, or one from a file; its landmarks need not be placed.

    Raises:
        InputError: There is none of that name.
    """
    _check_head_file(path_or_id)
    return load_head(path_or_id)


def read_ready_head(path_or_id: str, on_progress: OnProgress) -> HeadModel:
    """As `read_head`, the landmarks placed where they are not yet.

    Raises:
        InputError: There is none of that name.
        TooLittleError: The landmarker does not find the head's face.
    """
    from facedyn_app.cli.drawing import quiet_drawing
    from facedyn_app.pipeline import ready_head  # slow to import, and only videos need it

    _check_head_file(path_or_id)
    quiet_drawing()  # placing landmarks draws the head
    return ready_head(path_or_id, on_progress)


def _check_head_file(path_or_id: str) -> None:
    path = Path(path_or_id)
    if path.suffix:
        check_input_file(path, "head file")


def read_recording(
    path: Path,
    head: HeadModel | None,
    reading: Reading,
    settings: Settings,
    on_progress: OnProgress,
) -> Session:
    """The session of a recording; a video is analysed for it.

    Args:
        path: The recording.
        head: The head for videos; None where there is none among the recordings.
        reading: How a video is analysed.
        settings: Of all stages.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The recording cannot be read.
        TooLittleError: Too few frames have a face.
    """
    with naming(path):
        if is_video(path):
            from facedyn_app.pipeline import analyse_video

            if head is None:
                raise ValueError("a video needs a head")
            analysis = analyse_video(
                path,
                head,
                replace(settings, video=reading.video),
                device=reading.device,
                face=reading.face,
                on_progress=on_progress,
            )
            return analysis.session
        session = read_one_kept(path, reading.fps, reading.flame([path]))
    for note in session.meta.get("notes", ()):
        log.warning("'%s': %s", path.name, note)
    return session


def numbered(on_progress: OnProgress, path: Path, number: int, n_paths: int) -> OnProgress:
    """Name the recording in the reports about it."""

    def named(progress: Progress) -> None:
        on_progress(
            replace(progress, stage=f"{path.name}, {number} of {n_paths}: {progress.stage}")
        )

    return named
