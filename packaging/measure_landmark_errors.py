"""Measure how the landmarker errs on a built-in head, on rendered faces of known parameters.

    python packaging/measure_landmark_errors.py open-head-2 --faces 900 --looks 12 --jobs 2

writes models/landmark_errors/open-head-2.npz, which the fit uses for that head file alone, and
its entry in models/manifest.json; to be run again whenever the head file or the rendered
appearances change. The result does not depend on the number of processes (--jobs).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from facedyn_app.files import sha256_of
from facedyn_app.fitting.landmark_errors import FOLDER, write_errors
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.progress import Progress
from facedyn_app.simulate.error_measurement import measure_landmarker

MODELS = Path(__file__).resolve().parent.parent / "models"


def tell(progress: Progress) -> None:
    """Print every twentieth step."""
    if progress.done % 20 == 0:
        print(f"{progress.stage}: {progress.done} of {progress.total}", flush=True)


def main() -> None:
    """Render, detect, regress, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("head", help="its id")
    parser.add_argument("--faces", type=int, default=900)
    parser.add_argument("--looks", type=int, default=12)
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the rendering")
    args = parser.parse_args()
    head = load_head(args.head)
    errors = measure_landmarker(
        head, n_faces=args.faces, n_pictures=args.looks, jobs=args.jobs, on_progress=tell
    )
    name = f"{FOLDER}/{head.head_id}.npz"
    path = MODELS / name
    path.parent.mkdir(exist_ok=True)
    write_errors(errors, path)
    manifest = json.loads((MODELS / "manifest.json").read_text(encoding="utf-8"))
    manifest[name] = {
        "sha256": sha256_of(path),
        "licence": "Apache-2.0",
        "origin": "Measured on rendered faces by packaging/measure_landmark_errors.py",
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (MODELS / "manifest.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
