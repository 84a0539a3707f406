"""Measure what landmarks and fit make of known motion, on rendered videos of simulated speakers.

    python packaging/measure_observation.py --speakers 30 --seconds 10

renders simulated speakers of a population of their own (neither the recognizer's nor the demo's),
follows and fits them as the program does with any video, compares with the truth, and writes
models/observation.json and its entry in models/manifest.json.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.files import sha256_of
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, Session
from facedyn_app.settings import Settings
from facedyn_app.simulate.motion import SimulatedMotion, simulate_motion
from facedyn_app.simulate.observation import SHIPPED, write_observation
from facedyn_app.simulate.rendering import make_scene, render_motion
from facedyn_app.video import write_video
from facedyn_app.workflows.analyse import analyse_video
from observation_measurement import measure_observation

POPULATION = 3
SIDE_PX = 400
MODELS = Path(__file__).resolve().parents[1] / "models"


def fitted(head: HeadModel, simulated: SimulatedMotion, folder: Path) -> Session:
    """Render a motion, then measure it from its pixels."""
    scene = make_scene(
        head, simulated.speaker, simulated.session, seed=POPULATION, width=SIDE_PX, height=SIDE_PX
    )
    path = folder / f"{simulated.speaker}.mp4"
    write_video(path, render_motion(head, simulated, scene), simulated.fps, effort=8)
    return analyse_video(path, head, Settings()).session


def correlations(
    motions: list[SimulatedMotion], sessions: list[Session]
) -> dict[str, tuple[float, float]]:
    """Mean correlation of fitted with true channels over sessions that move, and their truth."""
    found: dict[str, tuple[float, float]] = {}
    names = (*motions[0].motion.names, "jaw_x")
    for name in names:
        values, sizes = [], []
        for motion, session in zip(motions, sessions, strict=True):
            true = _channel(motion, name)[session.motion.valid]
            mine = _channel(session, name)[session.motion.valid]
            sizes.append(float(np.std(true)))
            if np.std(true) > 0.02 and np.std(mine) > 0:
                values.append(float(np.corrcoef(true, mine)[0, 1]))
        found[name] = (float(np.mean(values)) if values else float("nan"), float(np.mean(sizes)))
    return found


def _channel(record: SimulatedMotion | Session, name: str) -> FloatArray:
    if name == "jaw_x":
        return np.asarray(record.motion.jaw[:, 0])
    return np.asarray(record.motion.expression[:, record.motion.names.index(name)])


def record() -> None:
    """Enter the observation in models/manifest.json."""
    manifest = json.loads((MODELS / "manifest.json").read_text(encoding="utf-8"))
    manifest[SHIPPED] = {
        "sha256": sha256_of(MODELS / SHIPPED),
        "licence": "Apache-2.0",
        "origin": "Measured on rendered simulated speakers by packaging/measure_observation.py",
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (MODELS / "manifest.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Render, fit, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--speakers", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=10.0)
    args = parser.parse_args()
    head = load_head(DEFAULT_HEAD)
    motions, sessions = [], []
    with tempfile.TemporaryDirectory() as folder:
        for speaker in range(args.speakers):
            motion = simulate_motion(speaker, 0, args.seconds, seed=POPULATION)
            sessions.append(fitted(head, motion, Path(folder)))
            motions.append(motion)
            share = float(sessions[-1].motion.valid.mean())
            print(f"speaker {speaker}: {100 * share:.0f} % of frames valid", flush=True)
    observation = measure_observation(motions, sessions)
    write_observation(observation, MODELS / SHIPPED)
    record()
    for name, (correlation, size) in correlations(motions, sessions).items():
        print(f"{name:24s} correlation {correlation:5.2f}   true deviation {size:.3f}")


if __name__ == "__main__":
    main()
