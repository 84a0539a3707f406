from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError, MismatchError, TooLittleError
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.records import FloatArray, Session
from facedyn_app.simulate.corpus import (
    NO_VARIATION,
    ObservationVariation,
    observe,
    simulate_sessions,
    write_corpus,
)
from facedyn_app.simulate.motion import SimulatedMotion, simulate_motion
from facedyn_app.simulate.observation import (
    guessed_observation,
    perfect_observation,
    read_observation,
    write_observation,
)
from facedyn_app.simulate.speaker import speaker_shape
from observation_measurement import measure_observation
from tests.sessions import altered


def touch(_session: Session, path: Path) -> None:
    path.write_bytes(b"session")


def test_a_perfect_measurement_gives_the_truth() -> None:
    simulated = simulate_motion(0, 0, 8.0)
    exact = perfect_observation(simulated.motion.names)
    session = observe(simulated, np.random.default_rng(0), exact, NO_VARIATION, n_shape=10)
    np.testing.assert_allclose(session.motion.expression, simulated.motion.expression, atol=1e-6)
    np.testing.assert_allclose(session.motion.jaw, simulated.motion.jaw, atol=1e-6)
    np.testing.assert_allclose(session.shape, speaker_shape(0, 10), atol=1e-6)


def test_an_observed_session_says_what_it_is() -> None:
    session = next(simulate_sessions(4, 1, 10.0, seed=2))
    assert session.simulated
    assert session.head_id == "open-head-2"
    assert session.shape_chunks.shape == (10, 80)
    assert np.isnan(session.motion.expression[~session.motion.valid]).all()
    assert np.isfinite(session.motion.expression[session.motion.valid]).all()


def test_the_big_movements_survive_the_measurement() -> None:
    simulated = simulate_motion(4, 0, 60.0)
    session = observe(simulated, np.random.default_rng(1))
    for name in ("eyeBlinkLeft", "mouthSmileLeft"):
        k = simulated.motion.names.index(name)
        both = (
            simulated.motion.expression[session.motion.valid, k],
            session.motion.expression[session.motion.valid, k],
        )
        assert 0.7 < np.corrcoef(*both)[0, 1] < 0.999


def test_an_observation_model_is_found_again_from_its_sessions() -> None:
    truths = [simulate_motion(speaker, 0, 60.0) for speaker in range(6)]
    names = truths[0].motion.names
    pucker, jaw = names.index("mouthPucker"), len(names)
    smoothing = np.zeros(jaw + 3)
    smoothing[pucker] = 0.15
    everything = np.concatenate([truth.channels for truth in truths])
    model = replace(
        guessed_observation(names),
        pose=everything.mean(axis=0),
        amplitude=np.maximum(everything.std(axis=0), 1e-3),
        level=np.full(jaw + 3, 0.02),
        smoothing_s=smoothing,
    )
    fits = [observe(t, np.random.default_rng(k), model, NO_VARIATION) for k, t in enumerate(truths)]
    found = measure_observation(truths, fits)
    assert found.measured
    for k in (pucker, jaw):
        assert found.response[k, k] == pytest.approx(model.response[k, k], abs=0.15)
        assert found.smoothing_s[k] == smoothing[k]
        noise = float(np.linalg.norm(found.noise[k]))
        assert noise == pytest.approx(model.noise[k, k], rel=0.3)
    assert found.level[jaw] == pytest.approx(0.02, abs=0.01)


def test_a_session_without_the_channels_of_its_truth_is_refused() -> None:
    motion = simulate_motion(4, 0, 20.0)
    fit = observe(motion, np.random.default_rng(0))
    fewer = altered(fit, expression=fit.motion.expression[:, 1:], names=fit.motion.names[1:])
    with pytest.raises(MismatchError):
        measure_observation([motion], [fewer])
    short = simulate_motion(4, 0, 8.0)
    with pytest.raises(TooLittleError, match="200 frames"):
        measure_observation(
            [short], [observe(short, np.random.default_rng(0), variation=NO_VARIATION)]
        )


ONLY_MISREAD = replace(NO_VARIATION, of_face=0.7)


def errors(
    simulated: SimulatedMotion, recording: int, variation: ObservationVariation
) -> FloatArray:
    """What a recording of a motion shows of the jaw beside the mean response to it."""
    model = guessed_observation(simulated.motion.names)
    session = observe(simulated, np.random.default_rng(recording), model, variation)
    seen = simulated.channels @ model.response.T
    return np.asarray(session.motion.jaw - seen[:, -3:])


def test_part_of_the_errors_comes_back_with_the_face() -> None:
    """Also where the same motion is made by another."""
    first = simulate_motion(4, 0, 20.0)
    shared = []
    for other in (first, replace(first, speaker=5)):
        a, b = errors(first, 1, ONLY_MISREAD), errors(other, 2, ONLY_MISREAD)
        a, b = a - a.mean(axis=0), b - b.mean(axis=0)
        shared.append(float((a * b).sum() / (a * a).sum()))
    assert 0.4 < shared[0] < 1.0
    assert abs(shared[1]) < 0.3


def test_what_is_misread_grows_with_the_motion_and_stands_still_with_it() -> None:
    lively = simulate_motion(4, 0, 60.0)
    facing = altered(lively, rotation=0.0 * lively.motion.rotation)
    calm = altered(facing, expression=0.5 * facing.motion.expression, jaw=0.5 * facing.motion.jaw)
    still = altered(facing, expression=0.0 * facing.motion.expression, jaw=0.0 * facing.motion.jaw)
    sizes = [
        float(errors(motion, 1, NO_VARIATION).std(axis=0).mean())
        for motion in (facing, calm, still)
    ]
    assert 0.4 < sizes[1] / sizes[0] < 0.9
    assert sizes[2] < 1e-6


def test_an_activation_rests_at_0_and_goes_no_further_than_1() -> None:
    simulated = simulate_motion(4, 0, 30.0)
    low = replace(
        guessed_observation(simulated.motion.names),
        level=np.full(len(simulated.motion.names) + 3, -0.05),
    )
    session = observe(simulated, np.random.default_rng(0), low, NO_VARIATION)
    assert session.motion.expression.min() == 0.0
    assert session.motion.expression.max() <= 1.0
    assert 0.1 < float((session.motion.expression == 0.0).mean()) < 0.95


def test_an_observation_model_goes_to_disk_and_back(tmp_path: Path) -> None:
    model = guessed_observation(("eyeBlinkLeft", "mouthSmileLeft"))
    write_observation(model, tmp_path / "model.json")
    back = read_observation(tmp_path / "model.json")
    assert back.names == model.names
    np.testing.assert_allclose(back.response, model.response)
    np.testing.assert_allclose(back.noise, model.noise)
    np.testing.assert_allclose(back.level, model.level)
    np.testing.assert_allclose(back.smoothing_s, model.smoothing_s)
    np.testing.assert_allclose(back.pose, model.pose)
    np.testing.assert_allclose(back.amplitude, model.amplitude)
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
    np.testing.assert_array_equal(saved[1].motion.expression, again[1].motion.expression)


def test_a_corpus_can_be_cancelled(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        write_corpus(tmp_path, 3, 1, 3.0, touch, on_progress=stop)
    assert len(list(tmp_path.rglob("*.npz"))) == 1
