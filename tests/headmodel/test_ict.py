"""ICT-FaceKit's light model: from its npz, from a folder of OBJ files, and from bad ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.headmodel.construction import SculptedJaw, fit_jaw, turned_offsets
from facedyn_app.headmodel.files.ict import FACE_AND_NECK, read_ict
from facedyn_app.headmodel.files.ict_files import (
    EXPRESSIONS,
    N_VERTICES,
    IctArrays,
    is_ict_folder,
    read_arrays,
)
from facedyn_app.headmodel.files.mesh_files import read_obj
from facedyn_app.headmodel.model import REGION_EYE, HeadModel, rest_joints
from facedyn_app.headmodel.part_meshes import ExpressionMesh
from facedyn_app.records import FloatArray

N = N_VERTICES
N_IDENTITIES = 2


@pytest.fixture(scope="module")
def npz(shared: Path) -> Path:
    return shared / "data" / "heads" / "ict_facekit_light.npz"


@pytest.fixture(scope="module")
def arrays(npz: Path) -> IctArrays:
    return read_arrays(npz)


@pytest.fixture(scope="module")
def head(npz: Path) -> HeadModel:
    return read_ict(npz)


def action(arrays: IctArrays, name: str) -> FloatArray:
    offsets = arrays.expression[arrays.expression_names.index(name)]
    return np.asarray(0.01 * offsets.astype(np.float64))


def test_the_model_is_a_head_like_the_others(head: HeadModel) -> None:
    assert head.head_id == f"ict-{str(head.sha256)[:8]}"
    assert head.v_template.shape == (N, 3)
    assert (head.n_shape, head.n_expression) == (100, 44)
    assert head.activations
    assert 0.2 < np.ptp(head.v_template[:, 1]) < 0.4  # metres
    np.testing.assert_allclose(head.weights.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(head.J_regressor.sum(axis=1), 1.0, atol=1e-6)
    assert head.parents.tolist() == [-1, 0, 1, 1, 1]
    assert {"eyeBlinkLeft", "mouthSmileRight", "jawForward"} < set(head.expression_names)
    left_out = ("jawOpen", "jawLeft", "jawRight", "eyeLook", "Pupil")
    assert not any(name.startswith(left_out) for name in head.expression_names)


def test_left_is_the_subjects_left_and_the_face_looks_along_z(head: HeadModel) -> None:
    for name, side in (("eyeBlinkLeft", 1), ("eyeBlinkRight", -1)):
        moved = np.linalg.norm(head.exprdirs[:, :, head.expression_names.index(name)], axis=1)
        assert side * head.v_template[moved.argmax(), 0] > 0.02
    left, right = rest_joints(head)[3:]
    np.testing.assert_allclose(left, right * [-1, 1, 1], atol=1e-6)
    eyes = head.v_template[head.region == REGION_EYE]
    distance = np.linalg.norm(eyes - np.where(eyes[:, :1] > 0, left, right), axis=1)
    np.testing.assert_allclose(distance, 0.0155, atol=0.0015)
    corners = head.v_template[head.faces[(head.faces < 9409).all(axis=1)]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert normals[:, 2].sum() > 0


def test_the_turned_jaw_looks_as_sculpted(head: HeadModel, arrays: IctArrays) -> None:
    template = 0.01 * arrays.neutral.astype(np.float64)
    sculpted = SculptedJaw(*(action(arrays, f"jaw{name}") for name in ("Open", "Left", "Right")))
    fit = fit_jaw(template, arrays.faces, sculpted)
    for turn, wanted in (
        (fit.opened, sculpted.opened),
        (fit.left, sculpted.left),
        (fit.right, sculpted.right),
    ):
        error = np.linalg.norm(turned_offsets(template, fit, turn) - wanted, axis=1)
        moved = np.linalg.norm(wanted, axis=1) > 1e-4
        assert np.sqrt((error[moved] ** 2).mean()) < 0.0003  # m
    assert 10 < np.degrees(fit.opened[0]) < 25
    closed = action(arrays, "jawOpen") + action(arrays, "mouthClose")
    coefficients = np.array([[float(name == "mouthClose") for name in head.expression_names]])
    posed = ExpressionMesh(head).vertices(coefficients, fit.opened[None])[0]
    error = np.linalg.norm(posed - template - closed, axis=1)
    assert np.percentile(error[FACE_AND_NECK], 99) < 0.001


def write_obj(path: Path, vertices: FloatArray, rest: str = "") -> None:
    rows = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices.tolist()]
    path.write_text("\n".join(rows) + "\n" + rest, encoding="ascii")


@pytest.fixture(scope="module")
def obj_folder(arrays: IctArrays, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first identities and all expressions, laid out as ICT-FaceKit lays them out."""
    folder = tmp_path_factory.mktemp("ict") / "FaceXModel"
    folder.mkdir()
    neutral = arrays.neutral.astype(np.float64)
    quads = "usemtl M_Face\nf 874/1 12/2 871/3 873/4\nusemtl M_Teeth\nf 17040/1 17041/2 17042/3\n"
    places = "vt 0.0 0.0\nvt 1.0 0.0\nvt 1.0 1.0\nvt 0.0 1.0\n"
    material = "mtllib skin.mtl\n"
    write_obj(folder / "generic_neutral_mesh.obj", neutral, material + places + quads)
    for k in range(N_IDENTITIES):
        write_obj(folder / f"identity{k:03d}.obj", neutral + arrays.identity[k])
    for name, offsets in zip(arrays.expression_names, arrays.expression, strict=True):
        if name in EXPRESSIONS:
            write_obj(folder / f"{name}.obj", neutral + offsets)
    mtl = "newmtl M_Face\nKd 1 1 1\nmap_Kd skin.png\nnewmtl M_Teeth\nKd 1 1 1\n"
    (folder / "skin.mtl").write_text(mtl, encoding="ascii")
    picture = np.zeros((8, 8, 3), dtype=np.uint8)
    picture[..., 0] = 200  # blue, as OpenCV orders colours
    cv2.imwrite(str(folder / "skin.png"), picture)
    return folder


