from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.records import FloatArray, Session
from facedyn_app.simulate.corpus import simulate_sessions, write_corpus
from facedyn_app.simulate.habits import speaker_shape
from facedyn_app.simulate.motion import SimulatedMotion, simulate_motion
from facedyn_app.simulate.observation import (
    guessed_observation,
    measure_observation,
    perfect_observation,
    read_observation,
    write_observation,
)
from facedyn_app.simulate.observe import NO_SPREAD, ObservationSpread, observe


def touch(_session: Session, path: Path) -> None:
    path.write_bytes(b"session")


def test_a_perfect_measurement_gives_the_truth() -> None:
    motion = simulate_motion(0, 0, 8.0)
    exact = perfect_observation(motion.names)
    session = observe(motion, np.random.default_rng(0), exact, NO_SPREAD, n_shape=10)
    np.testing.assert_allclose(session.expression, motion.expression, atol=1e-6)
    np.testing.assert_allclose(session.jaw, motion.jaw, atol=1e-6)
    np.testing.assert_allclose(session.shape, speaker_shape(0, 10), atol=1e-6)


def test_an_observed_session_says_what_it_is() -> None:
    session = next(simulate_sessions(4, 1, 10.0, seed=2))
    assert session.simulated
    assert session.head_id == "open-head-1"
    assert session.shape_chunks.shape == (10, 80)
    assert np.isnan(session.expression[~session.valid]).all()
    assert np.isfinite(session.expression[session.valid]).all()


def test_the_big_movements_survive_the_measurement() -> None:
    motion = simulate_motion(4, 0, 60.0)
    session = observe(motion, np.random.default_rng(1))
    for name in ("eyeBlinkLeft", "mouthSmileLeft"):
        k = motion.names.index(name)
        both = motion.expression[session.valid, k], session.expression[session.valid, k]
        assert 0.7 < np.corrcoef(*both)[0, 1] < 0.999


def test_an_observation_model_is_found_again_from_its_sessions() -> None:
    truths = [simulate_motion(speaker, 0, 60.0) for speaker in range(6)]
    model = guessed_observation(truths[0].names)
    for _ in range(2):  # the first time gives the usual size of the motion
        fits = [
            observe(t, np.random.default_rng(k), model, NO_SPREAD) for k, t in enumerate(truths)
        ]
        found = measure_observation(truths, fits)
        model = replace(model, usual=found.usual)
    pucker = truths[0].names.index("mouthPucker")
    assert found.measured
    assert found.response[pucker, pucker] == pytest.approx(model.response[pucker, pucker], abs=0.15)
    jaw = len(truths[0].names)
    assert found.response[jaw, jaw] == pytest.approx(model.response[jaw, jaw], abs=0.1)
    noise = np.sqrt(np.diag(found.noise @ found.noise.T))[jaw]
    assert noise == pytest.approx(model.noise[jaw, jaw], rel=0.2)


def errors(motion: SimulatedMotion, recording: int, spread: ObservationSpread) -> FloatArray:
    """What a recording of a motion shows beside the mean response to it."""
    model = guessed_observation(motion.names)
    true = np.concatenate([motion.expression, motion.jaw], axis=1)
    session = observe(motion, np.random.default_rng(recording), model, spread)
    fitted = np.concatenate([session.expression, session.jaw], axis=1)[session.valid]
    return np.asarray(fitted - (true @ model.response.T)[session.valid])


def test_part_of_the_errors_comes_back_with_the_face() -> None:
    """The speaker's own linear response is found again in another recording, and only theirs."""
    spread = ObservationSpread(0.0, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, of_face=0.7)
    first = simulate_motion(4, 0, 20.0)
    for moved, least, most in ((first, 0.5, 0.9), (replace(first, speaker=5), -0.2, 0.2)):
        a, b = errors(first, 1, spread), errors(moved, 2, spread)
        shared = float(((a - a.mean(0)) * (b - b.mean(0))).sum() / (a.std(0) ** 2 * len(a)).sum())
        assert least < shared < most


def test_what_is_misread_grows_with_the_motion() -> None:
    spread = ObservationSpread(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, of_face=0.0)
    lively = simulate_motion(4, 0, 60.0)
    calm = replace(lively, expression=0.5 * lively.expression, jaw=0.5 * lively.jaw)
    still = replace(lively, expression=0.0 * lively.expression, jaw=0.0 * lively.jaw)
    sizes = [float(errors(motion, 1, spread).std(axis=0).mean()) for motion in (lively, calm)]
    assert sizes[1] / sizes[0] == pytest.approx(0.5, abs=0.1)
    assert errors(still, 1, spread).std(axis=0).min() > 0.0


def test_an_observation_model_goes_to_disk_and_back(tmp_path: Path) -> None:
    model = guessed_observation(("eyeBlinkLeft", "mouthSmileLeft"))
    write_observation(model, tmp_path / "model.json")
    back = read_observation(tmp_path / "model.json")
    assert back.names == model.names
    np.testing.assert_allclose(back.response, model.response)
    np.testing.assert_allclose(back.noise, model.noise)
    np.testing.assert_allclose(back.usual.amplitude, model.usual.amplitude)
    np.testing.assert_allclose(back.usual.speed, model.usual.speed)
    (tmp_path / "bad.json").write_text('{"format": "facedyn-observation", "version": 1}')
    with pytest.raises(InputError, match=r"bad\.json"):
        read_observation(tmp_path / "bad.json")


def test_a_corpus_has_a_folder_for_each_speaker(tmp_path: Path) -> None:
    saved: list[Session] = []

    def save(session: Session, path: Path) -> None:
        saved.append(session)
        touch(session, path)

    files = write_corpus(tmp_path, 2, 2, 3.0, save, seed=1, first_speaker=7)
    names = [file.relative_to(tmp_path).as_posix() for file in files]
    assert names == [
        "speaker00007/session00.npz",
        "speaker00007/session01.npz",
        "speaker00008/session00.npz",
        "speaker00008/session01.npz",
    ]
    assert all(file.is_file() for file in files)
    again = list(simulate_sessions(7, 2, 3.0, seed=1))
    np.testing.assert_array_equal(saved[1].expression, again[1].expression)


def test_a_corpus_can_be_cancelled(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_corpus(tmp_path, 3, 1, 3.0, touch, report=stop)
    assert len(list(tmp_path.rglob("*.npz"))) == 1
