"""Training, files and matching with easy simulated speakers: seconds, not minutes."""

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError, MismatchError, OutputError, TooLittleError
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.recognizer.batches import SessionBatches
from facedyn_app.recognizer.files import FILES, load_recognizer, save_recognizer
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.track_collection import collect_tracks
from facedyn_app.recognizer.training import train
from facedyn_app.recognizer.trials import LabelledSession
from facedyn_app.settings import FeatureSettings
from tests.recognizer.conftest import (
    NAMES,
    easy_session,
    held_out_trials,
    labelled,
    small_settings,
)
from tests.sessions import altered


def trained(max_steps: int = 40) -> Recognizer:
    return train(labelled(range(24), range(2)), held_out_trials(), small_settings(max_steps))


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    return trained()


def test_training_beats_chance_on_speakers_never_seen(recognizer: Recognizer) -> None:
    found = recognizer.metrics["held_out_during_training"]
    assert found["chance_uniform"] == pytest.approx(1 / 8)
    assert found["top1_session"] >= 0.6
    assert found["eer"] <= 0.25
    assert recognizer.backend.sizes[1] == 16
    assert recognizer.training["n_speakers"] == 24
    assert "simulated" in recognizer.calibration.made_on


def test_the_same_seed_trains_the_same_recognizer() -> None:
    first, again = trained(max_steps=3), trained(max_steps=3)
    for name, value in first.network.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), again.network.state_dict()[name].numpy())


def test_who_is_it(recognizer: Recognizer) -> None:
    gallery = {
        f"made {k}": [recognizer.embed(easy_session(k, session)) for session in range(2)]
        for k in (100, 101, 102, 103)
    }
    probe = recognizer.embed(easy_session(102, 5))
    matches = recognizer.rank(probe, recognizer.gallery(gallery))
    assert matches[0].name == "made 102"
    assert len(matches[0].window_scores) == len(probe.vectors)
    assert 0.0 < recognizer.threshold(0.05, 4) < 1.0


def test_a_session_of_another_head_is_refused(recognizer: Recognizer) -> None:
    with pytest.raises(MismatchError, match=r"'flame'.*'made'"):
        recognizer.embed(easy_session(0, 0, head_id="flame"))


def test_channels_are_found_by_name(recognizer: Recognizer) -> None:
    plain = easy_session(3, 0)
    order = [2, 0, 1]
    mixed = altered(
        plain,
        expression=plain.motion.expression[:, order],
        names=tuple(NAMES[k] for k in order),
    )
    np.testing.assert_allclose(
        recognizer.embed(mixed).vectors, recognizer.embed(plain).vectors, atol=1e-5
    )


def test_too_short_a_session_is_said(recognizer: Recognizer) -> None:
    with pytest.raises(TooLittleError, match="are needed"):
        recognizer.embed(easy_session(0, 0, seconds=1.5))


