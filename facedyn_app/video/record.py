"""Recording of pictures as they come, each with its time, without holding up their source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Final

from facedyn_app.errors import OutputError
from facedyn_app.records import Frame
from facedyn_app.video.source import SIMULATED
from facedyn_app.video.write import VideoFile

WAIT_SECONDS: Final = 0.1
MOST_WAITING: Final = 32
"""Pictures that may wait to be written; 30 MB at 640 x 480."""
# A camera does not wait: the encoder's quickest way, at a quality that leaves the landmarks alone.
_ENCODER: Final = {
    "crf": "20",
    "b": "0",
    "deadline": "realtime",
    "cpu-used": "8",
    "lag-in-frames": "0",
    "threads": "1",
    "g": "60",
}


@dataclass(frozen=True, slots=True)
class RecordedVideo:
    """A recording that has been written.

    Attributes:
        path: The file.
        n_frames: Pictures in it.
        n_lost: Pictures that came while too many were waiting to be written.
    """

    path: Path
    n_frames: int
    n_lost: int


class VideoRecorder:
    """Takes pictures from one thread and writes them on another; a picture too many is lost.

    Args:
        path: Where to, ending in .mp4, .mkv or .webm; it has its name when all is written.
        fps: About how many pictures a second come.
        simulated: Whether they are rendered, not filmed.

    Raises:
        OutputError: The name has another ending.
    """

    def __init__(self, path: Path, fps: float, *, simulated: bool = False) -> None:
        self.path = path
        self.seconds = 0.0
        self._file = VideoFile(path, fps, _ENCODER, SIMULATED if simulated else "")
        self._waiting: Queue[Frame | None] = Queue(MOST_WAITING)
        self._began: float | None = None
        self._n_lost = 0
        self._ended = False

    def add(self, frame: Frame) -> None:
        """Take a picture; never waits."""
        if self._ended:
            return
        try:
            self._waiting.put_nowait(frame)
        except Full:
            self._n_lost += 1

    def end(self) -> None:
        """No more pictures are to be recorded."""
        self._ended = True

    def write(self) -> RecordedVideo:
        """Write pictures until `end`; called on a thread of its own.

        Raises:
            OutputError: They cannot be written; what was written until then is kept.
        """
        try:
            while (frame := self._next()) is not None:
                self._began = frame.seconds if self._began is None else self._began
                self.seconds = frame.seconds - self._began
                self._file.add(frame.image, self.seconds)
            self._file.finish()
        except OutputError as error:
            self._ended = True
            if self._file.n_written:
                self._file.keep()
                raise OutputError(
                    f"{error.sentence} What was written until then is kept.",
                    "Make room, and record again.",
                ) from error
            raise
        finally:
            self._file.discard()
        return RecordedVideo(self.path, self._file.n_written, self._n_lost)

    def _next(self) -> Frame | None:
        """The next picture; None when there is none and there will be none."""
        while True:
            try:
                return self._waiting.get(timeout=WAIT_SECONDS)
            except Empty:
                if self._ended:
                    return None
