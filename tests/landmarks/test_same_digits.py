"""The same digits however many threads there are, from one call to the next, and elsewhere."""

from __future__ import annotations

import os
import pickle
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch

from facedyn_app.fitting.fitter import make_fitter
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import TrackCollector, track_faces
from facedyn_app.landmarks.models import n_workers
from facedyn_app.settings import Settings
from facedyn_app.video import ProbedVideo, write_video
from facedyn_app.workflows.demo import demo_videos

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def moving_face(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """45 frames of a face that is carried through the picture, so that its square must follow."""
    frames = list(ProbedVideo.of(demo_videos()[0].path).frames())[:45]
    path = tmp_path_factory.mktemp("moving") / "face.mp4"
    moved = (np.roll(one.image, 2 * one.index, axis=1) for one in frames)
    write_video(path, moved, 30.0)
    return path


def _followed(path: Path) -> TrackCollector:
    video = ProbedVideo.of(path)
    collector = TrackCollector(video.info)
    with closing(track_faces(video.frames(), video.info, device=CPU)) as found:
        for faces in found:
            collector.add(faces)
    return collector


def test_landmarks_do_not_depend_on_the_number_of_threads(
    moving_face: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    tracks = []
    for n_cores in (1, 3, 8):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, n=n_cores: set(range(n)))
        assert n_workers(CPU) == n_cores
        tracks.append(_followed(moving_face).track().whole())
    for other in tracks[1:]:
        np.testing.assert_array_equal(other.points, tracks[0].points)
        np.testing.assert_array_equal(other.scores, tracks[0].scores)


@pytest.mark.parametrize(("said", "n"), [("1", 1), ("3", 3), ("64", 8), ("0", 4), ("two", 4)])
def test_a_process_is_told_its_threads(monkeypatch: pytest.MonkeyPatch, said: str, n: int) -> None:
    n_cores = 4 if n == 4 else 64
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(n_cores)))
    monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert n_workers(CPU) == n


@pytest.mark.usefixtures("one_thread")
def test_a_face_followed_here_can_be_fitted_elsewhere(moving_face: Path, head: HeadModel) -> None:
    here = _followed(moving_face)
    there = pickle.loads(pickle.dumps(here))
    mine, theirs = here.track().whole(), there.track().whole()
    for name in ("seconds", "points", "scores", "turn", "likeness", "certainty"):
        np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name))
    assert [one.number for one in there.faces()] == [one.number for one in here.faces()]
    starts = []
    for track in (mine, theirs, mine, theirs, mine):
        fitter = make_fitter(head, Settings().fit, "cpu")
        starts.append(fitter.shape_problem(track)[1])
    for other in starts[1:]:
        assert torch.equal(other.rotation, starts[0].rotation)
        assert torch.equal(other.translation, starts[0].translation)
