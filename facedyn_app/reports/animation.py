"""A session as one animated GLB: the mean head, its expressions as morph targets, a jaw that turns.

The mesh is the expression-only one, `LBS(T + E p + P vec(R - I))`: motion without the person's
face. A morph target an expression bears its name; nine more (`jawCorrective0` ..) are the pose
correctives of the jaw, whose weights are the entries of R - I. The head's joints are nodes by their
names; jaw and eyes are animated, the others rest. Frames without a trusted fit have no key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from facedyn_app.errors import TooLittleError
from facedyn_app.files import atomic_file
from facedyn_app.headmodel.channel_sets import as_drawn
from facedyn_app.headmodel.gltf import GlbWriter
from facedyn_app.headmodel.model import HeadModel, rest_joints
from facedyn_app.headmodel.rotations import eye_vectors
from facedyn_app.records import FloatArray, Session

CORRECTIVE = "jawCorrective"
EYE_JOINTS = ("left_eye", "right_eye")
SLOTS = 4
"""Joints that glTF lets hang a vertex on."""


def write_animation(session: Session, head: HeadModel, path: Path) -> int:
    """Write a session as an animated GLB; it appears whole or not at all.

    Args:
        session: The session.
        head: A head that can draw it.
        path: The file; an older one is replaced.

    Returns:
        The number of frames that have keys.

    Raises:
        MismatchError: The head has not the session's channels.
        TooLittleError: No frame is valid.
        OutputError: The file cannot be written.
    """
    drawn = as_drawn(session, head)
    frames = np.flatnonzero(drawn.motion.valid)
    if not len(frames):
        raise TooLittleError("No frame of the session has a trusted fit, so nothing moves.")
    writer = GlbWriter()
    _add_head(writer, head)
    _add_motion(writer, drawn, head, frames)
    writer.content["asset"]["extras"] = {
        "head_id": head.head_id,
        "head_sha256": head.sha256,
        "simulated": session.simulated,
    }
    data = writer.to_bytes()
    with atomic_file(path) as file:
        file.write(data)
    return len(frames)


def _add_head(writer: GlbWriter, head: HeadModel) -> None:
    """The mesh (node 0), and its joints, a node each after it."""
    joints = rest_joints(head)
    targets = np.concatenate([head.exprdirs, head.jaw_posedirs], axis=2)
    names = (*head.expression_names, *(f"{CORRECTIVE}{k}" for k in range(9)))
    kept = np.argsort(-head.weights, axis=1)[:, :SLOTS]
    weights = np.take_along_axis(head.weights, kept, axis=1)
    weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    if kept.shape[1] < SLOTS:
        wider = ((0, 0), (0, SLOTS - kept.shape[1]))
        kept, weights = np.pad(kept, wider), np.pad(weights, wider)
    primitive = {
        "attributes": {
            "POSITION": writer.add(head.v_template.astype(np.float32), "VEC3", bounds=True),
            "JOINTS_0": writer.add(kept.astype(np.uint8), "VEC4"),
            "WEIGHTS_0": writer.add(weights, "VEC4"),
        },
        "indices": writer.add(head.faces.astype(np.uint32).ravel(), "SCALAR"),
        "targets": [
            {"POSITION": writer.add(targets[:, :, k].astype(np.float32), "VEC3", bounds=True)}
            for k in range(targets.shape[2])
        ],
    }
    mesh = {"name": "head", "primitives": [primitive], "extras": {"targetNames": list(names)}}
    nodes: list[dict[str, Any]] = [{"name": "head", "mesh": 0, "skin": 0}]
    for joint, parent in enumerate(head.parents.tolist()):
        place = joints[joint] - (joints[parent] if parent >= 0 else 0.0)
        children = [1 + k for k, other in enumerate(head.parents.tolist()) if other == joint]
        node = {"name": head.joint_names[joint], "translation": place.tolist()}
        nodes.append({**node, "children": children} if children else node)
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
    inverse[:, 3, :3] = -joints  # columns first, as glTF has matrices
    skin = {
        "joints": list(range(1, 1 + len(joints))),
        "inverseBindMatrices": writer.add(inverse.reshape(-1, 16), "MAT4"),
    }
    roots = [1 + k for k, parent in enumerate(head.parents.tolist()) if parent < 0]
    writer.content |= {
        "meshes": [mesh],
        "nodes": nodes,
        "skins": [skin],
        "scenes": [{"nodes": [0, *roots]}],
        "scene": 0,
    }


def _add_motion(writer: GlbWriter, session: Session, head: HeadModel, frames: Any) -> None:
    """The animation: weights of the morph targets, turns of jaw and eyes."""
    times = writer.add(session.motion.seconds[frames].astype(np.float32), "SCALAR", bounds=True)
    jaw = session.motion.jaw[frames].astype(np.float64)
    correctives = (Rotation.from_rotvec(jaw).as_matrix() - np.eye(3)).reshape(-1, 9)
    weights = np.concatenate([session.motion.expression[frames], correctives], axis=1)
    samplers: list[dict[str, Any]] = []
    channels: list[dict[str, Any]] = []

    def animate(node: int, what: str, values: FloatArray, kind: str) -> None:
        output = writer.add(values.astype(np.float32), kind)
        samplers.append({"input": times, "output": output, "interpolation": "LINEAR"})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": node, "path": what}})

    animate(0, "weights", weights.ravel(), "SCALAR")
    animate(1 + head.jaw_joint, "rotation", Rotation.from_rotvec(jaw).as_quat(), "VEC4")
    if session.motion.gaze is not None:
        eyes = eye_vectors(session.motion.gaze[frames])
        for k, name in enumerate(EYE_JOINTS):
            if name in head.joint_names:
                node = 1 + head.joint_names.index(name)
                animate(node, "rotation", Rotation.from_rotvec(eyes[:, k]).as_quat(), "VEC4")
    writer.content["animations"] = [{"name": "motion", "samplers": samplers, "channels": channels}]
