"""Display matrices, mirrors, and pictures that change their size: as a player shows them."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from facedyn_app.records import ByteArray
from facedyn_app.settings import VideoSettings
from facedyn_app.video import (
    VideoReader,
    mirror_points,
    probe_video,
    read_frames,
    video_notes,
)

WIDTH, HEIGHT = 96, 64
MATRICES = {
    "as stored": (1, 0, 0, 1),
    "a quarter turn": (0, 1, -1, 0),
    "half a turn": (-1, 0, 0, -1),
    "three quarters": (0, -1, 1, 0),
    "mirrored": (-1, 0, 0, 1),
    "upside down": (1, 0, 0, -1),
    "over the diagonal": (0, 1, 1, 0),
    "over the other diagonal": (0, -1, -1, 0),
}
"""a, b, c, d of shown x' = a x + c y, y' = b x + d y."""


def _picture() -> ByteArray:
    """A picture of which no turn and no mirror image is the same: red, green and blue corners."""
    image = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    image[:24, :24, 0] = 255
    image[:24, -24:, 1] = 255
    image[-24:, :24, 2] = 255
    return image


def _write(path: Path, sizes: list[tuple[int, int]] | None = None) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = 2_000_000
        for number in range(4):
            frame = av.VideoFrame.from_ndarray(_picture(), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _set_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Put a display matrix into the track header (tkhd) of an MP4."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 4 + 8 + 4 + 4 + 4 + 8 + 8
    a, b, c, d = (65536 * number for number in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)


def _shown(image: ByteArray, matrix: tuple[int, int, int, int]) -> ByteArray:
    """The picture as the matrix says, pixel by pixel."""
    a, b, c, d = matrix
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    to_x, to_y = a * x + c * y, b * x + d * y
    to_x, to_y = to_x - to_x.min(), to_y - to_y.min()
    shown = np.zeros((to_y.max() + 1, to_x.max() + 1, 3), dtype=np.uint8)
    shown[to_y, to_x] = image
    return shown


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_every_orientation_is_shown_as_a_player_shows_it(
    tmp_path: Path, matrix: tuple[int, int, int, int]
) -> None:
    path = tmp_path / "selfie.mp4"
    _write(path)
    _set_matrix(path, matrix)
    wanted = _shown(_picture(), matrix).astype(int)
    mirrored = matrix[0] * matrix[3] - matrix[1] * matrix[2] < 0
    info = probe_video(path)
    assert (info.height, info.width) == wanted.shape[:2]
    assert info.mirrored == mirrored
    assert any("mirrored" in note for note in info.notes) == mirrored
    with VideoReader(path) as reader:
        shown = reader.frame(2).image
    assert np.abs(shown - wanted).mean() < 12
    measured = list(read_frames(path))[2].image
    own = wanted[:, ::-1] if mirrored else wanted
    assert np.abs(measured - own).mean() < 12
    assert measured.flags.c_contiguous
    film = list(read_frames(path, as_shown=True))[2].image
    np.testing.assert_array_equal(film, shown)


def test_a_recording_mirrored_in_its_pixels_is_turned_back(tmp_path: Path) -> None:
    path = tmp_path / "call.mp4"
    _write(path)
    settings = VideoSettings(mirrored_pixels=True)
    info = probe_video(path, settings)
    assert info.mirrored
    assert "mirrored" in info.notes[0]
    image = next(read_frames(path, settings)).image.astype(int)
    assert np.abs(image - _picture()[:, ::-1].astype(int)).mean() < 12
    with VideoReader(path, settings) as reader:  # the player shows the file as it is
        assert np.abs(reader.frame(0).image - _picture().astype(int)).mean() < 12


def test_points_are_mirrored_with_their_picture() -> None:
    points = np.array([[0.0, 5.0], [30.0, 7.0]])
    np.testing.assert_array_equal(mirror_points(points, 96), [[96.0, 5.0], [66.0, 7.0]])


def _write_sizes(path: Path, sizes: list[tuple[int, int]]) -> None:
    """A VP8 call whose picture changes its size; a bright disc in the middle of each picture."""
    streams: list[av.Packet] = []
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=25, options={"deadline": "realtime"})
        stream.width, stream.height, stream.pix_fmt = *sizes[0], "yuv420p"
        for number, (width, height) in enumerate(sizes):
            encoder = av.CodecContext.create("libvpx", "w")
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
            encoder.time_base, encoder.bit_rate = Fraction(1, 25), 2_000_000
            y, x = np.mgrid[:height, :width]
            disc = np.hypot(x - width / 2, y - height / 2) < min(width, height) / 4
            image = np.where(disc, 220, 60).astype(np.uint8)[..., None].repeat(3, axis=2)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            for packet in [*encoder.encode(frame), *encoder.encode(None)]:
                packet.stream = stream
                container.mux(packet)
                streams.append(packet)


def test_another_size_in_mid_stream_is_padded_not_stretched(tmp_path: Path) -> None:
    path = tmp_path / "call.webm"
    _write_sizes(path, [(160, 120), (120, 160), (80, 60)])
    frames = list(read_frames(path))
    assert [frame.image.shape for frame in frames] == 3 * [(120, 160, 3)]
    assert [frame.zoom for frame in frames] == pytest.approx([1.0, 0.75, 1.0])
    for frame, diameter in zip(frames, (60, 45, 60), strict=True):
        bright = frame.image[..., 0] > 140
        assert np.ptp(np.flatnonzero(bright.any(axis=0))) == pytest.approx(diameter, abs=4)
        assert np.ptp(np.flatnonzero(bright.any(axis=1))) == pytest.approx(diameter, abs=4)
        assert np.flatnonzero(bright.any(axis=0)).mean() == pytest.approx(79.5, abs=1.5)
    assert frames[1].image[:, :30].max() == 0
    with VideoReader(path) as reader:
        for frame in reversed(frames):
            np.testing.assert_array_equal(reader.frame(frame.index).image, frame.image)
    info = probe_video(path)
    zooms = {frame.zoom for frame in frames}
    notes = video_notes(info, np.arange(3) / 25, np.zeros(3, dtype=bool), zooms)
    assert "changes its shape" in notes[0]
