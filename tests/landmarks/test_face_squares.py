"""Grey squares around a face: where places lie in them, blocks and margins, other films."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from facedyn_app.errors import MismatchError
from facedyn_app.landmarks import FaceSquares, FaceVideo
from facedyn_app.landmarks.face_squares import BLOCK_FRAMES, FACE_PX, MARGIN_FRAMES, SIDE_PX
from facedyn_app.progress import Progress
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, ByteArray, FloatArray, Frame, Landmarks

WIDTH, HEIGHT = 320, 240


def _landmarks(middles: FloatArray, height: float) -> Landmarks:
    """Faces around some places, all of one height."""
    around = np.random.default_rng(1).uniform(-0.5, 0.5, size=(N_LANDMARKS, 2))
    around[:2] = [[0.0, -0.5], [0.0, 0.5]]
    around[:, 0] *= 0.7
    n_frames = len(middles)
    return Landmarks(
        seconds=np.arange(n_frames) / 25.0,
        points=(middles[:, None] + height * around).astype(np.float32),
        scores=np.zeros((n_frames, N_BLENDSHAPES), np.float32),
        width=WIDTH,
        height=HEIGHT,
    )


def _dot(x: int, y: int) -> ByteArray:
    """A picture with a white dot of 4 by 4 pixels whose middle is at (x, y)."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[y - 2 : y + 2, x - 2 : x + 2] = 255
    return image


def _seen(squares: FaceSquares) -> FloatArray:
    """(T, 2) middles of what is white."""
    grey = squares.grey.astype(np.float64)
    axis = np.arange(SIDE_PX)
    total = grey.sum(axis=(1, 2))
    x, y = (np.einsum("tyx,x->t", grey, axis), np.einsum("tyx,y->t", grey, axis))
    return np.stack([x / total, y / total], axis=1)


@pytest.mark.parametrize("height", [60.0, 170.0, 400.0])
def test_a_place_of_the_picture_is_found_in_the_square(height: float) -> None:
    places = np.array([[150, 110], [160, 131], [171, 120]])
    middles = np.array([[160.0, 120.0], [155.0, 118.0], [165.0, 126.0]])
    frames = [Frame(k, k / 25, _dot(*place)) for k, place in enumerate(places.tolist())]
    (squares,) = FaceVideo(lambda: frames, _landmarks(middles, height)).squares(np.arange(3))
    told = squares.scale[:, None] * (places - [WIDTH / 2, HEIGHT / 2]) + squares.shift
    np.testing.assert_allclose(_seen(squares), told, atol=0.3)
    assert squares.scale == pytest.approx(FACE_PX / height, rel=0.02)
    assert squares.own == slice(0, 3)


def test_a_face_over_the_edge_keeps_its_places_and_a_zoom_is_taken_off() -> None:
    middle = np.array([[10.0, 15.0]])
    frames = [Frame(0, 0.0, _dot(22, 40))]
    seen = _landmarks(middle, 120.0)
    (plain,) = FaceVideo(lambda: frames, seen).squares(np.array([0]))
    where = np.array([22.0, 40.0]) - [WIDTH / 2, HEIGHT / 2]
    np.testing.assert_allclose(_seen(plain)[0], plain.scale[0] * where + plain.shift[0], atol=0.3)
    freed = _landmarks([WIDTH / 2, HEIGHT / 2] + (middle - [WIDTH / 2, HEIGHT / 2]) / 0.5, 240.0)
    (drawn,) = FaceVideo(lambda: frames, freed, np.array([0.5])).squares(np.array([0]))
    np.testing.assert_array_equal(drawn.grey, plain.grey)
    own = where / 0.5
    np.testing.assert_allclose(_seen(drawn)[0], drawn.scale[0] * own + drawn.shift[0], atol=0.3)


def test_blocks_overlap_and_each_frame_is_the_own_of_one() -> None:
    n_frames = 2 * BLOCK_FRAMES + 41
    wanted = np.flatnonzero(np.arange(n_frames) % 10 != 3)
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)

    def decode() -> Iterator[Frame]:
        for k in range(n_frames):
            yield Frame(k, k / 25, image + np.uint8(k % 250))

    video = FaceVideo(decode, _landmarks(np.full((n_frames, 2), 120.0), 100.0))
    told: list[Progress] = []
    blocks = list(video.squares(wanted, "looking", told.append))
    assert {one.stage for one in told} == {"looking"}
    assert told[0].done == 1
    assert told[-1].done > n_frames - 40
    assert len(told) >= 4
    assert np.concatenate([one.frames[one.own] for one in blocks]).tolist() == wanted.tolist()
    for one in blocks:
        assert one.grey[:, 0, 0].tolist() == (one.frames % 250).tolist()
        assert len(one.frames) == len(one.scale) == len(one.shift)
        assert len(one.frames) <= BLOCK_FRAMES + 2 * MARGIN_FRAMES
    first, second, last = blocks
    assert (first.own.start, second.own.start) == (0, MARGIN_FRAMES)
    assert len(first.frames) - first.own.stop == MARGIN_FRAMES
    assert last.own.stop == len(last.frames)


def test_a_film_with_fewer_frames_is_refused_and_what_decodes_is_closed() -> None:
    ended = []

    def decode() -> Iterator[Frame]:
        try:
            for k in range(4):
                yield Frame(k, k / 25, np.zeros((HEIGHT, WIDTH, 3), np.uint8))
        finally:
            ended.append(True)

    video = FaceVideo(decode, _landmarks(np.full((6, 2), 100.0), 100.0))
    with pytest.raises(MismatchError, match="4 frames where 6 were followed"):
        list(video.squares(np.arange(6)))
    list(video.squares(np.array([1, 2])))
    blocks = video.squares(np.arange(4))
    next(blocks)
    blocks.close()
    assert ended == [True] * 3
