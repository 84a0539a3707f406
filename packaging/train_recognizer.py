"""Train the recognizer that comes with the program, on simulated speakers.

    python packaging/train_recognizer.py

writes models/recognizer/ and its entries in models/manifest.json. Speakers 0 to N - 1 of
population 1 train it, others of the same population choose the weights and calibrate it, and a
third group, seen by neither, gives the accuracy that is recorded. Populations other than 1 (the
demo's among them) have no person in common with it.

    python packaging/train_recognizer.py --calibrate-only

calibrates and measures the recognizer that is there anew: a fit with other errors gives the same
people other scores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from facedyn_app.progress import Progress
from facedyn_app.recognizer.evaluation import accuracy_of
from facedyn_app.recognizer.files import (
    DEFAULT_FOLDER,
    FILES,
    load_recognizer,
    save_recognizer,
)
from facedyn_app.recognizer.history import TrainingState
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.training import calibrate_held_out, train
from facedyn_app.recognizer.trials import LabelledSession, Trials
from facedyn_app.recognizer.validation import read_validation_set
from facedyn_app.settings import NetworkSettings, Settings, TrainSettings
from facedyn_app.simulate.corpus import simulate_sessions
from facedyn_app.simulate.observation import Observation, shipped_observation

POPULATION = 1
HELD_OUT_FROM, TEST_FROM = 100_000, 200_000
N_HELD_OUT, N_TEST = 60, 100
PROTOCOL = (
    "sessions 1 and 2 enrolled, session 3 tested; speakers unseen in training; "
    "motion through the measured model of the fit, not rendered"
)
ROOT = Path(__file__).resolve().parents[1]


def sessions(
    first: int, n_speakers: int, seconds: float, observation: Observation | None
) -> Iterator[LabelledSession]:
    """Three sessions each of simulated speakers."""
    for speaker in range(first, first + n_speakers):
        made = simulate_sessions(speaker, 3, seconds, seed=POPULATION, observation=observation)
        for session in made:
            yield LabelledSession(f"simulated {speaker}", session)


def trials(first: int, n: int, seconds: float, observation: Observation | None) -> Trials:
    """Sessions 1 and 2 enrolled, session 3 asked about."""
    made = list(sessions(first, n, seconds, observation))
    probes = [item for item in made if item.session.info.session == 2]
    return Trials([item for item in made if item not in probes], probes)


class Printer:
    """Prints a line now and then."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, progress: Progress) -> None:
        """Print the progress if ten seconds have gone by."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + 10.0
            print(progress.stage, progress.done, progress.total, flush=True)
            if isinstance(progress.partial, TrainingState):
                print(
                    "  loss", progress.partial.loss, *progress.partial.validations[-1:], flush=True
                )


def calibrated(recognizer: Recognizer, observation: Observation | None) -> Recognizer:
    """The recognizer, calibrated on held-out simulated speakers as after its training."""
    held_out = read_validation_set(
        trials(HELD_OUT_FROM, N_HELD_OUT, 12.0, observation),
        recognizer.features,
        recognizer.head_id,
        recognizer.expression_names,
        Printer(),
    )
    calibration, accuracy = calibrate_held_out(recognizer.network, held_out, recognizer.backend, 0)
    metrics = {} if accuracy is None else {"held_out_during_training": accuracy.as_json()}
    return replace(recognizer, calibration=calibration, metrics=metrics)


def measured(recognizer: Recognizer, observation: Observation | None) -> dict[str, Any]:
    """Accuracy on simulated speakers that neither training nor calibration has seen."""
    results: dict[str, Any] = {}
    for seconds in (12.0, 60.0):
        made = trials(TEST_FROM, N_TEST, seconds, observation)
        accuracy = accuracy_of(recognizer, made, 0, Printer())
        results[f"simulated_speakers_{seconds:g}_s_sessions"] = {
            "protocol": PROTOCOL,
            **accuracy.as_json(),
        }
    return results


def record(folder: Path) -> None:
    """Enter the recognizer's files in models/manifest.json."""
    path = folder.parent / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for name in FILES:
        manifest[f"{folder.name}/{name}"] = {
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            "licence": "Apache-2.0",
            "origin": "Trained on simulated speakers by packaging/train_recognizer.py",
        }
    path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def trained(args: argparse.Namespace, observation: Observation) -> Recognizer:
    """A recognizer of `--speakers` simulated speakers."""
    settings = Settings(
        network=NetworkSettings(
            width=64, n_blocks=2, n_heads=4, dropout=0.0, statistics_dropout=0.2
        ),
        train=TrainSettings(
            budget_minutes=args.minutes,
            max_steps=args.steps,
            speakers_per_batch=64,
            window_s=10.0,
            shrinkage=0.9,
        ),
    )
    return train(
        sessions(0, args.speakers, args.seconds, observation),
        trials(HELD_OUT_FROM, N_HELD_OUT, 12.0, observation),
        settings,
        mixed_precision=args.bfloat16,
        about={
            "data": "simulated speakers",
            "command": shlex.join(["python", "packaging/train_recognizer.py", *sys.argv[1:]]),
            "population": POPULATION,
            "seconds_per_session": args.seconds,
            "observation": "measured" if observation.measured else "guessed",
        },
        from_simulation=True,
        on_progress=Printer(),
    )


def main() -> None:
    """Train, measure, save."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--speakers", type=int, default=1600)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--minutes", type=float, default=14.0)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--calibrate-only", action="store_true")
    parser.add_argument("--bfloat16", action="store_true", help="for CPUs that have it")
    parser.add_argument("--out", type=Path, default=ROOT / "models" / DEFAULT_FOLDER)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    observation = shipped_observation()
    if args.calibrate_only:
        recognizer = calibrated(load_recognizer(args.out), observation)
    else:
        recognizer = trained(args, observation)
    tested = {**recognizer.metrics, **measured(recognizer, observation)}
    save_recognizer(replace(recognizer, metrics=tested), args.out)
    if args.out.parent == ROOT / "models":
        record(args.out)
    print(json.dumps(tested, indent=2))


if __name__ == "__main__":
    main()
