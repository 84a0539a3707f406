"""ICT-FaceKit's light face model as it stands in its files: an `.npz` or its own OBJ folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.files import read_plain, sha256_of
from facedyn_app.headmodel.files.mesh_files import ObjMesh, read_obj, read_obj_vertices
from facedyn_app.headmodel.files.picture_size import picture_size
from facedyn_app.headmodel.model import HeadTexture
from facedyn_app.npz import read_npz
from facedyn_app.records import ByteArray, FloatArray, IntArray

N_VERTICES = 26719
EXPRESSIONS = (
    *(
        f"{name}_{side}"
        for name in (
            "browDown", "browInnerUp", "browOuterUp", "cheekPuff", "cheekSquint", "eyeBlink",
            "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeSquint", "eyeWide",
            "mouthDimple", "mouthFrown", "mouthLowerDown", "mouthPress", "mouthSmile",
            "mouthStretch", "mouthUpperUp", "noseSneer",
        )
        for side in "LR"
    ),
    "jawForward", "jawLeft", "jawOpen", "jawRight", "mouthClose", "mouthFunnel", "mouthLeft",
    "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
    "mouthShrugUpper",
)  # fmt: skip
# Files of 2023 and later have these too.
LATER_EXPRESSIONS = ("cheekRaiser_L", "cheekRaiser_R")
NPZ_ARRAYS = ("neutral", "identity", "expression", "expression_names", "tris")
NEUTRAL = "generic_neutral_mesh.obj"
_INNER_FOLDER = "FaceXModel"
_LEAST_CM, _MOST_CM = 20.0, 60.0  # height of the model with its neck
_MAX_MATERIALS, _MAX_PICTURE = 2**20, 2**27  # bytes
_MAX_PIXELS = 100_000_000
_MAX_TEXTURE = 2048  # px: vertices see no more
_HINT = "Choose the folder 'FaceXModel' of ICT-FaceKit, or its light model as an .npz file."


@dataclass(frozen=True, slots=True, eq=False)
class IctArrays:
    """What is taken from the files, as it stands there.

    Attributes:
        neutral: (V, 3) float32 mean face, cm.
        identity: (S, V, 3) float32 offsets per standard deviation, cm.
        expression: (E, V, 3) float32 offsets, cm.
        expression_names: The E names, as ICT-FaceKit spells them.
        faces: (F, 3) int32 triangles.
        sha256: Of the `.npz`, or of the names and bytes of all files read, in order.
        texture: The skin's picture, or None.
    """

    neutral: FloatArray
    identity: FloatArray
    expression: FloatArray
    expression_names: tuple[str, ...]
    faces: IntArray
    sha256: str
    texture: HeadTexture | None = None


def is_ict_folder(path: Path) -> bool:
    """Whether a folder, or `FaceXModel` in it, holds ICT-FaceKit's neutral mesh."""
    return any((folder / NEUTRAL).is_file() for folder in (path, path / _INNER_FOLDER))


def read_arrays(path: Path) -> IctArrays:
    """Read and check the model.

    Args:
        path: Its folder of OBJ files (or the folder above it), or an `.npz` of `NPZ_ARRAYS`.

    Raises:
        InputError: The files are not ICT-FaceKit's light model; names the file.
    """
    arrays = _read_folder(path) if path.is_dir() else _read_npz(path)
    _check(arrays, path)
    return arrays


def _read_npz(path: Path) -> IctArrays:
    try:
        arrays = read_npz(path, NPZ_ARRAYS, ())
    except ValueError as error:
        raise InputError(
            f"The file '{path}' is not ICT-FaceKit's light model: {error}.", _HINT
        ) from error
    for name, kinds in zip(NPZ_ARRAYS, ("f", "f", "f", "U", "iu"), strict=True):
        if arrays[name].dtype.kind not in kinds:
            raise InputError(f"The array '{name}' in '{path}' has the wrong type.", _HINT)
    return IctArrays(
        neutral=np.asarray(arrays["neutral"], dtype=np.float32),
        identity=np.asarray(arrays["identity"], dtype=np.float32),
        expression=np.asarray(arrays["expression"], dtype=np.float32),
        expression_names=tuple(str(name) for name in arrays["expression_names"].ravel()),
        faces=arrays["tris"],
        sha256=sha256_of(path),
    )


