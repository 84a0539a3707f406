"""The annotated film, on a recording of a simulated face whose outlines are known."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facedyn_app.errors import InputError, MismatchError, OutputError
from facedyn_app.files import sha256_of
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.rendering.render import Camera
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.records import INVALID_REASONS, Motion, Session, SessionInfo, SourceFile
from facedyn_app.reports.film import write_film
from facedyn_app.video import probe_video, read_frames, sha256_of_video, write_video
from facedyn_app.workflows.heads import ready_head
from tests.sessions import altered

N_FRAMES, FPS, FOCAL_PX, AWAY_M = 20, 20.0, 500.0, 0.8
GREY = np.full((240, 320, 3), 128, np.uint8)
OUT = 7


@pytest.fixture(scope="module")
def head() -> HeadModel:
    return ready_head("open-head-2")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grey pictures: all that is seen in the film is drawn."""
    path = tmp_path_factory.mktemp("film") / "grey.mp4"
    write_video(path, [GREY] * N_FRAMES, FPS, crf=10)
    return path


@pytest.fixture
def session(head: HeadModel, video: Path) -> Session:
    """The mean head, still, before the camera; one frame is not trusted."""
    valid = np.arange(N_FRAMES) != OUT
    still = np.zeros((N_FRAMES, 3), np.float32)
    reason = np.where(valid, 0, INVALID_REASONS.index("blurred")).astype(np.uint8)
    return Session(
        motion=Motion(
            seconds=np.arange(N_FRAMES) / FPS,
            valid=valid,
            expression=np.zeros((N_FRAMES, head.n_expression), np.float32),
            names=head.expression_names,
            jaw=still,
            rotation=still,
            translation=still + np.array([0.0, 0.0, AWAY_M], np.float32),
        ),
        shape=np.zeros(head.n_shape, np.float32),
        shape_chunks=np.zeros((1, head.n_shape), np.float32),
        shape_chunk_seconds=np.array([0.5]),
        error_px=np.ones(N_FRAMES, np.float32),
        face_px=np.full(N_FRAMES, 100.0, np.float32),
        info=SessionInfo(
            head_id=head.head_id,
            head_sha256=head.sha256,
            source=SourceFile("grey.mp4", sha256_of(video)),
            width=320,
            height=240,
            focal_px=FOCAL_PX,
            fps=FPS,
        ),
        invalid_reason=reason,
    )


def changed(image: np.ndarray) -> np.ndarray:
    away: np.ndarray = np.abs(image.astype(int) - 128).max(axis=2)
    return away > 40


def test_outlines_lie_where_the_head_is_seen(
    session: Session, head: HeadModel, video: Path, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    assert write_film(session, head, video, film) == N_FRAMES
    frames = list(read_frames(film))
    assert [frame.seconds for frame in frames] == pytest.approx(session.motion.seconds, abs=0.002)
    embedding = head.landmarks
    assert embedding is not None
    chin = embedding.index.tolist().index(152)
    corners = head.v_template[head.faces[embedding.face[chin]]]
    point = (embedding.bary[chin] @ corners) * [1.0, -1.0, -1.0] + [0.0, 0.0, AWAY_M]
    x, y = Camera(320, 240, FOCAL_PX).project(point[None])[0].round().astype(int)
    near = changed(frames[0].image)[y - 3 : y + 4, x - 3 : x + 4]
    assert near.any()
    face = np.s_[60:180, 110:210]
    assert changed(frames[0].image)[face].sum() > 300
    assert changed(frames[OUT].image)[face].sum() == 0  # no outline where the fit is not trusted
    assert changed(frames[OUT].image)[:24].sum() > 50  # but the reason, in words
    assert not probe_video(film).simulated


def test_the_film_of_a_mirrored_recording_is_mirrored_as_a_player_shows_it(
    session: Session, head: HeadModel, video: Path, tmp_path: Path
) -> None:
    beside = altered(
        session, translation=session.motion.translation + np.array([0.1, 0.0, 0.0], np.float32)
    )
    mirrored = altered(beside, mirrored=True)
    face = {}
    for name, one in {"plain": beside, "mirrored": mirrored}.items():
        write_film(one, head, video, tmp_path / f"{name}.mp4")
        drawn = changed(next(read_frames(tmp_path / f"{name}.mp4")).image)[40:105]
        face[name] = float(np.flatnonzero(drawn.any(axis=0)).mean())
    assert face["plain"] > 190
    assert face["mirrored"] == pytest.approx(319 - face["plain"], abs=3)


def test_a_simulated_session_makes_a_film_that_says_so(
    session: Session, head: HeadModel, video: Path, tmp_path: Path
) -> None:
    made = altered(session, simulated=True)
    write_film(made, head, video, tmp_path / "film.mp4")
    assert probe_video(tmp_path / "film.mp4").simulated


def test_two_frames_in_one_tick_of_the_file_are_both_written(
    session: Session, head: HeadModel, video: Path, tmp_path: Path
) -> None:
    seconds = session.motion.seconds.copy()
    seconds[5] = seconds[4] + 1e-4
    film = tmp_path / "film.mp4"
    assert write_film(altered(session, seconds=seconds), head, video, film) == N_FRAMES
    assert len(list(read_frames(film))) == N_FRAMES


def test_another_recording_is_refused_and_a_cancel_leaves_nothing(
    session: Session, head: HeadModel, video: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.mp4"
    write_video(other, [GREY + 1] * 3, FPS)
    with pytest.raises(MismatchError, match=r"other\.mp4"):
        write_film(session, head, other, tmp_path / "film.mp4")

    with pytest.raises(OutputError, match="the recording itself"):
        write_film(session, head, video, video)
    assert probe_video(video).n_frames == N_FRAMES
    with pytest.raises(InputError, match="focal length"):
        write_film(altered(session, focal_px=None), head, video, tmp_path / "film.mp4")

    def stop(progress: Progress) -> None:
        if progress.done > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_film(session, head, video, tmp_path / "film.mp4", stop)
    assert [path.name for path in tmp_path.iterdir()] == ["other.mp4"]


def test_the_film_of_a_folder_of_stills(session: Session, head: HeadModel, tmp_path: Path) -> None:
    stills = tmp_path / "stills"
    stills.mkdir()
    for number in range(N_FRAMES):
        cv2.imwrite(str(stills / f"img_{number}.png"), np.full_like(GREY, 60 + 8 * number))
    source = SourceFile("stills", sha256_of_video(stills))
    film = tmp_path / "film.mp4"
    assert write_film(altered(session, source=source), head, stills, film) == N_FRAMES
    shades = [int(frame.image[200, 300].mean()) for frame in read_frames(film)]
    assert shades == pytest.approx([60 + 8 * number for number in range(N_FRAMES)], abs=3)
    (stills / "img_3.png").unlink()
    with pytest.raises(MismatchError, match="SHA-256 is another"):
        write_film(altered(session, source=source), head, stills, tmp_path / "none.mp4")
