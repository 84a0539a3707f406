"""Fitter: what all fits of a head have in common, its landmarks, their whitening, the priors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from facedyn_app.device import choose_device
from facedyn_app.fit_settings import FitSettings
from facedyn_app.fitting.arrow import solve_arrow
from facedyn_app.fitting.landmark_errors import known_errors, landmark_head
from facedyn_app.fitting.landmark_head import LandmarkHead, camera_slope
from facedyn_app.fitting.priors import motion_precision, temporal_prior, usual_steps
from facedyn_app.fitting.residuals import FaceProblem
from facedyn_app.fitting.shape_evidence import ShapeEvidence, shape_evidence
from facedyn_app.fitting.state import FaceState, initial_state, observe
from facedyn_app.fitting.symmetry import symmetric
from facedyn_app.fitting.whitening import Whitening, make_whitening
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import Landmarks

POSE_ITERATIONS = 4
"""With them the pose of some frames is known to a degree."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitter:
    """A head, ready to be fitted.

    Attributes:
        names: The E names of the expression coefficients.
        head: The head at its landmarks, shape and session modes unknown.
        whitening: Of that head.
        settings: Noise, priors, limits.
        activations: Whether expression coefficients are bounded (residuals.py).
        precision: (3 + E, 3 + E) of the prior of jaw and expression (priors.py).
        evidence: With which the shape is estimated.
    """

    names: tuple[str, ...]
    head: LandmarkHead
    whitening: Whitening
    settings: FitSettings
    activations: bool
    precision: Tensor
    evidence: ShapeEvidence

    def problem(
        self, head: LandmarkHead, landmarks: Landmarks, steps: Tensor | None = None
    ) -> tuple[FaceProblem, FaceState]:
        """The problem of frames that all have the same shape, and where to start.

        Args:
            head: The fitter's head, or that with its shared unknowns known.
            landmarks: Landmarks of the T frames to fit, which all have a face.
            steps: Usual steps between frames in order (priors.py); None for frames that are
                not coupled in time.
        """
        seen = observe(head, landmarks, self.settings)
        start = initial_state(head, seen, head.weight.new_zeros(1, head.n_shared))
        group = torch.zeros(len(landmarks.seconds), dtype=torch.int64, device=seen.points.device)
        temporal = None
        if steps is not None:
            seconds = torch.as_tensor(landmarks.seconds, dtype=torch.float64, device=steps.device)
            temporal = temporal_prior(seconds, steps, self.names)
        problem = FaceProblem(
            self.head,
            self.whitening,
            seen,
            group,
            self.settings,
            self.activations,
            self.precision,
            temporal,
        )
        return problem.of(head), start

    def seen_as_in(self, landmarks: Landmarks) -> Fitter:
        """The fitter whose head is seen from the side that it is mostly seen from in some frames.

        Args:
            landmarks: Landmarks of T frames, which all have a face.
        """
        if not self.head.expression_by_slope.any():
            return self
        problem, start = self.shape_problem(landmarks)
        state = solve_arrow(
            problem, start, max_iterations=POSE_ITERATIONS, tolerance=self.settings.tolerance
        ).state
        slope = camera_slope(problem.seen.line_of_sight_rotation @ state.rotation).quantile(0.5)
        return replace(self, head=self.head.seen_from(slope))

    def shape_problem(self, landmarks: Landmarks) -> tuple[FaceProblem, FaceState]:
        """The problem of the shape of some frames, and where to start.

        Args:
            landmarks: Landmarks of the T frames, which all have a face.
        """
        problem, start = self.problem(self.head, landmarks)
        return self.evidence.of(problem), start

    def steps(self, sample: FaceState | None = None) -> Tensor:
        """(n,) usual steps between frames of a face, seen in frames spread over a recording."""
        if sample is None:
            unknown = self.head.weight.new_full((3 + self.head.n_expression,), torch.inf)
            return usual_steps(self.settings, unknown[:3], unknown[3:])
        return usual_steps(self.settings, sample.jaw.std(dim=0), sample.expression.std(dim=0))


def make_fitter(head: HeadModel, settings: FitSettings, device: str) -> Fitter:
    """Get a head ready to be fitted.

    Args:
        head: The head, its landmarks placed.
        settings: Noise, priors, limits.
        device: "auto", "cpu" or "cuda".

    Raises:
        InputError: The head has no landmark table, or the device is not there.
    """
    place = choose_device(device)
    settings = settings if head.activations else _for_coefficients(settings)
    small = symmetric(landmark_head(head, settings, errors=known_errors(head), device=place))
    precision = motion_precision(
        head.expression_names, settings, activations=head.activations, like=small.weight
    )
    whitening = make_whitening(small, settings)
    evidence = shape_evidence(small, precision, settings)
    return Fitter(
        head.expression_names, small, whitening, settings, head.activations, precision, evidence
    )


def _for_coefficients(settings: FitSettings) -> FitSettings:
    """The settings in the unit of a head whose expression coefficients are no activations."""
    scale = settings.coefficient_sd / settings.expression_sd
    return replace(
        settings,
        expression_sd=settings.coefficient_sd,
        expression_step=scale * settings.expression_step,
    )
