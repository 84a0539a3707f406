"""Landmarker errors on a head: how its points err, and how its readings follow the face.

The errors of a landmarker are no noise: a face that smiles is seen to smile less than it does, a
broad face as narrower than it is, a turned one shifted, and neighbouring points go wrong together.
All of it is measured once for a head, by rendering it with known parameters (`facedyn heads
measure`; for the built-in head `packaging/measure_landmark_errors.py`), as displacements in the
head frame parallel to the face:

    D = offset + E' p + J' jaw + S' b + Q' terms(view) + U z + frame's own

with z the session's own, the same in all its frames and of unit variance, and the covariance of
what each frame has for itself. The fit takes E', J' and S' into the head's directions at its
landmarks, subtracts what the view of it does, estimates z beside the shape and whitens by the
covariance: neighbouring landmarks go wrong together, and small differences between them, which
tell most of an expression, are far more certain than where they are.

What else it says of a face (view_terms.py) follows the same equation, without anything of the
head's geometry, as further rows behind the landmarks'. The covariance is that of all rows
together, since the scores are computed from the points and go wrong with them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.assets import model_file, model_names
from facedyn_app.errors import InputError
from facedyn_app.files import atomic_file
from facedyn_app.folders import head_cache
from facedyn_app.headmodel.landmark_embedding.prepare import EMBEDDING_VERSION
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.npz import read_npz
from facedyn_app.records import FloatArray, IntArray

FOLDER = "landmark_errors"
VERSION = 1  # of the arrays and of how they are measured

ROUNDING = 2e-3

log = logging.getLogger(__name__)

_ARRAYS = (
    "index",
    "offset",
    "by_expression",
    "by_jaw",
    "by_shape",
    "by_view",
    "session_modes",
    "deviation",
    "correlation",
)


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkErrors:
    """Dependence of N rows of measurements on face and view.

    Rows: the displacements of K landmarks along the head's x and y, m, the two of each landmark in
    turn; then the readings.

    Attributes:
        head_sha256: The head file that they were measured on.
        index: (K,) landmark numbers, ascending.
        offset: (N,) of the mean face at rest that looks into the camera.
        by_expression: (N, E) for each unit of an expression coefficient.
        by_jaw: (N, 3) for each rad of the jaw's rotation vector.
        by_shape: (N, S) for each standard deviation of a shape coefficient.
        by_view: (N, 10) for each of `view_terms.view_terms`.
        session_modes: (N, P) what a session adds in all its frames, unit variances.
        deviation: (N,) standard deviation of what a frame has for itself.
        correlation: (N, N) of the same.
    """

    head_sha256: str
    index: IntArray
    offset: FloatArray
    by_expression: FloatArray
    by_jaw: FloatArray
    by_shape: FloatArray
    by_view: FloatArray
    session_modes: FloatArray
    deviation: FloatArray
    correlation: FloatArray

    def covariance(self) -> FloatArray:
        """(N, N) covariance of what a frame has for itself, positive definite."""
        deviation = self.deviation.astype(np.float64)
        # a file holds correlations in half precision; this much keeps them positive definite
        correlation = self.correlation + ROUNDING * np.eye(len(deviation))
        return np.asarray(correlation * deviation[:, None] * deviation)


def known_errors(head: HeadModel) -> LandmarkErrors | None:
    """The landmarker's known errors on a head; None where there are none.

    Raises:
        InputError: A file of this installation is damaged.
    """
    if head.sha256 is None:
        return None
    errors = _shipped_errors(head.head_id)
    if errors is not None and errors.head_sha256 == head.sha256:
        return errors
    measured = measured_file(head.sha256)
    if not measured.exists():
        return None
    try:
        return read_errors(measured)
    except InputError as error:
        log.warning("The head '%s' is fitted as if unmeasured: %s", head.head_id, error.sentence)
        return None


def measured_file(head_sha256: str) -> Path:
    """File of the errors measured on a head of the user's; it can be measured again."""
    name = f"errors-{VERSION}-{EMBEDDING_VERSION}-{head_sha256}.npz"
    return head_cache() / name


def _shipped_errors(head_id: str) -> LandmarkErrors | None:
    name = f"{FOLDER}/{head_id}.npz"
    return read_errors(model_file(name)) if name in model_names() else None


def read_errors(path: Path) -> LandmarkErrors:
    """Read a file that `write_errors` wrote.

    Raises:
        InputError: It is missing or no such file.
    """
    try:
        arrays = read_npz(path, (*_ARRAYS, "head_sha256"), ())
    except ValueError as error:
        raise InputError(f"The file '{path}' holds no landmark errors: {error}.") from error
    sha256 = str(arrays.pop("head_sha256"))
    return LandmarkErrors(sha256, **arrays)


def write_errors(errors: LandmarkErrors, path: Path) -> None:
    """Write landmark errors, by a temporary name.

    Raises:
        OutputError: The file cannot be written there.
    """
    kinds = {"index": np.int32, "correlation": np.float16}
    short = {
        name: np.asarray(getattr(errors, name), kinds.get(name, np.float32)) for name in _ARRAYS
    }
    short["head_sha256"] = np.asarray(errors.head_sha256)
    with atomic_file(path) as file:
        np.savez_compressed(file, allow_pickle=False, **short)
