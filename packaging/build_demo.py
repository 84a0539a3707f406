"""Render the demo's videos: six simulated speakers, three sessions each, into resources/demo.

    python packaging/build_demo.py [--workers 2]

The speakers are of a simulated population of their own (`SEED`), whom the shipped recognizer has
not seen in training. The same head and versions give the same videos, frame by frame.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.files import sha256_of
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.simulate.motion import simulate_motion
from facedyn_app.simulate.rendering import make_scene, render_motion
from facedyn_app.video import SIMULATED, write_video

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "demo"
SEED = 20510
N_SPEAKERS, N_SESSIONS = 6, 3
SECONDS, FPS = 20.0, 25.0
CRF = 34


def render_session(speaker: int, session: int) -> str:
    """Render one session into the demo's folder; its file name."""
    head = load_head(DEFAULT_HEAD)
    motion = simulate_motion(
        speaker, session, SECONDS, fps=FPS, seed=SEED, names=head.expression_names
    )
    scene = make_scene(head, speaker, session, seed=SEED)
    name = f"{speaker_name(speaker)}_session{session + 1}.mp4"
    write_video(FOLDER / name, render_motion(head, motion, scene), FPS, crf=CRF, comment=SIMULATED)
    return name


def speaker_name(speaker: int) -> str:
    """The name of a simulated speaker."""
    return f"S-{speaker + 1:02d}"


def main() -> None:
    """Render all sessions and list them in demo.json; the last session of each is the probe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2, help="processes that render")
    workers = parser.parse_args().workers
    FOLDER.mkdir(parents=True, exist_ok=True)
    sessions = [(k, n) for k in range(N_SPEAKERS) for n in range(N_SESSIONS)]
    with ProcessPoolExecutor(workers) as pool:
        names = list(pool.map(render_session, *zip(*sessions, strict=True)))
    videos = [
        {
            "speaker": speaker_name(speaker),
            "session": session + 1,
            "probe": session == N_SESSIONS - 1,
            "file": name,
            "sha256": sha256_of(FOLDER / name),
        }
        for (speaker, session), name in zip(sessions, names, strict=True)
    ]
    listing = {
        "note": "Simulated: speakers rendered by packaging/build_demo.py; no person is shown",
        "seed": SEED,
        "seconds": SECONDS,
        "videos": videos,
    }
    (FOLDER / "demo.json").write_text(json.dumps(listing, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
