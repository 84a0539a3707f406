"""The recognizer that comes with the program."""

import subprocess
import sys

from facedyn_app.assets import asset_folder
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.recognizer.files import DEFAULT_FOLDER, default_recognizer
from facedyn_app.simulate.corpus import simulate_sessions
from facedyn_app.simulate.population import EXPRESSION_NAMES


def test_it_reads_the_open_head() -> None:
    recognizer = default_recognizer()
    head = load_head(recognizer.head_id)
    assert set(recognizer.expression_names) == set(head.expression_names) == set(EXPRESSION_NAMES)


def test_it_knows_made_speakers_it_has_not_been_trained_on() -> None:
    recognizer = default_recognizer()
    sessions = {
        f"simulated {k}": [
            recognizer.embed(session) for session in simulate_sessions(k, 3, 20.0, seed=77)
        ]
        for k in range(6)
    }
    gallery = {name: embedded[:2] for name, embedded in sessions.items()}
    enrolled = recognizer.gallery(gallery)
    first = [recognizer.rank(own[2], enrolled)[0].name == name for name, own in sessions.items()]
    assert sum(first) >= 4


def test_its_accuracy_is_named_for_what_it_is() -> None:
    recognizer = default_recognizer()
    assert recognizer.training["data"] == "simulated speakers"
    assert recognizer.training["command"].startswith("python packaging/train_recognizer.py")
    assert "simulated speakers" in recognizer.calibration.made_on
    short = recognizer.metrics["simulated_speakers_12_s_sessions"]
    assert short["top1_session"] > 10 * short["chance_uniform"]


def test_it_is_small() -> None:
    files = list((asset_folder("models") / DEFAULT_FOLDER).iterdir())
    assert len(files) == 4
    assert sum(path.stat().st_size for path in files) < 20e6


def test_reading_it_does_not_bring_in_a_compiler() -> None:
    """Two seconds of every answer on the command line, where torch works shapes out by itself."""
    told = (
        "import sys; from facedyn_app.recognizer.files import default_recognizer as read; read();"
        "print([name for name in ('torch._dynamo', 'sympy') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"
