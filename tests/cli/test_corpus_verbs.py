"""`facedyn train`, `evaluate` and `study`: from a library to a page, as a user calls them."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from facedyn_app.library.library import Library
from facedyn_app.progress import ignore
from facedyn_app.recognizer.files import load_recognizer
from facedyn_app.recognizer.split import parse_test_sessions
from facedyn_app.workflows.train import TrainingPlan, train_recognizer
from tests.recognizer.conftest import NAMES, easy_session, small_settings, without

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve simulated speakers, three sessions each."""
    folder = tmp_path_factory.mktemp("corpus") / "library"
    with Library.open(folder) as opened:
        for speaker in range(12):
            for number in range(3):
                opened.enrol(f"made {speaker}", easy_session(speaker, number), "made up")
    return folder


@pytest.fixture(scope="module")
def trained(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small recognizer, trained on all but the last sessions."""
    out = tmp_path_factory.mktemp("recognizer") / "mine"
    plan = TrainingPlan(parse_test_sessions("last"), device="cpu")
    with Library.open(library) as opened:
        train_recognizer(opened, out, small_settings(30), plan, ignore)
    return out


def test_training_writes_a_recognizer_and_says_how_good_it_is(
    run: Any, library: Path, tmp_path: Path
) -> None:
    done = run(
        *("train", "--library", library, "-o", tmp_path / "mine", "--steps", "2"),
        *("--device", "cpu", "--seed", "3", "--json"),
    )
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["simulated"]
    assert facts["steps"] == facts["planned_steps"] == 2
    assert facts["settings"]["seed"] == 3
    assert facts["metrics"]["test_sessions"]["n_probes"] == 12
    assert facts["peak_memory_mb"] is None or facts["peak_memory_mb"] < 3000
    assert sorted(path.name for path in tmp_path.glob("[!h.]*")) == ["mine"]


def test_evaluate_gives_a_script_what_it_needs(run: Any, library: Path, trained: Path) -> None:
    done = run("evaluate", trained, "--library", library, "--json")
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["simulated"] is True
    assert facts["chance_uniform"] == pytest.approx(1 / 12, abs=1e-4)
    for key in ("top1_window", "top1_session", "top5_window", "eer"):
        low, high = facts["intervals"][key]
        assert 0.0 <= low <= facts[key] <= high <= 1.0
    assert facts["chance_majority"] >= facts["chance_uniform"]
    assert set(facts["parts"]) == {"network", "network_whitened", "descriptors_whitened"}
    controls = ("shuffled", "session_mean", "velocities_only", "uncentred", "amplitude_only")
    assert set(facts["controls"]) == set(controls)
    assert set(facts["baselines"]) == {"session_mean", "descriptors_a", "descriptors_b"}
    for one in (*facts["controls"].values(), *facts["baselines"].values()):
        assert set(one["intervals"]) >= {"top1_window", "eer"}
    for key, one in facts["over_descriptors_b"].items():
        both = facts[key] - facts["baselines"]["descriptors_b"][key]
        assert one["difference"] == pytest.approx(both, abs=2e-4)
    assert set(facts["over_descriptors_b"]) == {"top1_window", "top1_session", "eer"}


def test_training_says_which_channels_it_left_out(run: Any, tmp_path: Path) -> None:
    with Library.open(tmp_path / "library") as opened:
        for speaker in range(4):
            for number in range(5):
                session = easy_session(speaker, number)
                if number < 2:
                    session = without(session, NAMES[1])
                opened.enrol(f"made {speaker}", session, "made up")
    order = ("--library", tmp_path / "library", "--steps", "1", "--device", "cpu")
    done = run("train", *order, "-o", tmp_path / "mine")
    assert done.exit_code == 0, done.stderr
    assert f"channels left out: {NAMES[1]} (dead in 50 % of the sessions)\n" in done.stdout
    done = run("train", *order, "-o", tmp_path / "whole", "--test-sessions", "1,2", "--json")
    assert json.loads(done.stdout)["left_out"] == {}


def test_a_baseline_and_a_control_of_one_name_are_told_apart(
    run: Any, library: Path, trained: Path
) -> None:
    order = ("evaluate", trained, "--library", library)
    facts = json.loads(run(*order, "--json").stdout)
    told = {line[:20].strip(): line.split()[2] for line in run(*order).stdout.splitlines() if line}
    for name, kind in (("window means", "baselines"), ("session mean", "controls")):
        assert told[name] == f"{100 * facts[kind]['session_mean']['top1_window']:.1f}"


def test_evaluate_tells_people_the_same(run: Any, library: Path, trained: Path) -> None:
    done = run("evaluate", trained, "--library", library)
    assert done.exit_code == 0
    assert "12 speakers (simulated)" in done.stdout
    assert "chance 8.33 %" in done.stdout
    names = [line.split("  ")[0] for line in done.stdout.splitlines()]
    for name in ("recognizer", "network whitened", "descriptors B", "shuffled", "amplitude only"):
        assert name in names
    assert "recognizer less descriptors B" in done.stdout


def test_calibrate_takes_the_librarys_own_trials(
    run: Any, library: Path, trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "calibrated"
    done = run("calibrate", trained, "--library", library, "-o", out, "--json")
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["trials"] == "simulated speakers"
    assert facts["calibrated_on"].startswith("12 simulated speakers")
    assert facts["weight"] > 0.0
    before, after = load_recognizer(trained), load_recognizer(out)
    assert after.fingerprint == before.fingerprint
    assert after.calibration.weight == pytest.approx(facts["weight"])
    refused = run("calibrate", "built-in", "--library", library)
    assert refused.exit_code == 3
    assert "built-in recognizer cannot be changed" in refused.stderr


def test_a_study_is_a_page_with_its_numbers(
    run: Any, library: Path, trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "study"
    done = run(*("study", trained, "--library", library, "-o", out, "--gru-minutes", "0", "--json"))
    assert done.exit_code == 0, done.stderr
    facts = json.loads(done.stdout)
    names = {path.name for path in out.iterdir()}
    assert names == set(facts["files"])
    for figure in ("comparison", "window_length", "sessions", "drift", "cmc", "det"):
        assert (out / f"{figure}.png").stat().st_size > 5000
        assert f"{figure}.svg" in names
    kept = json.loads((out / "study.json").read_text())
    assert kept["top1_window"] == facts["top1_window"]
    assert [point["window_s"] for point in kept["by_window_length"]] == [1, 2, 3, 5, 10]
    assert [point["sessions"] for point in kept["by_sessions"]] == [1, 2]
    # everybody is recognised: there is nothing that drift could be correlated with
    assert kept["top1_window"] == 1.0
    assert kept["drift"]["spearman_dnr"] is None
    with (out / "accuracy.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["what"] for row in rows][:2] == ["recognizer", "network"]
    assert float(rows[0]["top1_window"]) == pytest.approx(kept["top1_window"], abs=1e-4)
    page = (out / "index.html").read_text()
    assert "12 simulated speakers" in page
    assert page.count("<svg") == 6
    for loads in ('src="http', 'href="http', "@import", "<link", "<script"):
        assert loads not in page
    again = run("study", trained, "--library", library, "-o", out, "--gru-minutes", "0")
    assert again.exit_code == 3
    assert "holds something already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("train", "-o", "OUT", "--test-sessions", "first"), "which sessions"),
        (("train", "-o", "OUT", "--head", "flame"), "no session of head 'flame'"),
        (("evaluate", "OUT"), "no such file"),
        (("evaluate", "TRAINED", "--test-sessions", "1"), "were used to train"),
        (("study", "TRAINED", "-o", "LIBRARY"), "holds something already"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    run: Any,
    library: Path,
    trained: Path,
    tmp_path: Path,
    arguments: tuple[str, ...],
    sentence: str,
) -> None:
    places = {"OUT": tmp_path / "out", "TRAINED": trained, "LIBRARY": library}
    named = [places.get(one, one) for one in arguments]
    done = run(*named, "--library", library)
    assert done.exit_code == 3, done.stdout
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_library_that_is_not_there_is_said(run: Any, trained: Path, tmp_path: Path) -> None:
    for verb in (("train", "-o", tmp_path / "out"), ("evaluate", trained)):
        done = run(*verb, "--library", tmp_path / "nowhere")
        assert done.exit_code == 3
        assert "There is no library" in done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_the_verbs_are_in_the_help(run: Any) -> None:
    shown = run("--help").stdout
    for verb in ("import", "train", "evaluate", "calibrate", "study", "verify"):
        assert f"\n  {verb} " in shown
