"""A session's motion as meshes that other programs read: one frame, or a folder of frames.

All in metres, the vertices in the head file's order. The expression-only and the neutral mesh
stand in the head frame (`records`: x to the subject's left, y up, z out of the face). The full
mesh stands where the head was before the camera, in the camera frame turned upright: x to the
right of the picture, y up, z towards the viewer, the camera in the origin looking along -z, as in
OpenGL, glTF and Blender's cameras: `y = R(rotation) x_head + FACING translation`. A head that
looks into the camera therefore looks along +z in all three kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from facedyn_app.errors import InputError, TooLittleError
from facedyn_app.files import atomic_folder
from facedyn_app.headmodel.channel_sets import as_drawn
from facedyn_app.headmodel.files.mesh_files import write_mesh
from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel, with_zeros
from facedyn_app.headmodel.part_meshes import ExpressionMesh, neutral_vertices
from facedyn_app.headmodel.rendering.render import FACING, head_to_camera
from facedyn_app.progress import OnProgress, Progress, ignore
from facedyn_app.records import FloatArray, IntArray, Session
from facedyn_app.reports.kinds import MeshFormat, MeshKind

BATCH = 16


@dataclass(frozen=True, slots=True)
class MeshSequence:
    """What was written for a recording.

    Attributes:
        folder: Where to.
        files: Names of the files; the number in a name is the frame's, from 1.
        skipped: Frames without a trusted fit, from 1, of which there is no mesh.
    """

    folder: Path
    files: tuple[str, ...]
    skipped: tuple[int, ...]


class SessionMeshes:
    """The vertices of one session's frames.

    Args:
        session: The session.
        head: The head that it was fitted with, or one that has its channels.
        kind: What they show.

    Raises:
        MismatchError: The session was fitted with another head.
        TooLittleError: Shape or pose were not measured, and the meshes would show them.
    """

    def __init__(self, session: Session, head: HeadModel, kind: MeshKind) -> None:
        _check_measured(session, kind)
        self.session, self.head, self.kind = as_drawn(session, head), head, kind
        self._expression_only = ExpressionMesh(head) if kind is MeshKind.EXPRESSION else None
        self._tensors = head_to_tensors(head) if kind is MeshKind.FULL else None

    def neutral(self) -> FloatArray:
        """(V, 3) the person's shape at rest, `T + S b`, in the head frame, m."""
        return neutral_vertices(self.head, self.session.shape)

    def vertices(self, frames: IntArray) -> FloatArray:
        """(B, V, 3) vertices of valid frames, m; the frame of reference is the kind's own."""
        if self.kind is MeshKind.NEUTRAL:
            return np.repeat(self.neutral()[None], len(frames), axis=0)
        p = with_zeros(self.session.motion.expression[frames], self.head.n_expression)
        jaw = self.session.motion.jaw[frames]
        if self._expression_only is not None:
            return self._expression_only.vertices(p, jaw)
        return self._full(frames, p, jaw)

    def _full(self, frames: IntArray, p: FloatArray, jaw: FloatArray) -> FloatArray:
        tensors = self._tensors
        if tensors is None:
            raise ValueError("only the full mesh has a pose")
        n = len(frames)
        b = np.tile(with_zeros(self.session.shape, self.head.n_shape), (n, 1))
        pose = np.zeros((n, len(self.head.joint_names), 3), dtype=np.float32)
        pose[:, self.head.jaw_joint] = jaw
        shape, expression, turns = (
            torch.as_tensor(np.asarray(x, dtype=np.float32)) for x in (b, p, pose)
        )
        still = head_vertices(tensors, shape, expression, turns).numpy()
        placed = [
            head_to_camera(
                points, self.session.motion.rotation[frame], self.session.motion.translation[frame]
            )
            for frame, points in zip(frames, still, strict=True)
        ]
        return np.stack(placed) @ FACING


