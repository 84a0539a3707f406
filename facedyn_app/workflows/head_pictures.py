"""Pictures and meshes of a head, and the measurement of how the landmarker sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from facedyn_app.errors import InputError, MismatchError, OutputError
from facedyn_app.files import atomic_file
from facedyn_app.fitting.landmark_errors import measured_file, write_errors
from facedyn_app.headmodel.files.io import list_heads
from facedyn_app.headmodel.files.mesh_files import MESH_SUFFIXES, write_mesh
from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.path_checks import check_output_file
from facedyn_app.progress import OnProgress
from facedyn_app.records import ByteArray, FloatArray
from facedyn_app.reports.head_pictures import contact_sheet, landmark_picture
from facedyn_app.workflows.heads import quiet_drawing, read_head, read_ready_head
from facedyn_app.workflows.options import Pose


@dataclass(frozen=True, slots=True)
class WrittenPicture:
    """A picture of a head that was written; width and height in px."""

    head_id: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class WrittenMesh:
    """A mesh of a head that was written."""

    head_id: str
    n_vertices: int


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredHead:
    """How the landmarker sees a head.

    Attributes:
        head_id: The head.
        file: Where the measurement is kept for the fits to come.
        landmark_mm: How far a landmark errs along each axis (median), mm.
        turn_deg: (3,) how far the head's rotation errs about each axis, degrees.
    """

    head_id: str
    file: Path
    landmark_mm: float
    turn_deg: FloatArray


def show_head(path_or_id: str, out: Path, on_progress: OnProgress) -> WrittenPicture:
    """Write a picture of what a head can do.

    Args:
        path_or_id: The head.
        out: The PNG file.
        on_progress: Called for each tile; may raise Cancelled.

    Raises:
        InputError: There is no such head.
        OutputError: The file cannot be written.
        TooLittleError: The landmarker does not find the head's face.
    """
    return _write_picture(
        path_or_id, out, lambda head: contact_sheet(head, on_progress), on_progress
    )


def show_landmarks(path_or_id: str, out: Path, on_progress: OnProgress) -> WrittenPicture:
    """Write a picture of where the landmarks sit on a head.

    Args:
        path_or_id: The head.
        out: The PNG file.
        on_progress: Called while landmarks are placed; may raise Cancelled.

    Raises:
        InputError: There is no such head.
        OutputError: The file cannot be written.
        TooLittleError: The landmarker does not find the head's face.
    """
    return _write_picture(path_or_id, out, landmark_picture, on_progress)


def _write_picture(
    path_or_id: str, out: Path, draw: Callable[[HeadModel], ByteArray], on_progress: OnProgress
) -> WrittenPicture:
    check_output_file(out, inputs=(Path(path_or_id),), endings=(".png",))
    head = read_ready_head(path_or_id, on_progress)
    quiet_drawing()
    picture = draw(head)
    done, png = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not done:
        raise OutputError(f"The picture '{out}' could not be made.", "Free some memory.")
    with atomic_file(out) as file:
        file.write(png.tobytes())
    height, width = picture.shape[:2]
    return WrittenPicture(head.head_id, width, height)


def measure_head(
    path_or_id: str, n_faces: int, n_looks: int, on_progress: OnProgress
) -> MeasuredHead:
    """Measure how the landmarker sees a head, and keep it for the fits to come.

    Args:
        path_or_id: The head, one of the user's.
        n_faces: Simulated faces.
        n_looks: Pictures of each.
        on_progress: Called for each face; may raise Cancelled.

    Raises:
        InputError: There is no such head, or it is built in.
        OutputError: The cache folder cannot be written.
        TooLittleError: The landmarker does not find the head's face often enough.
    """
    from facedyn_app.simulate.error_measurement import measure_landmarker  # slow to import

    quiet_drawing()
    head = read_ready_head(path_or_id, on_progress)
    if head.sha256 is None or head.head_id in list_heads():
        raise InputError(
            f"The head '{head.head_id}' comes with its measurement.", "Measure a head of yours."
        )
    errors = measure_landmarker(head, n_faces=n_faces, n_pictures=n_looks, on_progress=on_progress)
    file = measured_file(head.sha256)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_errors(errors, file)
    n_flat = 2 * len(errors.index)
    return MeasuredHead(
        head_id=head.head_id,
        file=file,
        landmark_mm=1e3 * float(np.median(errors.deviation[:n_flat])),
        turn_deg=np.degrees(errors.deviation[-3:]),
    )


def write_head_mesh(path_or_id: str, pose: Pose, out: Path) -> WrittenMesh:
    """Write a posed head as a mesh, its vertices in the head file's order, metres.

    Args:
        path_or_id: The head.
        pose: What it shows.
        out: The file; its ending chooses the format.

    Raises:
        InputError: There is no such head.
        MismatchError: The head has fewer coefficients or lacks a joint.
        OutputError: The file cannot be written, or has another ending.
    """
    if out.suffix.lower() not in MESH_SUFFIXES:
        raise OutputError(
            f"A mesh cannot be written as '{out.name}'.",
            f"Use one of the endings {', '.join(MESH_SUFFIXES)}.",
        )
    check_output_file(out, inputs=(Path(path_or_id),))
    head = read_head(path_or_id)
    shape = _filled(pose.shape, head.n_shape, "shape", head)
    expression = _filled(pose.expression, head.n_expression, "expression", head)
    vertices = head_vertices(head_to_tensors(head), shape, expression, _turns(head, pose))[0]
    write_mesh(out, vertices.numpy(), head.faces)
    return WrittenMesh(head.head_id, len(vertices))


def _filled(leading: tuple[float, ...], n: int, what: str, head: HeadModel) -> torch.Tensor:
    """(1, n) coefficients, the given ones first."""
    if len(leading) > n:
        raise MismatchError(
            f"{len(leading)} {what} coefficients are given; the head '{head.head_id}' has {n}.",
            "Give fewer, or choose another head.",
        )
    values = torch.zeros(1, n)
    values[0, : len(leading)] = torch.tensor(leading)
    return values


def _turns(head: HeadModel, pose: Pose) -> torch.Tensor:
    """(1, J, 3) rotation vectors, rad."""
    turns = torch.zeros(1, len(head.joint_names), 3)
    for name, turn in pose.turns.items():
        if not turn:
            continue
        if name not in head.joint_names:
            raise MismatchError(
                f"The head '{head.head_id}' has no joint '{name}'.",
                f"It has: {', '.join(head.joint_names)}.",
            )
        turns[0, head.joint_names.index(name)] = torch.tensor(turn)
    return turns


@dataclass(frozen=True, slots=True, eq=False)
class HeadPictures:
    """A head as it can be judged by eye.

    Attributes:
        head_id: Which one.
        sheet: (H, W, 3) uint8 RGB, what it can do.
        landmarks: (H, W, 3) uint8 RGB, where its landmarks sit.
    """

    head_id: str
    sheet: ByteArray
    landmarks: ByteArray


def draw_pictures(name: str, on_progress: OnProgress) -> HeadPictures:
    """Draw what a head can do and where its landmarks sit."""
    head = read_ready_head(name, on_progress)
    return HeadPictures(head.head_id, contact_sheet(head, on_progress), landmark_picture(head))