def _read_folder(path: Path) -> IctArrays:
    folder = path if (path / NEUTRAL).is_file() else path / _INNER_FOLDER
    if not is_ict_folder(path):
        raise InputError(f"The folder '{path}' has no '{NEUTRAL}'.", _HINT)
    neutral = read_obj(folder / NEUTRAL)
    texture = _read_texture(folder, neutral)
    later = [name for name in LATER_EXPRESSIONS if (folder / f"{name}.obj").is_file()]
    names = tuple(sorted((*EXPRESSIONS, *later)))
    identities = sorted(file.name for file in folder.glob("identity[0-9][0-9][0-9].obj"))
    numbered = [f"identity{k:03d}.obj" for k in range(max(1, len(identities)))]
    digest = hashlib.sha256(f"{NEUTRAL} {neutral.sha256}\n".encode())
    offsets = np.empty((len(numbered) + len(names), *neutral.vertices.shape), dtype=np.float32)
    for k, name in enumerate((*numbered, *(f"{name}.obj" for name in names))):
        vertices, sha256 = read_obj_vertices(folder / name)
        if vertices.shape != neutral.vertices.shape:
            raise InputError(
                f"The file '{folder / name}' has {len(vertices)} vertices instead of the "
                f"{len(neutral.vertices)} of '{NEUTRAL}'.",
                _HINT,
            )
        offsets[k] = vertices - neutral.vertices
        digest.update(f"{name} {sha256}\n".encode())
    return IctArrays(
        neutral=neutral.vertices.astype(np.float32),
        identity=offsets[: len(numbered)],
        expression=offsets[len(numbered) :],
        expression_names=names,
        faces=neutral.faces,
        sha256=digest.hexdigest(),
        texture=texture,
    )


def _read_texture(folder: Path, mesh: ObjMesh) -> HeadTexture | None:
    """The picture of the material with the most triangles of those that have one (`map_Kd`)."""
    pictures = _material_pictures(folder, mesh.libraries)
    counts = {
        name: int((mesh.material == k).sum())
        for k, name in enumerate(mesh.materials)
        if name in pictures
    }
    if not counts or mesh.uv is None:
        return None
    chosen = pictures[max(counts, key=lambda name: counts[name])]
    textured = [k for k, name in enumerate(mesh.materials) if pictures.get(name) == chosen]
    uv = np.where(np.isin(mesh.material, textured)[:, None, None], mesh.uv, np.float32(-1))
    return HeadTexture(uv=uv, image=_read_picture(folder / chosen))


def _material_pictures(folder: Path, libraries: tuple[str, ...]) -> dict[str, str]:
    """The picture file of each material that has one."""
    pictures: dict[str, str] = {}
    for library in libraries:
        path = folder / library
        if not path.is_file():
            continue
        name = ""
        for line in read_plain(path, _MAX_MATERIALS).decode("utf-8", "replace").splitlines():
            key, _, value = line.strip().partition(" ")
            if key == "newmtl":
                name = value.strip()
            elif key == "map_Kd":
                pictures[name] = value.split()[-1] if value.startswith("-") else value.strip()
    return pictures


def _read_picture(path: Path) -> ByteArray:
    try:
        content = read_plain(path, _MAX_PICTURE)
    except OSError as error:
        raise InputError(
            f"The texture '{path}' cannot be opened: {error.strerror}.",
            "Put it beside the OBJ files, or take its line 'map_Kd' out of the .mtl file.",
        ) from error
    size = picture_size(content)
    if size is None:
        raise InputError(
            f"The texture '{path}' is no picture that can be read.", "Save it as PNG or JPEG."
        )
    if size[0] * size[1] > _MAX_PIXELS:
        raise InputError(
            f"The texture '{path}' has {size[0]} x {size[1]} pixels; "
            f"at most {_MAX_PIXELS / 1e6:.0f} million are read.",
            f"Save it with {_MAX_TEXTURE} x {_MAX_TEXTURE}, more than that is not seen.",
        )
    picture = cv2.imdecode(np.frombuffer(content, dtype=np.uint8), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise InputError(f"The texture '{path}' is no picture that can be read.")
    scale = _MAX_TEXTURE / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(picture, dtype=np.uint8)


def _check(arrays: IctArrays, path: Path) -> None:
    """Check counts, finiteness, that triangles point to vertices, and the size."""
    n_expressions = len(arrays.expression_names)
    for name, array, shape in (
        ("neutral", arrays.neutral, (N_VERTICES, 3)),
        ("identity", arrays.identity, (len(arrays.identity), N_VERTICES, 3)),
        ("expression", arrays.expression, (n_expressions, N_VERTICES, 3)),
    ):
        if array.shape != shape or not len(array):
            raise InputError(
                f"'{path}' is not ICT-FaceKit's light model: its '{name}' has the shape "
                f"{array.shape}; the model has {N_VERTICES} vertices.",
                _HINT,
            )
        if not np.isfinite(array).all():
            raise InputError(f"The '{name}' in '{path}' has values that are not numbers.", _HINT)
    faces = arrays.faces
    if faces.ndim != 2 or faces.shape[1] != 3 or not len(faces):
        raise InputError(f"The triangles in '{path}' have the shape {faces.shape}.", _HINT)
    if faces.min() < 0 or faces.max() >= N_VERTICES:
        raise InputError(f"The triangles in '{path}' point past its vertices.", _HINT)
    missing = [name for name in EXPRESSIONS if name not in arrays.expression_names]
    if missing or len(set(arrays.expression_names)) < n_expressions:
        what = f"lacks the expression '{missing[0]}'" if missing else "names an expression twice"
        raise InputError(f"'{path}' is not ICT-FaceKit's light model: it {what}.", _HINT)
    height = float(np.ptp(arrays.neutral[:, 1]))
    if not _LEAST_CM < height < _MOST_CM:
        raise InputError(
            f"The head in '{path}' is {height:.4g} units high, which is no head in centimetres.",
            _HINT,
        )