def test_a_folder_of_obj_files_gives_the_same_head(obj_folder: Path, head: HeadModel) -> None:
    assert is_ict_folder(obj_folder)
    assert is_ict_folder(obj_folder.parent)
    assert not is_ict_folder(obj_folder.parent.parent)
    read = read_ict(obj_folder.parent)
    np.testing.assert_allclose(read.v_template, head.v_template, atol=1e-7)
    np.testing.assert_allclose(read.shapedirs, head.shapedirs[..., :N_IDENTITIES], atol=2e-7)
    columns = [head.expression_names.index(name) for name in read.expression_names]
    assert len(columns) == 42
    face = FACE_AND_NECK  # the cut triangles change the jaw's weights a little
    rest = np.array([name != "mouthClose" for name in read.expression_names])
    np.testing.assert_allclose(
        read.exprdirs[face][..., rest], head.exprdirs[face][..., columns][..., rest], atol=2e-7
    )
    assert read.faces.tolist() == [[873, 11, 870], [873, 870, 872], [17039, 17040, 17041]]
    assert read.head_id.startswith("ict-")
    assert read.sha256 != head.sha256
    assert read.texture is not None
    np.testing.assert_array_equal(read.texture.uv[1], [[0, 0], [1, 1], [0, 1]])
    assert (read.texture.uv[2] < 0).all()  # teeth have no picture
    assert read.texture.image[0, 0].tolist() == [0, 0, 200]


def test_obj_text_of_other_programs(tmp_path: Path) -> None:
    path = tmp_path / "quad.obj"
    text = "# a comment\r\no thing\r\nv 0 0 0 1\r\nv 1 0 0 1\r\nv 1 1 0 1\r\nv 0 1 0 1\r\n"
    path.write_bytes((text + "vn 0 0 1\r\nf 1//1 2//1 3//1 4//1\r\n").encode())
    mesh = read_obj(path)
    np.testing.assert_array_equal(mesh.vertices, [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 2, 3]]
    assert mesh.uv is None