def _check_measured(session: Session, kind: MeshKind) -> None:
    """Make sure that what meshes are to show was measured at all."""
    if kind is MeshKind.EXPRESSION:
        return
    missing = "" if len(session.shape) else "shape"
    if (
        kind is MeshKind.FULL
        and not np.isfinite(session.motion.translation[session.motion.valid]).all()
    ):
        missing = "pose"
    if missing:
        raise TooLittleError(
            f"The session has no {missing}: its program did not measure it.",
            "Write the expression mesh, which needs neither shape nor pose.",
        )


def frame_at(session: Session, seconds: float) -> int:
    """The frame that is shown at a time, from 0.

    Raises:
        InputError: The session does not last so long.
    """
    last = float(session.motion.seconds[-1]) if len(session.motion.seconds) else 0.0
    if not 0.0 <= seconds <= last:
        raise InputError(
            f"The session has no frame at {seconds:g} s: it ends at {last:.3f} s.",
            "Choose a time within it.",
        )
    return int(np.abs(session.motion.seconds - seconds).argmin())


def write_one(meshes: SessionMeshes, frame: int, path: Path) -> None:
    """Write the mesh of one frame; the neutral mesh is the same for all.

    Args:
        meshes: The session's meshes.
        frame: Which frame, from 0; of no account for the neutral mesh.
        path: The file; its ending chooses the format.

    Raises:
        InputError: There is no such frame, or it has no trusted fit; numbered from 1.
        OutputError: The ending is none of a mesh, or the file cannot be written there.
    """
    if meshes.kind is MeshKind.NEUTRAL:
        write_mesh(path, meshes.neutral(), meshes.head.faces)
        return
    _check_frame(meshes.session, frame)
    write_mesh(path, meshes.vertices(np.array([frame]))[0], meshes.head.faces)


def write_sequence(
    meshes: SessionMeshes, folder: Path, form: MeshFormat, on_progress: OnProgress = ignore
) -> MeshSequence:
    """Write a mesh for each frame with a trusted fit; the folder appears whole or not at all.

    Args:
        meshes: The session's meshes; not the neutral one, which is one file.
        folder: A new folder, or an empty one.
        form: Format of the files.
        on_progress: Called for each file; may raise Cancelled.

    Raises:
        OutputError: The folder cannot be written or holds something already.
        TooLittleError: No frame has a trusted fit.
    """
    if meshes.kind is MeshKind.NEUTRAL:
        raise ValueError("the neutral mesh is one for the whole session")
    frames = np.flatnonzero(meshes.session.motion.valid)
    if not len(frames):
        raise TooLittleError(
            "No frame of the session has a trusted fit, so there is no mesh of it.",
            "Use a recording in which the face is seen well.",
        )
    digits = len(str(len(meshes.session.motion.valid)))
    files: list[str] = []
    with atomic_folder(folder) as unfinished:
        for frame, vertices in _one_by_one(meshes, frames):
            on_progress(Progress("writing meshes", len(files), len(frames)))
            files.append(f"frame_{frame + 1:0{digits}d}.{form}")
            write_mesh(unfinished / files[-1], vertices, meshes.head.faces)
    skipped = np.flatnonzero(~meshes.session.motion.valid) + 1
    return MeshSequence(folder, tuple(files), tuple(skipped.tolist()))


def _one_by_one(meshes: SessionMeshes, frames: IntArray) -> Iterator[tuple[int, FloatArray]]:
    for start in range(0, len(frames), BATCH):
        some = frames[start : start + BATCH]
        yield from zip(some.tolist(), meshes.vertices(some), strict=True)


def _check_frame(session: Session, frame: int) -> None:
    n = len(session.motion.valid)
    if not 0 <= frame < n:
        raise InputError(
            f"There is no frame {frame + 1}: the session has {n} frames.",
            f"Choose a frame from 1 to {n}.",
        )
    if session.motion.valid[frame]:
        return
    valid = np.flatnonzero(session.motion.valid)
    hint = "No frame of this session has one."
    if len(valid):
        nearest = valid[np.abs(valid - frame).argmin()] + 1
        hint = f"The nearest frame with one is {nearest}."
    raise InputError(f"Frame {frame + 1} has no trusted fit, so there is no mesh of it.", hint)
