"""Margin softmax, tracks on disk, controls, and the network to compare with."""

import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from facedyn_app.dynamics.features import motion_features
from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.recognizer.baselines import CONTROLS
from facedyn_app.recognizer.motion_windows import MotionWindows, feature_windows
from facedyn_app.recognizer.network import GruNetwork
from facedyn_app.recognizer.reading import read_settings
from facedyn_app.recognizer.track_collection import collect_tracks
from facedyn_app.recognizer.track_files import ROWS
from facedyn_app.recognizer.track_set import TrackSet, open_tracks
from facedyn_app.recognizer.trainee import MarginSoftmax
from facedyn_app.recognizer.training import train
from facedyn_app.recognizer.trials import LabelledSession
from facedyn_app.settings import FeatureSettings, NetworkSettings
from tests.recognizer.conftest import (
    NAMES,
    easy_session,
    held_out_trials,
    labelled,
    small_settings,
)
from tests.sessions import altered


def test_margin_softmax_matches_explicit_loops() -> None:
    torch.manual_seed(0)
    layer = MarginSoftmax(5, 4, margin=0.3, scale=7.0).double()
    vectors = torch.nn.functional.normalize(torch.randn(6, 4, dtype=torch.float64), dim=1)
    labels = [0, 4, 2, 2, 1, 0]
    losses = []
    for vector, own in zip(vectors, labels, strict=True):
        terms = []
        for k, speaker in enumerate(layer.speakers.detach()):
            cosine = float(vector @ speaker / speaker.norm())
            terms.append(np.exp(7.0 * (cosine - 0.3 * (k == own))))
        losses.append(-np.log(terms[own] / sum(terms)))
    found = layer(vectors, torch.tensor(labels))
    assert found.item() == pytest.approx(np.mean(losses), abs=1e-12)


def test_windows_from_disk_are_those_of_the_session(tmp_path: Path) -> None:
    settings = FeatureSettings()
    items = list(labelled(range(3), range(2)))
    tracks = collect_tracks(items, settings, tmp_path, identity="x")
    rng = np.random.default_rng(0)
    cut = tracks.cut(np.array([0, 3, 5]), 60, rng).numpy()
    assert cut.shape == (3, 60, 12)
    for window, number in zip(cut, (0, 3, 5), strict=True):
        values = motion_features(items[number].session, settings).values
        nearest = min(np.abs(values[at : at + 60] - window).max() for at in range(241))
        assert nearest < 5e-3  # 16-bit numbers, velocities up to about 5 per second
    np.testing.assert_array_equal(tracks.labels, [0, 0, 1, 1, 2, 2])


def test_prepared_tracks_come_back_for_the_same_sessions_only(tmp_path: Path) -> None:
    items = list(labelled(range(3), range(2)))
    tracks = collect_tracks(items, FeatureSettings(), tmp_path, identity="x")
    back = open_tracks(tmp_path, "x")
    assert back is not None
    assert (back.speakers, back.segments) == (tracks.speakers, tracks.segments)
    np.testing.assert_array_equal(
        back.spread_windows(4, 100, 100, 2), tracks.spread_windows(4, 100, 100, 2)
    )
    assert tracks.spread_windows(4, 100, 100, 2).shape == (2, 100, 12)
    assert open_tracks(tmp_path, "y") is None
    assert open_tracks(tmp_path / "elsewhere", "x") is None


def test_sessions_without_a_face_are_left_out(tmp_path: Path) -> None:
    good = easy_session(0, 0)
    blind = altered(good, valid=np.zeros(len(good.motion.seconds), dtype=bool))
    broken = altered(good, expression=np.full_like(good.motion.expression, np.nan))
    items = [LabelledSession("a", one) for one in (blind, good, broken)]
    assert collect_tracks(items, FeatureSettings(), tmp_path).speakers == ("a",)
    with pytest.raises(TooLittleError, match="long enough"):
        collect_tracks([items[0], items[2]], FeatureSettings(), tmp_path)


