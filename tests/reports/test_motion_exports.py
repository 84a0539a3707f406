"""Motion in other programs' forms: what is written comes back equal, and what is not is said."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from facedyn_app.errors import MismatchError, TooLittleError
from facedyn_app.headmodel.channel_sets import ARKIT, ARKIT_NAMES, as_drawn
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.gltf import GlbReader
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.part_meshes import ExpressionMesh
from facedyn_app.records import FloatArray, Motion, Session, SessionInfo
from facedyn_app.reports.animation import write_animation
from facedyn_app.reports.flame_parameters import write_flame_parameters
from facedyn_app.reports.live_link import write_live_link
from facedyn_app.tracks.reading import read_sessions
from tests.sessions import altered, field

T = 90


@pytest.fixture(scope="module")
def open_head() -> HeadModel:
    return load_head("open-head-2")


def made(names: tuple[str, ...], head_id: str, *, joints: bool = True, n_shape: int = 5) -> Session:
    """A session of random motion, 50 frames/s, of which three frames are not valid."""
    rng = np.random.default_rng(0)
    valid = np.ones(T, dtype=bool)
    valid[20:23] = False

    def measured(low: float, high: float, *width: int) -> FloatArray:
        values = rng.uniform(low, high, (T, *width)).astype(np.float32)
        values[~valid] = np.nan
        return values

    jaw = measured(0.0, 0.3 if joints else 0.0, 3) * np.array([1, 0, 0], dtype=np.float32)
    unknown = np.full(T, np.nan, dtype=np.float32)
    return Session(
        motion=Motion(
            seconds=np.arange(T) / 50,
            valid=valid,
            expression=measured(0.0, 1.0, len(names)),
            names=names,
            jaw=jaw,
            rotation=measured(-0.4, 0.4, 3),
            translation=measured(-0.4, 0.4, 3),
            gaze=measured(-0.25, 0.25, 2, 2),
        ),
        shape=rng.normal(size=n_shape).astype(np.float32),
        shape_chunks=np.zeros((0, n_shape), dtype=np.float32),
        shape_chunk_seconds=np.zeros(0),
        error_px=unknown,
        face_px=unknown,
        info=SessionInfo(head_id=head_id, fps=50.0),
    )


def same(ours: Session, theirs: Session, names: tuple[str, ...], atol: float) -> None:
    """Check that arrays of two sessions are equal, NaN included."""
    np.testing.assert_array_equal(ours.motion.valid, theirs.motion.valid)
    for name in names:
        np.testing.assert_allclose(field(ours, name), field(theirs, name), atol=atol, err_msg=name)


def test_a_live_link_table_comes_back_equal(tmp_path: Path) -> None:
    session = made(ARKIT_NAMES, ARKIT, joints=False)
    written = write_live_link(session, None, tmp_path / "a.csv")
    head_line, first = (tmp_path / "a.csv").read_text().splitlines()[:2]
    assert len(head_line.split(",")) == 2 + 61
    assert first.split(",")[:2] == ["00:00:00:00.000", "61"]
    assert written.unmeasured == ("LeftEyeRoll", "RightEyeRoll")
    (back,) = read_sessions([tmp_path / "a.csv"])
    assert (back.head_id, back.motion.names) == (ARKIT, ARKIT_NAMES)
    same(session, back, ("expression", "rotation", "gaze", "jaw"), atol=1e-6)
    np.testing.assert_allclose(session.motion.seconds, back.motion.seconds, atol=1e-5)


def test_a_live_link_table_ends_at_1(tmp_path: Path) -> None:
    session = made(ARKIT_NAMES, ARKIT, joints=False)
    further = altered(session, expression=1.5 * session.motion.expression)
    write_live_link(further, None, tmp_path / "a.csv")
    (back,) = read_sessions([tmp_path / "a.csv"])
    wanted = np.minimum(further.motion.expression, 1.0)
    np.testing.assert_allclose(back.motion.expression, wanted, atol=1e-6)


def test_the_open_heads_joints_become_blendshapes(open_head: HeadModel, tmp_path: Path) -> None:
    session = made(open_head.expression_names, open_head.head_id)
    written = write_live_link(session, open_head, tmp_path / "a.csv")
    assert "tongueOut" in written.unmeasured
    (back,) = read_sessions([tmp_path / "a.csv"])
    column = {name: back.motion.expression[:, k] for k, name in enumerate(back.motion.names)}
    opened = open_head.meta["jaw_open"][0]
    np.testing.assert_allclose(column["jawOpen"] * opened, session.motion.jaw[:, 0], atol=1e-6)
    assert not np.nan_to_num(column["tongueOut"]).any()
    assert session.motion.gaze is not None
    to_left = np.clip(session.motion.gaze[:, 0, 0] / 0.62, 0, 1)
    np.testing.assert_allclose(column["eyeLookOutLeft"], to_left, atol=1e-6)
    # drawn on the open head again, it is the same motion
    drawn = as_drawn(back, open_head)
    same(session, drawn, ("expression", "jaw", "gaze"), atol=1e-6)


def test_a_session_without_blendshapes_is_no_live_link_table(tmp_path: Path) -> None:
    session = made(("AU01", "AU12"), "openface-2")
    with pytest.raises(MismatchError, match="'openface-2' has none of ARKit's"):
        write_live_link(session, None, tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())


def test_flame_parameters_come_back_equal(tmp_path: Path) -> None:
    names = tuple(f"expression_{k:03d}" for k in range(50))
    session = made((*names, "eyelid_left"), "flame-5-50")
    assert write_flame_parameters(session, tmp_path / "a.npz") == ()
    with np.load(tmp_path / "a.npz") as arrays:
        assert {"shape", "expr", "rotation", "neck_pose", "jaw_pose", "eyes_pose"} <= set(arrays)
        assert all(np.isfinite(arrays[name]).all() for name in arrays.files)
        np.testing.assert_array_equal(arrays["expr"][20], session.motion.expression[19, :50])
    (back,) = read_sessions([tmp_path / "a.npz"])
    assert (back.head_id, back.motion.names) == ("flame-5-50", names)
    lids_off = altered(session, expression=session.motion.expression[:, :50], names=names)
    arrays_of = ("seconds", "expression", "jaw", "rotation", "translation", "gaze", "shape")
    same(lids_off, back, arrays_of, atol=1e-6)


def test_what_was_not_measured_is_said(tmp_path: Path) -> None:
    session = made(("expression_000",), "flame-5-1")
    gone = np.full((T, 3), np.nan, dtype=np.float32)
    blind = altered(session, rotation=gone, translation=gone, gaze=None)
    assert write_flame_parameters(blind, tmp_path / "a.npz") == (
        "rotation",
        "translation",
        "eyes_pose",
    )
    nobody = altered(session, valid=np.zeros(T, dtype=bool))
    with pytest.raises(TooLittleError):
        write_flame_parameters(nobody, tmp_path / "b.npz")
    with pytest.raises(MismatchError, match="no FLAME parameters"):
        write_flame_parameters(made(ARKIT_NAMES, ARKIT), tmp_path / "b.npz")


def test_an_animated_mesh_comes_back_equal(open_head: HeadModel, tmp_path: Path) -> None:
    session = made(open_head.expression_names, open_head.head_id)
    simulated = altered(session, simulated=True)
    assert write_animation(simulated, open_head, tmp_path / "a.glb") == T - 3
    (back,) = read_sessions([tmp_path / "a.glb"])
    assert back.head_id == open_head.head_id
    assert back.info.head_sha256 == open_head.sha256
    assert back.simulated
    assert back.motion.names == open_head.expression_names
    same(session, back, ("seconds", "expression", "jaw", "gaze"), atol=1e-6)


def test_an_animated_mesh_moves_as_the_head_does(tiny_head: HeadModel, tmp_path: Path) -> None:
    """The mesh is put together as a viewer does: morph targets, then skinning."""
    session = made(tiny_head.expression_names, tiny_head.head_id, n_shape=3)
    write_animation(session, tiny_head, tmp_path / "a.glb")
    file = GlbReader((tmp_path / "a.glb").read_bytes())
    content = file.content
    primitive = content["meshes"][0]["primitives"][0]
    rest = file.rows(primitive["attributes"]["POSITION"]).astype(float)
    targets = np.stack([file.rows(one["POSITION"]) for one in primitive["targets"]], axis=2)
    animation = content["animations"][0]
    output = {
        (one["target"]["node"], one["target"]["path"]): file.rows(
            animation["samplers"][one["sampler"]]["output"]
        )
        for one in animation["channels"]
    }
    weights = output[0, "weights"].reshape(T - 3, -1)
    jaw_node = 1 + tiny_head.jaw_joint
    turn = Rotation.from_quat(output[jaw_node, "rotation"]).as_matrix()
    inverse = file.rows(content["skins"][0]["inverseBindMatrices"]).reshape(-1, 4, 4)
    joint = -inverse[tiny_head.jaw_joint, 3, :3]
    kept = file.rows(primitive["attributes"]["JOINTS_0"])
    shares = file.rows(primitive["attributes"]["WEIGHTS_0"])
    on_jaw = (shares * (kept == tiny_head.jaw_joint)).sum(axis=1)
    frame = 30
    morphed = rest + targets @ weights[frame]
    turned = (morphed - joint) @ turn[frame].T + joint
    seen = morphed + on_jaw[:, None] * (turned - morphed)
    number = np.flatnonzero(session.motion.valid)[frame]
    rows = slice(number, number + 1)
    ours = ExpressionMesh(tiny_head).vertices(
        session.motion.expression[rows], session.motion.jaw[rows]
    )[0]
    # the jaw joint itself moves with the expression, which glTF's skin does not: under 1 mm
    assert np.abs(seen - ours).max() < 1e-3
    assert content["nodes"][jaw_node]["name"] == "jaw"
    assert content["meshes"][0]["extras"]["targetNames"][:4] == list(tiny_head.expression_names)


def test_a_damaged_mesh_is_refused(tiny_head: HeadModel, tmp_path: Path) -> None:
    from facedyn_app.errors import FacedynError

    path = tmp_path / "a.glb"
    session = made(tiny_head.expression_names, tiny_head.head_id, n_shape=3)
    write_animation(session, tiny_head, path)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], whole[:30], whole.replace(b"samplers", b"samp1ers")):
        path.write_bytes(content)
        with pytest.raises(FacedynError, match=r"a\.glb' cannot be used"):
            read_sessions([path])


def test_the_real_take_comes_back_equal(shared: Path, tmp_path: Path) -> None:
    take = shared / "corpora" / "livelink" / "take_161_iPhone_cal.csv"
    if not take.is_file():
        pytest.skip("the Live Link take is absent from ../shared")
    (session,) = read_sessions([take])
    write_live_link(session, None, tmp_path / "a.csv")
    (back,) = read_sessions([tmp_path / "a.csv"])
    same(session, back, ("seconds", "expression", "rotation", "gaze"), atol=1e-9)
