"""Motion and shape of a head, as they are fitted frame by frame, and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from facedyn_app.records.arrays import BoolArray, ByteArray, FloatArray, check_length

LARGEST: Mapping[str, float] = {
    "expression": 1e3,
    "shape": 1e3,
    "shape_chunks": 1e3,
    "jaw": 2.0 * np.pi,
    "rotation": 2.0 * np.pi,
    "gaze": 2.0 * np.pi,
    "translation": 1e3,
    "error_px": 1e6,
    "face_px": 1e6,
}
"""No face's activations, standard deviations, angles (rad) and places (m) are larger than this."""
INVALID_REASONS = (
    "",
    "no face",
    "face too small",
    "turned away",
    "landmark jump",
    "poor fit",
    "blurred",
    "occluded",
    "tracking failed",
    "low confidence",
    "missing value",
    "missing frame",
    "repeated time",
    "damaged picture",
    "excluded by annotation",
)
"""Why a frame is not valid, by its number in `invalid_reason`; files hold the numbers, so that new
reasons come last. From "tracking failed" to "repeated time" they are of other programs'
measurements; "excluded by annotation" is the user's wish and stands in no fit
(`dynamics.exclusion`)."""


@dataclass(frozen=True, slots=True, eq=False)
class ShapeCertainty:
    """How sure the estimated shape of a recording is (fitting.shape_evidence).

    Attributes:
        posterior: (S, S) float32 posterior covariance of the shape, expression and pose
            marginalised.
        scatter: (S, S) float32 covariance by which the estimates from recordings of one person
            scatter: the posterior's own, less what is that person's in all of them.
    """

    posterior: FloatArray
    scatter: FloatArray

    @classmethod
    def of(cls, posterior: FloatArray, own: FloatArray | float = 0.0) -> ShapeCertainty:
        """What a posterior covariance P says: estimates scatter by `P - P P`, less `own`.

        Args:
            posterior: (S, S).
            own: (S, S) of that scatter what is the person's in all recordings; 0 where that is
                not known.
        """
        precise = posterior.astype(np.float64)
        scatter = precise - precise @ precise - own
        # `own` is estimated beside the posterior: nothing scatters below 0
        size, directions = np.linalg.eigh(0.5 * (scatter + scatter.T))
        scatter = (directions * np.maximum(size, 0.0)) @ directions.T
        return cls(posterior.astype(np.float32), scatter.astype(np.float32))

    def check(self, shape_chunks: FloatArray) -> None:
        """Check that it is of the chunks' coefficients."""
        size = (shape_chunks.shape[1],) * 2
        if self.posterior.shape != size or self.scatter.shape != size:
            raise ValueError("ShapeCertainty needs a row and a column per shape coefficient")


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """How a face moves in T frames: a head's parameters without its shape.

    Attributes:
        seconds: (T,) frame times, s, ascending.
        valid: (T,) bool; the other arrays are NaN where this is false.
        names: The E names of the expression coefficients.
        expression: (T, E) float32 expression coefficients.
        jaw: (T, 3) float32 jaw rotation vectors, rad; 0 in channel sets without a jaw joint.
        rotation: (T, 3) float32 head rotation vectors against the facing pose, rad; NaN in all
            frames where it was not measured.
        translation: (T, 3) float32 head origin in the camera frame, m; NaN likewise.
        gaze: (T, 2, 2) float32 turn of the left and the right eye, to the subject's left and up,
            rad; None where the head has no eyes.
    """

    seconds: FloatArray
    valid: BoolArray
    names: tuple[str, ...]
    expression: FloatArray
    jaw: FloatArray
    rotation: FloatArray
    translation: FloatArray
    gaze: FloatArray | None = None

    def __post_init__(self) -> None:
        """Check that all arrays have a row per frame and expression a column per name."""
        names = ("valid", "expression", "jaw", "rotation", "translation")
        check_length(self, names, len(self.seconds))
        if self.gaze is not None:
            check_length(self, ("gaze",), len(self.seconds))
        if self.expression.shape[1:] != (len(self.names),):
            raise ValueError("Motion.expression needs a column for each of its names")


@dataclass(frozen=True, slots=True, eq=False)
class HeadFit:
    """The head's parameters in every frame, and how good they are.

    Attributes:
        motion: How the face moves.
        shape: (S,) float32 shape of the session, standard deviations.
        shape_chunks: (C, S) float32 shape estimated for each second by itself.
        shape_chunk_seconds: (C,) the middle of each chunk, s.
        error_px: (T,) float32 mean distance of landmarks from the fitted head's, px, each counted
            by its weight in the head's table.
        face_px: (T,) float32 face height in the image, px.
        focal_px: Focal length, px.
        converged: Whether the solver's last step was small.
        n_iterations: Steps of the joint solve.
        invalid_reason: (T,) uint8 number in INVALID_REASONS, 0 in valid frames; None when unknown.
        focal_log_sd: Standard deviation of the logarithm of the focal length, where that was
            estimated; None where it was assumed, since the poses did not tell it.
        shape_certainty: How sure the shape is; None where it is not known.
    """

    motion: Motion
    shape: FloatArray
    shape_chunks: FloatArray
    shape_chunk_seconds: FloatArray
    error_px: FloatArray
    face_px: FloatArray
    focal_px: float
    converged: bool
    n_iterations: int
    invalid_reason: ByteArray | None = None
    focal_log_sd: float | None = None
    shape_certainty: ShapeCertainty | None = None

    def __post_init__(self) -> None:
        """Check that all arrays have a row per frame or per chunk."""
        check_length(self, ("error_px", "face_px"), len(self.motion.seconds))
        check_length(self, ("shape_chunks",), len(self.shape_chunk_seconds))
        if self.shape_certainty is not None:
            self.shape_certainty.check(self.shape_chunks)


@dataclass(frozen=True, slots=True, eq=False)
class PartialFit:
    """Motion of k frames, as it is known while a recording is still being analysed.

    Attributes:
        motion: How the face moves.
        points: (L, 2) landmarks of the last frame, px; NaN where it has no face.
        image: (height, width, 3) uint8 RGB, the last frame; None where it is not kept.
    """

    motion: Motion
    points: FloatArray
    image: ByteArray | None = None