def made(**changes: np.ndarray) -> dict[str, np.ndarray]:
    names = np.array(EXPRESSIONS)
    neutral = np.zeros((N, 3), dtype=np.float32)
    neutral[:, 1] = np.linspace(-19, 14, N)
    return {
        "neutral": neutral,
        "identity": np.zeros((1, N, 3), dtype=np.float32),
        "expression": np.zeros((len(names), N, 3), dtype=np.float32),
        "expression_names": names,
        "tris": np.array([[0, 1, 2]], dtype=np.int32),
        **changes,
    }


def with_nan(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flat[5] = np.nan
    return array


BAD_NPZ: dict[str, tuple[Callable[[], dict[str, np.ndarray]], str]] = {
    "no names": (
        lambda: {k: v for k, v in made().items() if k != "expression_names"},
        "expression_names",
    ),
    "too few vertices": (lambda: made(neutral=made()["neutral"][:100]), "26719"),
    "identity of another mesh": (lambda: made(identity=np.zeros((1, 9, 3), "f4")), "identity"),
    "no identity": (lambda: made(identity=np.zeros((0, N, 3), "f4")), "identity"),
    "nan": (lambda: made(neutral=with_nan(made()["neutral"])), "not numbers"),
    "text": (lambda: made(neutral=np.array(["a"])), "type"),
    "decimal triangles": (lambda: made(tris=np.zeros((1, 3))), "type"),
    "triangles past the mesh": (lambda: made(tris=np.array([[0, 1, N]])), "past"),
    "quads": (lambda: made(tris=np.array([[0, 1, 2, 3]])), "triangles"),
    "metres": (lambda: made(neutral=0.01 * made()["neutral"]), "centimetres"),
    "no jaw": (
        lambda: made(expression_names=np.array(["x", *EXPRESSIONS[1:]])),
        "browDown_L",
    ),
}


@pytest.mark.parametrize("case", BAD_NPZ)
def test_a_bad_npz_is_refused_by_name(case: str, tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    make, words = BAD_NPZ[case]
    np.savez_compressed(path, **make())  # type: ignore[arg-type]
    with pytest.raises(InputError, match=words) as caught:
        read_ict(path)
    assert str(path) in caught.value.sentence


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: write_text(folder / name, text)


def write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="ascii")


BAD_FOLDERS: dict[str, tuple[Callable[[Path], None], str]] = {
    "no neutral": (remove("generic_neutral_mesh.obj"), "generic_neutral_mesh.obj"),
    "no identity": (remove("identity000.obj"), "identity000.obj"),
    "no expression": (remove("browDown_L.obj"), "browDown_L.obj"),
    "empty file": (write("browDown_L.obj", ""), "browDown_L.obj"),
    "text": (write("browDown_L.obj", "v here be dragons\n"), "browDown_L.obj"),
    "other mesh": (write("browDown_L.obj", "v 0 0 0\nv 0 1 0\n"), "browDown_L.obj.*2 vertices"),
    "two numbers": (write("browDown_L.obj", "v 0 0\nv 0 1\n"), "browDown_L.obj"),
    "lines between": (write("browDown_L.obj", "v 0 0 0\nvt 0 1\nv 0 0 0\n"), "browDown_L.obj"),
    "odd faces": (write("generic_neutral_mesh.obj", "v 0 0 0\nf 1 x 2\n"), "generic_neutral"),
    "faces past": (write("generic_neutral_mesh.obj", "v 0 0 0\nf 1 2 3\n"), "past"),
    "no faces": (write("generic_neutral_mesh.obj", "v 0 0 0\n"), "past|faces"),
    "no texture": (remove("skin.png"), "skin.png"),
}


@pytest.mark.parametrize("case", BAD_FOLDERS)
def test_a_bad_folder_is_refused_by_name(case: str, obj_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "FaceXModel"
    folder.mkdir()
    for file in obj_folder.iterdir():
        (folder / file.name).symlink_to(file)
    spoil, words = BAD_FOLDERS[case]
    for file in list(folder.iterdir()):  # what is spoilt must not be the fixture's own
        if file.name in {"generic_neutral_mesh.obj", "browDown_L.obj", "identity000.obj"}:
            data = file.read_bytes()
            file.unlink()
            file.write_bytes(data)
    spoil(folder)
    with pytest.raises(InputError, match=words) as caught:
        read_ict(folder)
    assert str(folder) in caught.value.sentence
