"""FLAME parameters of several trackers: names, turns, shape, folders, what is refused."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from facedyn_app.errors import InputError, MismatchError
from facedyn_app.tracks.flame import FlameFile
from facedyn_app.tracks.reading import Kind, kind_of, read_sessions

T = 60
SHA = "ab" * 32


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def vhap(rng: np.random.Generator) -> dict[str, Any]:
    """VHAP's arrays."""
    return {
        "shape": rng.normal(size=300),
        "expr": rng.normal(size=(T, 100)),
        "rotation": 0.1 * rng.normal(size=(T, 3)),
        "neck_pose": np.zeros((T, 3)),
        "jaw_pose": 0.1 * rng.normal(size=(T, 3)),
        "eyes_pose": np.tile([0.0, 0.2, 0.0, -0.1, 0.0, 0.0], (T, 1)),
        "translation": rng.normal(size=(T, 3)),
        "static_offset": np.zeros((1, 5143, 3)),
    }


def saved(path: Path, arrays: dict[str, Any]) -> Path:
    np.savez(path, **arrays)
    return path


def test_vhap(tmp_path: Path, rng: np.random.Generator) -> None:
    arrays = vhap(rng)
    path = saved(tmp_path / "a.npz", arrays)
    assert kind_of(path) is Kind.FLAME
    (session,) = read_sessions([path], fps=25.0, head=FlameFile(SHA, 300, 100))
    assert session.head_id == f"flame-300-100@{SHA}"
    assert session.info.head_sha256 == SHA
    assert session.info.program == "VHAP"
    assert session.motion.names[::99] == ("expression_000", "expression_099")
    np.testing.assert_allclose(session.motion.expression, arrays["expr"], atol=1e-6)
    np.testing.assert_allclose(session.motion.jaw, arrays["jaw_pose"], atol=1e-7)
    np.testing.assert_allclose(session.motion.rotation, arrays["rotation"], atol=1e-7)
    np.testing.assert_allclose(
        session.motion.translation, arrays["translation"] * [1, -1, -1], atol=1e-6
    )
    np.testing.assert_allclose(session.shape, arrays["shape"], atol=1e-6)
    assert session.shape_chunks.shape == (0, 300)
    assert session.motion.gaze is not None
    np.testing.assert_allclose(session.motion.gaze[0], [[0.2, 0.0], [0.0, 0.1]], atol=1e-6)
    assert session.info.fps_assumed is False


def test_the_neck_turns_the_head(tmp_path: Path, rng: np.random.Generator) -> None:
    arrays = vhap(rng) | {"neck_pose": np.tile([0.0, 0.3, 0.0], (T, 1))}
    (session,) = read_sessions([saved(tmp_path / "a.npz", arrays)])
    whole = Rotation.from_rotvec(arrays["rotation"]) * Rotation.from_rotvec(arrays["neck_pose"])
    np.testing.assert_allclose(session.motion.rotation, whole.as_rotvec(), atol=1e-6)