def test_what_is_saved_comes_back(recognizer: Recognizer, tmp_path: Path) -> None:
    save_recognizer(recognizer, tmp_path / "mine")
    save_recognizer(recognizer, tmp_path / "mine")
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == sorted(FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    back = load_recognizer(tmp_path / "mine")
    session = easy_session(7, 1)
    np.testing.assert_array_equal(back.embed(session).vectors, recognizer.embed(session).vectors)
    assert back.backend.n_windows == recognizer.backend.n_windows
    assert back.calibration == recognizer.calibration
    assert (back.head_id, back.expression_names) == ("made", NAMES)
    assert (back.features, back.sizes) == (recognizer.features, recognizer.sizes)
    assert back.metrics == recognizer.metrics


def test_something_else_is_not_overwritten(recognizer: Recognizer, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("keep me")
    with pytest.raises(OutputError, match="not overwritten"):
        save_recognizer(recognizer, tmp_path / "letters")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        save_recognizer(recognizer, tmp_path / "file" / "below")


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text())
    for key, value in changes.items():
        config[key] = value
    path.write_text(json.dumps(config))


NETWORK = {
    "width": 24,
    "n_blocks": 1,
    "n_heads": 2,
    "kernel": 7,
    "embedding": 16,
    "dropout": 0.0,
    "statistics_dropout": 0.0,
    "n_bands": 2,
    "n_mixtures": 2,
}


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_broken_file_is_named(
    recognizer: Recognizer, tmp_path: Path, name: str
) -> None:
    save_recognizer(recognizer, tmp_path / "mine")
    path = tmp_path / "mine" / name
    whole = path.read_bytes()
    for damage in (b"", b"no such thing", whole[: len(whole) // 2], b"\x80\x04pickle"):
        path.write_bytes(damage)
        with pytest.raises(InputError, match=name):
            load_recognizer(tmp_path / "mine")
    path.unlink()
    with pytest.raises(InputError, match=f"{name}.*no such file"):
        load_recognizer(tmp_path / "mine")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": "other"}, "format"),
        ({"version": 5}, "version 5.*newer version"),
        ({"version": 2}, "version 2.*Train it again"),
        ({"version": "1"}, "format"),
        ({"expression_names": []}, "list of names"),
        ({"expression_names": ["eyeBlinkLeft"]}, "tensors are not those"),
        ({"head_id": 3}, "head_id"),
        ({"from_simulation": "no"}, "from_simulation"),
        ({"network": None}, "missing"),
        ({"network": {**NETWORK, "width": 10**9}}, "width"),
        ({"network": {**NETWORK, "width": 10**400}}, "width"),
        ({"network": {**NETWORK, "width": 24.5}}, "width"),
        ({"network": {**NETWORK, "kernel": 8}}, "odd number"),
        ({"network": {**NETWORK, "n_blocks": 0}}, "n_blocks"),
        ({"network": {**NETWORK, "dropout": "much"}}, "dropout"),
    ],
)
def test_a_config_that_cannot_be_is_refused(
    recognizer: Recognizer, tmp_path: Path, change: dict[str, object], reason: str
) -> None:
    save_recognizer(recognizer, tmp_path / "mine")
    change_config(tmp_path / "mine", **change)
    with pytest.raises(InputError, match=reason):
        load_recognizer(tmp_path / "mine")


def test_positives_come_from_different_sessions() -> None:
    speakers = [f"s{k}" for k in range(10) for _ in range(3)] + ["alone"]
    rng = np.random.default_rng(0)
    seen = set()
    for batch in islice(SessionBatches(speakers, 4, 2, rng), 50):
        names = [speakers[k] for k in batch]
        assert len(set(batch.tolist())) == len(batch)
        assert len(set(names)) == 4
        assert all(names.count(name) == 2 for name in set(names) - {"alone"})
        seen |= set(names)
    assert seen == set(speakers)


def test_training_needs_two_sessions_of_somebody(tmp_path: Path) -> None:
    with pytest.raises(TooLittleError, match="two sessions"):
        SessionBatches(["a", "b", "c"], 2, 2, np.random.default_rng(0))
    with pytest.raises(TooLittleError, match="two speakers"):
        SessionBatches(["a", "a"], 2, 2, np.random.default_rng(0))
    with pytest.raises(TooLittleError, match="no session"):
        collect_tracks([], FeatureSettings(), tmp_path / "work")
    assert list(tmp_path.iterdir()) == []  # nothing half-written
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        collect_tracks([], FeatureSettings(), tmp_path / "file" / "work")


def test_sessions_of_two_heads_are_not_mixed(tmp_path: Path) -> None:
    mixed = [
        LabelledSession("a", easy_session(0, 0)),
        LabelledSession("b", easy_session(1, 0, head_id="other")),
    ]
    with pytest.raises(MismatchError, match=r"'other'.*'made'"):
        collect_tracks(mixed, FeatureSettings(), tmp_path)


def test_training_can_be_cancelled() -> None:
    stages: list[str] = []

    def stop(progress: Progress) -> None:
        stages.append(progress.stage)
        if progress.stage == "training":
            raise Cancelled

    with pytest.raises(Cancelled):
        train(labelled(range(4), range(2)), None, small_settings(), on_progress=stop)
    assert stages.count("training") == 1


def test_without_held_out_sessions_the_probabilities_say_so() -> None:
    alone = train(labelled(range(4), range(2)), None, small_settings(max_steps=2))
    assert not alone.metrics
    assert "no held-out" in alone.calibration.made_on
