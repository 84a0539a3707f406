"""Films: the recording once more, with what was measured drawn into it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from facedyn_app.dynamics.motion_range import liveliest
from facedyn_app.errors import InputError, MismatchError, OutputError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.render import FACING, Camera
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import (
    INVALID_REASONS,
    ByteArray,
    FloatArray,
    Frame,
    IntArray,
    Session,
    SessionInfo,
)
from facedyn_app.reports.kinds import MeshKind
from facedyn_app.reports.meshes import SessionMeshes
from facedyn_app.settings import VideoSettings
from facedyn_app.topology import (
    FACE_OVAL,
    LEFT_BROW,
    LEFT_EYE,
    LIPS_INNER,
    LIPS_OUTER,
    NOSE_BASE,
    NOSE_BRIDGE,
    RIGHT_BROW,
    RIGHT_EYE,
)
from facedyn_app.video import SIMULATED, mirror_points, read_frames, sha256_of_video
from facedyn_app.video.write import VideoFile

RINGS = (FACE_OVAL, LIPS_OUTER, LIPS_INNER, LEFT_EYE, RIGHT_EYE)
LINES = (LEFT_BROW, RIGHT_BROW, NOSE_BRIDGE, NOSE_BASE)
BLUE, WHITE, ORANGE, SHADE = (86, 180, 233), (255, 255, 255), (230, 159, 0), (30, 30, 30)
BLOCK_FRAMES = 16
LEAST_WEIGHT = 0.01
"""Of a landmark that is drawn: those that count for nothing in the fit may sit anywhere."""
LEAST_LINE_PX = 16
"""Height of a line of text on a small picture."""
LINES_ON_PICTURE = 24
"""Lines of text that would fill a large one."""
ENCODER = {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "7", "g": "60"}


def write_film(
    session: Session, head: HeadModel, video: Path, path: Path, on_progress: OnProgress = ignore
) -> int:
    """Write the recording with the fitted head's outlines, time, validity and liveliest channels.

    Frames that are not trusted have no outline, and the reason is said.

    Args:
        session: The session.
        head: The head that it was fitted with, its landmarks placed.
        video: The recording that it was made from.
        path: The film: .mp4, .mkv or .webm (VP9); it appears whole or not at all.
        on_progress: Called for every block of frames; may raise Cancelled.

    Returns:
        Frames written.

    Raises:
        InputError: The recording cannot be read, or the session does not say how it was seen.
        MismatchError: The session was made from another recording, or with another head.
        OutputError: The film cannot be written.
    """
    camera = _camera(session.info)
    _check_source(session, video, path)
    drawn = _Drawn(session, head, camera)
    n_frames = len(session.motion.seconds)
    fps = 25.0 if session.info.fps is None else float(session.info.fps)
    film = VideoFile(path, fps, ENCODER, SIMULATED if session.simulated else "")
    try:
        frames = read_frames(video, VideoSettings(stream=session.stream), as_shown=True)
        for block in _blocks(frames, n_frames):
            on_progress(Progress("drawing the film", block[0].index, n_frames))
            outlines = drawn.outlines(np.array([frame.index for frame in block]))
            for frame, points in zip(block, outlines, strict=True):
                film.add(drawn.picture(frame, points), float(session.motion.seconds[frame.index]))
        return film.finish()
    finally:
        film.discard()


def _camera(info: SessionInfo) -> Camera:
    if not (info.width and info.height and info.focal_px):
        raise InputError(
            "The session does not say how large its picture and its focal length are.",
            "Make it again from its video.",
        )
    return Camera(int(info.width), int(info.height), float(info.focal_px))


def _check_source(session: Session, video: Path, path: Path) -> None:
    if path.exists() and path.samefile(video):
        raise OutputError(f"'{path}' is the recording itself.", "Choose another name.")
    wanted = session.info.source_sha256
    if wanted is not None and sha256_of_video(video) != wanted:
        raise MismatchError(
            f"The session was not made from the video '{video}': its SHA-256 is another.",
            "Choose the recording that was fitted.",
        )


def _blocks(frames: Iterator[Frame], n_frames: int) -> Iterator[list[Frame]]:
    known = islice(frames, n_frames)
    while block := list(islice(known, BLOCK_FRAMES)):
        yield block


class _Drawn:
    """What is drawn into the pictures of a session."""

    def __init__(self, session: Session, head: HeadModel, camera: Camera) -> None:
        self._session, self._head, self._camera = session, head, camera
        self._meshes = SessionMeshes(session, head, MeshKind.FULL)
        row: dict[int, int] = {}
        if head.landmarks is not None:
            sure = head.landmarks.weight >= LEAST_WEIGHT
            row = {int(head.landmarks.index[k]): int(k) for k in np.flatnonzero(sure)}
        parts = [(ring, True) for ring in RINGS] + [(line, False) for line in LINES]
        self._outline = [(_rows(numbers, row), closed) for numbers, closed in parts]
        self._channels = liveliest(session)
        self._ranges = {k: _range(session, k) for k in self._channels}

    def outlines(self, frames: IntArray) -> list[FloatArray | None]:
        """(L, 2) where the head's landmarks are seen in each frame, px; None where not trusted."""
        embedding = self._head.landmarks
        found: list[FloatArray | None] = [None] * len(frames)
        valid = self._session.motion.valid[frames]
        if embedding is None or not valid.any():
            return found
        corners = self._head.faces[embedding.face]
        meshes = self._meshes.vertices(frames[valid]) @ FACING
        for k, vertices in zip(np.flatnonzero(valid), meshes, strict=True):
            points = np.einsum("lc,lcx->lx", embedding.bary, vertices[corners])
            found[k] = self._camera.project(points)
        return found

    def picture(self, frame: Frame, points: FloatArray | None) -> ByteArray:
        """The frame with everything drawn into it."""
        image = frame.image.copy()
        height = len(image)
        line = max(LEAST_LINE_PX, height // LINES_ON_PICTURE)
        if points is not None:
            thick = max(1, height // 360)
            places = np.rint(self._shown(points, frame.zoom)).astype(np.int32)
            for rows, closed in self._outline:
                cv2.polylines(image, [places[rows]], closed, BLUE, thick, cv2.LINE_AA)
        self._write_words(image, frame, line)
        if self._session.motion.valid[frame.index]:
            self._draw_bars(image, frame.index, line)
        return image

    def _shown(self, points: FloatArray, zoom: float) -> FloatArray:
        """Where points of a frame's own camera lie in the picture that is shown."""
        width, height = self._camera.width, self._camera.height
        middle = 0.5 * np.array([width, height])
        points = middle + zoom * (points - middle)
        return mirror_points(points, width) if self._session.mirrored else points

    def _write_words(self, image: ByteArray, frame: Frame, line: int) -> None:
        session = self._session
        words = f"{session.motion.seconds[frame.index]:.2f} s  frame {frame.index + 1}"
        if not session.motion.valid[frame.index]:
            reason = "not trusted"
            if session.invalid_reason is not None:
                reason = INVALID_REASONS[session.invalid_reason[frame.index]]
            words += f"  {reason}"
        if session.simulated:
            words += "  simulated"
        _text(image, words, (line // 2, line), line)

    def _draw_bars(self, image: ByteArray, frame: int, line: int) -> None:
        """The jaw's opening and the liveliest channels, at the lower left."""
        session = self._session
        names = [session.motion.names[k] for k in self._channels]
        beside = line + max((_width(name, line) for name in names), default=0)
        bottom = len(image) - line // 2
        for name, k in zip(reversed(names), reversed(self._channels), strict=True):
            low, high = self._ranges[k]
            share = (float(session.motion.expression[frame, k]) - low) / (high - low)
            corner = (beside + int(6 * line * min(max(share, 0.0), 1.0)), bottom)
            cv2.rectangle(image, (beside, bottom - line // 2), corner, ORANGE, -1)
            _text(image, name, (line // 2, bottom), line)
            bottom -= line
        opening = np.degrees(session.motion.jaw[frame, 0])
        _text(image, f"jaw {opening:.0f} degrees", (line // 2, bottom), line)


def _range(session: Session, channel: int) -> tuple[float, float]:
    """From where to where a channel's bar runs: 0 to 1, farther where the channel goes beyond."""
    values = session.motion.expression[session.motion.valid, channel]
    if not len(values):
        return 0.0, 1.0
    return min(0.0, float(values.min())), max(1.0, float(values.max()))


def _width(words: str, line: int) -> int:
    (width, _), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_SIMPLEX, line / 32.0, 1)
    return int(width)


def _rows(numbers: tuple[int, ...], row: dict[int, int]) -> IntArray:
    return np.array([row[number] for number in numbers if number in row], dtype=np.int64)


def _text(image: ByteArray, words: str, at: tuple[int, int], line: int) -> None:
    """Words with a dark rim, to be read on any picture; letters that OpenCV lacks become '?'."""
    plain = words.encode("ascii", "replace").decode("ascii")
    scale = line / 32.0
    for shade, thick in ((SHADE, 3), (WHITE, 1)):
        cv2.putText(image, plain, at, cv2.FONT_HERSHEY_SIMPLEX, scale, shade, thick, cv2.LINE_AA)