def test_smirk_has_lids_and_a_shape_a_frame(tmp_path: Path, rng: np.random.Generator) -> None:
    shapes = rng.normal(size=(T, 300))
    arrays = {
        "expression_params": rng.normal(size=(T, 50)),
        "shape_params": shapes,
        "jaw_params": np.zeros((T, 3)),
        "pose_params": np.tile([0.1, 0.2, 0.3], (T, 1)),
        "eyelid_params": np.full((T, 2), 0.25),
        "cam": np.zeros((T, 3)),
    }
    (session,) = read_sessions([saved(tmp_path / "a.npz", arrays)], fps=30.0)
    assert session.head_id == "flame-300-50"
    assert session.info.program == "SMIRK"
    assert session.motion.names[-2:] == ("eyelid_left", "eyelid_right")
    np.testing.assert_allclose(session.motion.expression[:, -1], 0.25)
    np.testing.assert_allclose(session.shape, shapes.mean(axis=0), atol=1e-6)
    assert session.shape_chunks.shape == (2, 300)
    np.testing.assert_allclose(session.shape_chunks[0], shapes[:30].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(session.motion.rotation[0], [0.1, 0.2, 0.3], atol=1e-7)
    assert np.isnan(session.motion.translation).all()
    assert any("--head FILE" in note for note in session.info.notes)


def test_deca_has_head_and_jaw_in_one_pose(tmp_path: Path, rng: np.random.Generator) -> None:
    pose = 0.1 * rng.normal(size=(T, 6))
    arrays = {"exp": rng.normal(size=(T, 50)), "pose": pose, "shape": rng.normal(size=(T, 100))}
    (session,) = read_sessions([saved(tmp_path / "a.npz", arrays)])
    assert session.head_id == "flame-100-50"
    np.testing.assert_allclose(session.motion.rotation, pose[:, :3], atol=1e-7)
    np.testing.assert_allclose(session.motion.jaw, pose[:, 3:], atol=1e-7)
    assert session.info.fps_assumed is True


def test_metrical_tracker_has_two_rows_of_each_turn(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    jaw = 0.2 * rng.normal(size=(T, 3))
    rows = Rotation.from_rotvec(jaw).as_matrix()[:, :2].reshape(T, 6)
    eyes = np.tile(np.eye(3)[:2].ravel(), (T, 2))
    arrays = {
        "exp": rng.normal(size=(T, 1, 100)),
        "shape": rng.normal(size=(1, 300)),
        "jaw": rows[:, None],
        "eyes": eyes,
        "eyelids": np.zeros((T, 2)),
    }
    (session,) = read_sessions([saved(tmp_path / "a.npz", arrays)])
    assert session.info.program == "metrical-tracker"
    np.testing.assert_allclose(session.motion.jaw, jaw, atol=1e-6)
    assert session.motion.gaze is not None
    np.testing.assert_allclose(session.motion.gaze, 0.0, atol=1e-6)
    assert np.isnan(session.motion.rotation).all()


def test_a_folder_of_frames_is_one_recording(tmp_path: Path, rng: np.random.Generator) -> None:
    arrays = vhap(rng)
    folder = tmp_path / "subject" / "flame_param"
    folder.mkdir(parents=True)
    for k in range(12):
        if k == 5:
            continue
        own = {name: values[k : k + 1] for name, values in arrays.items() if len(values) == T}
        saved(folder / f"{k:05d}.npz", {**own, "shape": arrays["shape"]})
    assert kind_of(tmp_path / "subject") is Kind.FLAME
    (session,) = read_sessions([tmp_path / "subject"], fps=25.0)
    assert len(session.motion.seconds) == 12 - 1  # one missing frame is bridged, not filled
    np.testing.assert_allclose(session.motion.seconds[-1], 11 / 25)
    np.testing.assert_allclose(session.motion.expression[-1], arrays["expr"][11], atol=1e-6)


def test_emocas_folders_and_a_folder_of_arrays(tmp_path: Path, rng: np.random.Generator) -> None:
    exp, pose = rng.normal(size=(6, 50)), np.zeros((6, 6))
    for k in range(6):
        frame = tmp_path / "emoca" / f"{k + 1:06d}_000"
        frame.mkdir(parents=True)
        np.save(frame / "exp.npy", exp[k])
        np.save(frame / "pose.npy", pose[k])
    whole = tmp_path / "arrays"
    whole.mkdir()
    np.save(whole / "exp.npy", exp)
    np.save(whole / "pose.npy", pose)
    for folder in ("emoca", "arrays"):
        (session,) = read_sessions([tmp_path / folder])
        np.testing.assert_allclose(session.motion.expression, exp, atol=1e-6)
        assert session.head_id == "flame-0-50"
    assert kind_of(tmp_path) is None


def test_a_pickle_is_read_without_running_it(tmp_path: Path, rng: np.random.Generator) -> None:
    path = tmp_path / "a.pkl"
    exp = rng.normal(size=(T, 50))
    path.write_bytes(pickle.dumps({"exp": exp, "pose": np.zeros((T, 6))}))
    (session,) = read_sessions([path])
    np.testing.assert_allclose(session.motion.expression, exp, atol=1e-6)


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("evil-was-here"),)


def test_a_pickle_that_is_a_program_is_refused(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "a.frame"
    path.write_bytes(pickle.dumps({"exp": _Evil()}))
    with pytest.raises(InputError, match=r"a\.frame' cannot be used"):
        read_sessions([path])
    assert not (tmp_path / "evil-was-here").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            {"jaw_pose": np.zeros((T - 1, 3))},
            "'jaw_pose' has 59 rows where its",
        ),
        ({"jaw_pose": np.zeros((T, 4))}, "jaw has 4 numbers a frame, which are no turn"),
        ({"translation": np.zeros((T, 2))}, "'translation' has 2 numbers a frame instead of 3"),
        ({"expr": np.zeros((T, 200))}, "300 shapes and 200 expressions"),
        ({"expr": np.array(["a"] * T)}, "'expr' is no table of numbers"),
        ({"eyes_pose": np.zeros((T, 5))}, "no two turns a frame"),
        ({"expr": np.full((T, 100), np.nan)}, "None of the 60 rows"),
    ],
)
def test_wrong_arrays_are_named(
    tmp_path: Path, rng: np.random.Generator, change: dict[str, Any], reason: str
) -> None:
    from facedyn_app.errors import FacedynError

    with pytest.raises(FacedynError, match=reason):
        read_sessions([saved(tmp_path / "a.npz", vhap(rng) | change)])


def test_objects_in_an_npz_are_never_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, exp=np.array([{}], dtype=object), pose=np.zeros((1, 6)))
    with pytest.raises(InputError, match="Python objects"):
        read_sessions([path])


def test_a_head_with_fewer_directions_is_a_mismatch(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    path = saved(tmp_path / "a.npz", vhap(rng))
    with pytest.raises(MismatchError, match="the head file has 300 and 50"):
        read_sessions([path], head=FlameFile(SHA, 300, 50))


def test_the_made_tracks_beside_the_checkout(shared: Path) -> None:
    cases = shared / "cases"
    if not (cases / "11_smirk.npz").is_file():
        pytest.skip("the failed inputs are absent from ../shared")
    (smirk,) = read_sessions([cases / "11_smirk.npz"])
    (vhap_session,) = read_sessions([cases / "11_vhap.npz"])
    (live_link,) = read_sessions([cases / "12_livelink.csv"])
    assert (smirk.head_id, smirk.shape_chunks.shape) == ("flame-300-50", (10, 300))
    assert (vhap_session.head_id, vhap_session.motion.valid.sum()) == ("flame-300-100", 300)
    assert live_link.info.fps == pytest.approx(60.0)
