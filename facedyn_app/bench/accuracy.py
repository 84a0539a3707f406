"""Accuracy of the whole way from pixels to parameters, on rendered heads (`bench accuracy`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facedyn_app.bench import metrics
from facedyn_app.bench.cases import Case
from facedyn_app.bench.measurement import MeasuredCase, measure_case
from facedyn_app.bench.separation import BLINKS, Separation, measure_separation
from facedyn_app.headmodel.model import REGION_LIPS, REGION_SKIN, HeadModel, of_material
from facedyn_app.headmodel.part_meshes import ExpressionMesh
from facedyn_app.headmodel.rendering.paint import landmark_points
from facedyn_app.landmarks import BLENDSHAPE_NAMES
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import BoolArray, FloatArray

SMALL_PX = 240
"""Lines of the small pictures that recordings of conversations have."""
_ERRORS = (
    "rotation_deg", "jaw_rms_deg", "jaw_correlation", "correlation", "scores_correlation",
    "blinks", "scores_blinks", "smiles", "scores_smiles", "gaze_yaw", "gaze_pitch", "mesh_mm",
    "error_percent",
)  # fmt: skip
SMILES = ("mouthSmileLeft", "mouthSmileRight")


@dataclass(frozen=True, slots=True, eq=False)
class CaseResult:
    """The errors of one video; correlations are medians over the channels that move.

    Attributes:
        head: Id of the head.
        case: Name of the case.
        n_frames: Frames.
        valid_share: Share of the frames that are valid, 0..1.
        invalid: Invalid frames by reason.
        covered_valid_share: Share of the frames with a hand before the mouth that are valid;
            None where there is no hand.
        rotation_deg: Median error of the head's rotation.
        jaw_rms_deg: Root mean square error of the jaw's opening.
        jaw_correlation: Of the jaw's opening; None where it does not move.
        n_moving: Channels whose true standard deviation is at least `metrics.MOVING_SD`.
        correlation: Of recovered with true activations; None where none moves.
        blinks: The same of the blinks alone, their mean.
        smiles: The same of the smiles alone, their mean.
        scores_correlation: Of the landmarker's own scores with the true activations.
        scores_blinks: The same of the blinks alone.
        scores_smiles: The same of the smiles alone.
        gaze_yaw: Correlation of the gaze to the side, mean of the eyes; None where it is still or
            not told.
        gaze_pitch: The same of the gaze up and down.
        mesh_mm: RMS distance of the expression-only mesh over the face.
        error_percent: Mean landmark error, percent of face height.
        channels: Correlation of each moving channel, the fit's and the scores'.
    """

    head: str
    case: str
    n_frames: int
    valid_share: float
    invalid: Mapping[str, int]
    covered_valid_share: float | None
    rotation_deg: float
    jaw_rms_deg: float
    jaw_correlation: float | None
    n_moving: int
    correlation: float | None
    blinks: float | None
    smiles: float | None
    scores_correlation: float | None
    scores_blinks: float | None
    scores_smiles: float | None
    gaze_yaw: float | None
    gaze_pitch: float | None
    mesh_mm: float
    error_percent: float
    channels: Mapping[str, tuple[float, float | None]]


@dataclass(frozen=True, slots=True, eq=False)
class Accuracy:
    """All that is found for one head.

    Attributes:
        head: Its id.
        cases: One result a video.
        medians: Of each error over clean videos of talk and actions, by name of the selection. Most
            of an error sticks to a face, so videos of the same face are no independent samples:
            the first selection counts each face once.
        separation: Over several videos.
    """

    head: str
    cases: tuple[CaseResult, ...]
    medians: Mapping[str, Mapping[str, float]]
    separation: Separation


def measure_accuracy(
    head: HeadModel,
    cases: Sequence[Case],
    folder: Path,
    *,
    optical_flow: bool = False,
    keep_landmarks: bool = False,
    on_progress: OnProgress = ignore,
) -> Accuracy:
    """Render, follow, fit and compare.

    Args:
        head: The head, its landmarks placed; the videos show it and it is fitted to them.
        cases: What to film.
        folder: Where rendered videos are kept.
        optical_flow: Whether the skin is followed, too.
        keep_landmarks: Whether landmarks found before are taken again, to try out fits quickly.
        on_progress: Told of every step; may raise Cancelled.

    Raises:
        InputError: The landmarker finds no face.
        OutputError: The folder cannot be written.
    """
    results = [
        measure_case(
            head,
            case,
            folder,
            optical_flow=optical_flow,
            keep_landmarks=keep_landmarks,
            on_progress=on_progress,
        )
        for case in cases
    ]
    mesh, face = ExpressionMesh(head), face_vertices(head)
    found = tuple(case_result(head, one, mesh, face) for one in results)
    return Accuracy(
        head=head.head_id,
        cases=found,
        medians=selected_medians(found, cases),
        separation=measure_separation([one for one in results if not one.truth.case.varied]),
    )


def selected_medians(
    results: Sequence[CaseResult], cases: Sequence[Case]
) -> dict[str, dict[str, float]]:
    """Medians over the clean videos: over faces (of each face's own), over videos, over small ones.

    Plain faces, and apart from them those in a second appearance.

    Args:
        results: Of the cases.
        cases: In the same order.
    """
    every = [(one, case) for one, case in zip(results, cases, strict=True) if case.clean]
    clean = [(one, case) for one, case in every if not case.varied]
    second = [(one, case) for one, case in every if case.varied]
    small = [(one, case) for one, case in clean if case.height <= SMALL_PX]
    selected = {
        "each face once": _over_faces(clean),
        "each video once": medians_of([one for one, _ in clean]),
        f"each face at {SMALL_PX} lines": _over_faces(small),
        "second appearance": _over_faces(second),
    }
    return {name: medians for name, medians in selected.items() if medians}


def _over_faces(videos: Sequence[tuple[CaseResult, Case]]) -> dict[str, float]:
    faces = sorted({case.face for _, case in videos})
    return _medians(
        [medians_of([one for one, case in videos if case.face == face]) for face in faces]
    )


def medians_of(results: Sequence[CaseResult]) -> dict[str, float]:
    """The median of each error over some videos, where any of them has it."""
    return _medians([{name: getattr(one, name) for name in _ERRORS} for one in results])


def _medians(errors: Sequence[Mapping[str, float | None]]) -> dict[str, float]:
    medians = {name: metrics.known_median(one.get(name) for one in errors) for name in _ERRORS}
    return {name: median for name, median in medians.items() if median is not None}


def face_vertices(head: HeadModel) -> BoolArray:
    """(V,) bool: the skin within the box of the landmarks."""
    marks = landmark_points(head)
    if marks is None:
        raise ValueError("the head's landmarks must have been placed")
    points = np.stack(list(marks.values()))
    v = np.asarray(head.v_template)
    inside = ((v >= points.min(axis=0)) & (v <= points.max(axis=0))).all(axis=1)
    if head.region is None:
        return np.asarray(inside)
    return np.asarray(inside & of_material(head, REGION_SKIN, REGION_LIPS))


def case_result(
    head: HeadModel, one: MeasuredCase, mesh: ExpressionMesh, face: BoolArray
) -> CaseResult:
    """The errors of one video over its valid frames."""
    truth, fit, valid = one.truth, one.fit, one.fit.motion.valid
    true_p, true_jaw = truth.simulated.motion.expression[valid], truth.simulated.motion.jaw[valid]
    channels = _channels(head, one)
    fitted = {name: r for name, (r, _) in channels.items()}
    scored = {name: r for name, (_, r) in channels.items() if r is not None}
    jaw = np.degrees(np.stack([fit.motion.jaw[valid, 0], true_jaw[:, 0]]))
    jaw_moves = bool(jaw[1].std() > 0.5)
    covered = truth.covered
    gaze_yaw, gaze_pitch = _gaze(one)
    rotation = metrics.rotation_error_deg(fit.motion.rotation[valid], truth.rotation[valid])
    return CaseResult(
        head=head.head_id,
        case=truth.case.name,
        n_frames=len(valid),
        valid_share=float(valid.mean()),
        invalid=one.invalid,
        covered_valid_share=float(valid[covered].mean()) if covered.any() else None,
        rotation_deg=float(np.median(rotation)) if len(rotation) else float("nan"),
        jaw_rms_deg=metrics.root_mean_square(jaw[0] - jaw[1]),
        jaw_correlation=float(np.corrcoef(jaw)[0, 1]) if jaw_moves else None,
        n_moving=len(channels),
        correlation=metrics.known_median(fitted.values()),
        blinks=_mean_over(fitted, BLINKS),
        smiles=_mean_over(fitted, SMILES),
        scores_correlation=metrics.known_median(scored.values()),
        scores_blinks=_mean_over(scored, BLINKS),
        scores_smiles=_mean_over(scored, SMILES),
        gaze_yaw=gaze_yaw,
        gaze_pitch=gaze_pitch,
        mesh_mm=_mesh_mm(
            mesh, face, (fit.motion.expression[valid], fit.motion.jaw[valid]), (true_p, true_jaw)
        ),
        error_percent=metrics.mean_percent(fit.error_px[valid], fit.face_px[valid]),
        channels=channels,
    )


def _channels(head: HeadModel, one: MeasuredCase) -> dict[str, tuple[float, float | None]]:
    """Correlations of fit and of scores with the truth, for each channel that moves."""
    valid, true = one.fit.motion.valid, one.truth.simulated.motion.expression[one.fit.motion.valid]
    fitted = metrics.correlations(one.fit.motion.expression[valid], true)
    found: dict[str, tuple[float, float | None]] = {}
    for k, name in enumerate(head.expression_names):
        if true[:, k].std() < metrics.MOVING_SD:
            continue
        score = None
        if name in BLENDSHAPE_NAMES:
            scores = one.landmarks.scores[valid, BLENDSHAPE_NAMES.index(name)]
            score = float(metrics.correlations(scores, true[:, k]))
        found[name] = (float(fitted[k]), score)
    return found


def _gaze(one: MeasuredCase) -> tuple[float | None, float | None]:
    """Correlation of the gaze to the side and up, where it moves and is told."""
    motion, true = one.fit.motion, one.truth.simulated.gaze[one.fit.motion.valid]
    if motion.gaze is None or not len(true) or (np.ptp(true, axis=0) == 0).any():
        return None, None
    yaw, pitch = metrics.correlations(motion.gaze[motion.valid].mean(axis=1), true)
    return float(yaw), float(pitch)


def _mean_over(correlations: Mapping[str, float], names: Sequence[str]) -> float | None:
    known = [correlations[name] for name in names if name in correlations]
    return float(np.mean(known)) if known else None


def _mesh_mm(
    mesh: ExpressionMesh,
    face: BoolArray,
    measured: tuple[FloatArray, FloatArray],
    true: tuple[FloatArray, FloatArray],
) -> float:
    """RMS distance over the face's vertices and the frames, a block of frames at a time."""
    total, n_frames = 0.0, len(true[0])
    for start in range(0, n_frames, 32):
        part = slice(start, start + 32)
        a = mesh.vertices(measured[0][part], measured[1][part])[:, face]
        b = mesh.vertices(true[0][part], true[1][part])[:, face]
        total += float(((a - b) ** 2).sum())
    return float(1e3 * np.sqrt(total / max(1, n_frames * int(face.sum()))))