@pytest.fixture
def windows() -> MotionWindows:
    return feature_windows(easy_session(1, 0), FeatureSettings(window_s=5.0), "made", NAMES)


def changed(name: str, windows: MotionWindows) -> np.ndarray:
    values = CONTROLS[name](windows, np.random.default_rng(0))
    assert values.shape == windows.values.shape
    return np.asarray(values)


def test_shuffled_frames_are_the_same_frames(windows: MotionWindows) -> None:
    mixed = changed("shuffled", windows)
    assert not np.array_equal(mixed, windows.values)
    for before, after in zip(windows.values, mixed, strict=True):
        rows = {row.tobytes() for row in before}
        assert {row.tobytes() for row in after} == rows


def test_the_session_mean_is_what_was_taken_off(windows: MotionWindows) -> None:
    session = easy_session(1, 0)
    truth = np.concatenate([session.motion.expression, session.motion.jaw], axis=1).mean(axis=0)
    still = changed("session_mean", windows)
    np.testing.assert_allclose(still[0, 0, :6], truth, atol=1e-3)
    assert (still == still[0, 0]).all()
    assert not still[..., 6:].any()
    np.testing.assert_allclose(
        changed("uncentred", windows)[..., :6], windows.values[..., :6] + truth, atol=1e-3
    )


def test_velocities_only_keeps_velocities(windows: MotionWindows) -> None:
    left = changed("velocities_only", windows)
    assert not left[..., :6].any()
    np.testing.assert_array_equal(left[..., 6:], windows.values[..., 6:])


def test_a_gru_can_be_trained_in_the_conformers_place() -> None:
    network = GruNetwork(6, NetworkSettings(width=16, embedding=8)).eval()
    embedded = network(torch.randn(3, 50, 6))
    torch.testing.assert_close(embedded.norm(dim=1), torch.ones(3))
    sessions = labelled(range(12), range(2))
    found = train(sessions, held_out_trials(), small_settings(20), make_network=GruNetwork)
    accuracy = found.metrics["held_out_during_training"]
    assert accuracy["top1_session"] > 2 * accuracy["chance_uniform"]
    assert set(found.training["curve"][0]["controls"]) == set(CONTROLS)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_a_corpus_larger_than_memory_stays_on_disk(tmp_path: Path) -> None:
    n_sessions, n_rows, width = 400, 50_000, 100  # 4 GB, a hole in the file
    with (tmp_path / ROWS).open("wb") as file:
        file.truncate(2 * n_sessions * n_rows * width)
    tracks = TrackSet(
        folder=tmp_path,
        head_id="made",
        expression_names=NAMES,
        speakers=tuple(f"s{k // 2}" for k in range(n_sessions)),
        labels=np.arange(n_sessions) // 2,
        first_bytes=2 * width * n_rows * np.arange(n_sessions),
        columns=(np.arange(width),) * n_sessions,
        segments=(((0, n_rows),),) * n_sessions,
        scale=torch.ones(width),
        left_out={},
    )
    rng = np.random.default_rng(0)
    before = resident_mb()
    for _ in range(25):
        assert tracks.cut(rng.permutation(n_sessions)[:64], 250, rng).shape == (64, 250, 100)
    assert resident_mb() - before < 45


def test_settings_of_a_recognizer_without_a_choice_take_the_default(tmp_path: Path) -> None:
    kept = asdict(FeatureSettings())
    del kept["gaze"]
    assert read_settings(FeatureSettings, kept, tmp_path) == FeatureSettings()
    assert read_settings(FeatureSettings, {**kept, "gaze": True}, tmp_path).gaze
    with pytest.raises(InputError, match="'gaze' must be true or false"):
        read_settings(FeatureSettings, {**kept, "gaze": 1}, tmp_path)
    with pytest.raises(InputError, match=r"'hop_s' must be a number from 0\.1"):
        read_settings(FeatureSettings, {**kept, "hop_s": True}, tmp_path)
