"""Meshes of a session: where the vertices stand, which frames there are, what is left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import trimesh
from scipy.spatial.transform import Rotation

from facedyn_app.errors import InputError, MismatchError, OutputError, TooLittleError
from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import Cancelled, Progress
from facedyn_app.records import FloatArray, Session
from facedyn_app.reports.kinds import MeshFormat, MeshKind
from facedyn_app.reports.meshes import (
    SessionMeshes,
    frame_at,
    write_one,
    write_sequence,
)
from tests.sessions import in_session

N_FRAMES, GAP = 20, 7


def _session(head: HeadModel, **changes: Any) -> Session:
    """Twenty frames at 10 frames/s, frame 8 (counted from 1) without a fit."""
    rng = np.random.default_rng(3)
    valid = np.ones(N_FRAMES, dtype=bool)
    valid[GAP] = False

    def track(n: int, scale: float) -> FloatArray:
        values = scale * rng.normal(size=(N_FRAMES, n)).astype(np.float32)
        values[GAP] = np.nan
        return values

    translation = track(3, 0.05) + np.array([0.0, 0.0, 0.7], dtype=np.float32)
    values: dict[str, Any] = {
        "seconds": np.arange(N_FRAMES) / 10,
        "valid": valid,
        "expression": np.abs(track(head.n_expression, 0.4)),
        "names": head.expression_names,
        "jaw": track(3, 0.1),
        "rotation": track(3, 0.3),
        "translation": translation,
        "shape": rng.normal(size=head.n_shape).astype(np.float32),
        "shape_chunks": np.zeros((1, head.n_shape)),
        "shape_chunk_seconds": np.zeros(1),
        "error_px": np.ones(N_FRAMES),
        "face_px": np.full(N_FRAMES, 200.0),
        "head_id": head.head_id,
    }
    return Session(**in_session({**values, **changes}))


def _read(path: Path) -> tuple[FloatArray, FloatArray]:
    mesh = trimesh.load_mesh(path, process=False)
    return np.asarray(mesh.vertices), np.asarray(mesh.faces)


def _posed(head: HeadModel, session: Session, frame: int, shape: FloatArray) -> FloatArray:
    """The forward function in float64, in the head frame."""
    pose = torch.zeros(1, len(head.joint_names), 3, dtype=torch.float64)
    pose[0, head.jaw_joint] = torch.as_tensor(session.motion.jaw[frame], dtype=torch.float64)
    b, p = (
        torch.as_tensor(x, dtype=torch.float64)[None]
        for x in (shape, session.motion.expression[frame])
    )
    tensors = head_to_tensors(head, dtype=torch.float64)
    return np.asarray(head_vertices(tensors, b, p, pose)[0].numpy())


@pytest.mark.parametrize("form", list(MeshFormat))
def test_the_expression_mesh_is_the_mean_head_moved(
    tiny_head: HeadModel, tmp_path: Path, form: MeshFormat
) -> None:
    session, path = _session(tiny_head), tmp_path / f"frame.{form}"
    write_one(SessionMeshes(session, tiny_head, MeshKind.EXPRESSION), 3, path)
    vertices, faces = _read(path)
    expected = _posed(tiny_head, session, 3, np.zeros(tiny_head.n_shape))
    np.testing.assert_allclose(vertices, expected, atol=1e-6)
    np.testing.assert_array_equal(faces, tiny_head.faces)


def test_the_full_mesh_stands_before_the_camera_upright(
    tiny_head: HeadModel, tmp_path: Path
) -> None:
    session, path = _session(tiny_head), tmp_path / "frame.ply"
    write_one(SessionMeshes(session, tiny_head, MeshKind.FULL), 5, path)
    vertices, _ = _read(path)
    turn = Rotation.from_rotvec(session.motion.rotation[5]).as_matrix()
    x, y, z = session.motion.translation[5]
    expected = _posed(tiny_head, session, 5, session.shape) @ turn.T + np.array([x, -y, -z])
    np.testing.assert_allclose(vertices, expected, atol=1e-6)
    assert vertices[:, 2].max() < 0


def test_the_neutral_mesh_is_the_shape_at_rest_whatever_the_frame(
    tiny_head: HeadModel, tmp_path: Path
) -> None:
    session, path = _session(tiny_head), tmp_path / "neutral.obj"
    write_one(SessionMeshes(session, tiny_head, MeshKind.NEUTRAL), GAP, path)
    expected = tiny_head.v_template + tiny_head.shapedirs @ session.shape
    np.testing.assert_allclose(_read(path)[0], expected, atol=1e-6)


def test_leading_coefficients_are_enough(tiny_head: HeadModel) -> None:
    whole = _session(tiny_head)
    fewer = _session(
        tiny_head,
        shape=whole.shape[:1],
        shape_chunks=np.zeros((1, 1)),
        expression=whole.motion.expression[:, :2],
        names=tiny_head.expression_names[:2],
    )
    padded = whole.motion.expression.copy()
    padded[:, 2:] = 0
    shape = np.array([whole.shape[0], 0, 0])
    same = _session(tiny_head, shape=shape, expression=padded)
    frames = np.array([0, 1, 9])
    np.testing.assert_allclose(
        SessionMeshes(fewer, tiny_head, MeshKind.FULL).vertices(frames),
        SessionMeshes(same, tiny_head, MeshKind.FULL).vertices(frames),
        atol=1e-7,
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"head_id": "flame2020-1a2b3c4d"}, "'flame2020-1a2b3c4d', not with 'tiny-head'"),
        ({"names": ("a", "b", "c", "d")}, "does not have"),
        ({"shape": np.zeros(9)}, "9 shapes"),
    ],
)
def test_a_session_of_another_head_is_refused(
    tiny_head: HeadModel, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(MismatchError, match=words):
        SessionMeshes(_session(tiny_head, **changes), tiny_head, MeshKind.FULL)


def test_a_changed_file_of_the_same_head_is_refused(tiny_head: HeadModel) -> None:
    values = {name: getattr(tiny_head, name) for name in tiny_head.__slots__}
    changed = HeadModel(**{**values, "sha256": "cd" * 32})
    session = _session(tiny_head, head_sha256="ab" * 32)
    with pytest.raises(MismatchError, match=r"abababab.*cdcdcdcd"):
        SessionMeshes(session, changed, MeshKind.FULL)


def test_a_frame_without_a_fit_is_named_with_the_nearest(
    tiny_head: HeadModel, tmp_path: Path
) -> None:
    meshes = SessionMeshes(_session(tiny_head), tiny_head, MeshKind.FULL)
    with pytest.raises(InputError, match=r"Frame 8 has no trusted fit.* is 7\."):
        write_one(meshes, GAP, tmp_path / "frame.obj")
    with pytest.raises(InputError, match=r"There is no frame 21: the session has 20 frames"):
        write_one(meshes, N_FRAMES, tmp_path / "frame.obj")
    assert list(tmp_path.iterdir()) == []


def test_a_sequence_is_numbered_and_leaves_out_what_has_no_fit(
    tiny_head: HeadModel, tmp_path: Path
) -> None:
    session = _session(tiny_head)
    meshes = SessionMeshes(session, tiny_head, MeshKind.FULL)
    told: list[Progress] = []
    made = write_sequence(meshes, tmp_path / "out", MeshFormat.PLY, told.append)
    assert made.skipped == (GAP + 1,)
    assert made.files[0] == "frame_01.ply"
    assert "frame_08.ply" not in made.files
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == list(made.files)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [progress.done for progress in told] == list(range(N_FRAMES - 1))
    assert {progress.total for progress in told} == {N_FRAMES - 1}
    one = tmp_path / "one.ply"
    write_one(meshes, 17, one)
    np.testing.assert_allclose(
        _read(one)[0], _read(tmp_path / "out" / "frame_18.ply")[0], atol=1e-6
    )


def test_a_cancelled_sequence_leaves_nothing(tiny_head: HeadModel, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 4:
            raise Cancelled

    meshes = SessionMeshes(_session(tiny_head), tiny_head, MeshKind.EXPRESSION)
    with pytest.raises(Cancelled):
        write_sequence(meshes, tmp_path / "out", MeshFormat.OBJ, stop)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_alone(tiny_head: HeadModel, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    meshes = SessionMeshes(_session(tiny_head), tiny_head, MeshKind.EXPRESSION)
    with pytest.raises(OutputError, match="holds something already"):
        write_sequence(meshes, tmp_path, MeshFormat.OBJ)
    with pytest.raises(OutputError, match=r"notes\.txt' is a file"):
        write_sequence(meshes, tmp_path / "notes.txt", MeshFormat.OBJ)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_session_without_a_face_has_no_sequence(tiny_head: HeadModel, tmp_path: Path) -> None:
    session = _session(tiny_head, valid=np.zeros(N_FRAMES, dtype=bool))
    with pytest.raises(TooLittleError, match="No frame"):
        write_sequence(
            SessionMeshes(session, tiny_head, MeshKind.FULL), tmp_path / "out", MeshFormat.OBJ
        )


def test_the_frame_at_a_time_is_the_nearest(tiny_head: HeadModel) -> None:
    session = _session(tiny_head)
    assert [frame_at(session, t) for t in (0.0, 0.04, 0.06, 1.9)] == [0, 0, 1, 19]
    for outside in (-0.1, 1.96):
        with pytest.raises(InputError, match=r"ends at 1\.900 s"):
            frame_at(session, outside)
