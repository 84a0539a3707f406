"""Alignment of the head with the pictures themselves, beside what the landmarks say.

A point of the skin keeps its contrast (contrast.py) as the face moves: the optical flow constraint,
put on the head's own unknowns (DeCarlo and Metaxas 2000, Optical flow constraints on deformable
models with applications to face tracking; Lucas and Kanade 1981, An iterative image registration
technique). With I_t(v) the contrast where the head in frame t has its point v, and A(v) the
person's own, of frames at rest, the cost of the fit to the landmarks (residuals.py) has one more
term,

    sum_t,v area(v) / (INDEPENDENT_MM2 noise_t^2) rho(I_t(v) - A(v)),

rho Huber's (1981, Robust Statistics): landmarks and priors tell what the skin leaves open. noise_t
is `NOISE` or, where that is more, the root mean square over the face, so that a frame that looks
otherwise altogether, in other light or covered, counts less. The weights are this project's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import roma
import torch
from torch import Tensor

from facedyn_app.fitting.arrow import Curvature, NormalEquations, solve_arrow
from facedyn_app.fitting.contrast import ContrastPictures
from facedyn_app.fitting.residuals import Evaluation, FaceProblem
from facedyn_app.fitting.state import FaceState
from facedyn_app.fitting.surface_points import SurfacePoints
from facedyn_app.fitting.view import to_head

NOISE = 0.4
"""Deviation of the contrast of one point of the skin between pictures of a face."""
INDEPENDENT_MM2 = 25.0
"""Area of skin whose contrast errs together."""
TAIL = 0.5
"""Difference of the contrast from which on it counts less."""
MOST_STEPS, TOLERANCE = 2, 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class AlignmentProblem:
    """Landmarks and pictures of T frames, as a problem of arrow.py.

    Attributes:
        face: The frames' problem with the landmarks, its shape known.
        points: Of the skin.
        pictures: The frames.
        appearance: (V,) the person's own contrast at the points.
        weight: (T, V) of each point, over the square of its noise.
    """

    face: FaceProblem
    points: SurfacePoints
    pictures: ContrastPictures
    appearance: Tensor
    weight: Tensor

    @property
    def group(self) -> Tensor:
        """(T,) the one group of all frames."""
        return self.face.group

    def evaluate(self, state: FaceState) -> Alignment:
        """Landmarks and skin at a state."""
        landmarks = self.face.evaluate(state)
        view = see(self.points, self.face.seen.focal_px, self.pictures, state)
        rest = view.contrast - self.appearance
        size = rest.abs()
        robust = torch.where(size < TAIL, 0.5 * rest.square(), TAIL * (size - 0.5 * TAIL))
        cost = landmarks.cost + (self.weight * robust).sum().double()
        return Alignment(landmarks, rest, view, self.points, cost)

    def curvature(self, evaluation: Alignment) -> Curvature:
        """The landmarks' and, of the skin, Gauss-Newton's second derivatives."""
        own, J = self.face.curvature(evaluation.landmarks), evaluation.derivatives
        weight = self.weight * _huber(evaluation.rest)
        return replace(own, H_ff=own.H_ff + J.mT @ (weight[..., None] * J))

    def linearise(self, evaluation: Alignment, curvature: Curvature) -> NormalEquations:
        """The normal equations at a state."""
        equations = self.face.linearise(evaluation.landmarks, curvature)
        pull = self.weight * _huber(evaluation.rest) * evaluation.rest
        slope = (evaluation.derivatives.mT @ pull[..., None]).squeeze(2)
        return replace(equations, g_f=equations.g_f + slope)

    def retract(self, state: FaceState, step_f: Tensor, step_s: Tensor) -> FaceState:
        """The state after a step."""
        return self.face.retract(state, step_f, step_s)


@dataclass(frozen=True, eq=False)
class Alignment:
    """What landmarks and pictures say at a state, and the cost.

    Attributes:
        landmarks: The landmarks.
        rest: (T, V) contrast of the skin less the person's own.
        view: The skin.
        points: Its points.
        cost: The whole cost.
    """

    landmarks: Evaluation
    rest: Tensor
    view: SkinView
    points: SurfacePoints
    cost: Tensor

    @cached_property
    def derivatives(self) -> Tensor:
        """(T, V, 9 + E) of the contrast by the unknowns."""
        return self.view.derivatives(self.points)


@dataclass(frozen=True, slots=True, eq=False)
class SkinView:
    """Points of the skin in T pictures.

    Attributes:
        state: Of the frames.
        places: (T, V, 3) in the head frame, m.
        contrast: (T, V) where the pictures show them.
        along: (T, V, 3) how the contrast changes with their places, head frame, 1/m.
        along_camera: (T, V, 3) the same in the camera frame.
    """

    state: FaceState
    places: Tensor
    contrast: Tensor
    along: Tensor
    along_camera: Tensor

    def derivatives(self, points: SurfacePoints) -> Tensor:
        """(T, V, 9 + E) of the contrast by the unknowns of each frame."""
        state, along = self.state, self.along
        jaw = points.along_jaw(state.expression, state.jaw, self.places, along)
        R = roma.rotvec_to_rotmat(state.jaw)
        # with the expression a point moves as the jaw has turned it
        share = points.jaw_weight[:, None]
        turned = (1.0 - share) * along + share * (along @ R)
        by_expression = (turned.transpose(0, 1) @ points.directions).transpose(0, 1)
        turn = torch.linalg.cross(self.places, along, dim=2)
        return torch.cat([turn, self.along_camera, jaw, by_expression], dim=2)


def see(
    points: SurfacePoints, focal_px: float, pictures: ContrastPictures, state: FaceState
) -> SkinView:
    """The skin in T pictures at a state."""
    places = points.places(state.expression, state.jaw)
    to_camera = to_head(state).mT
    camera = places @ to_camera.mT + state.translation[:, None]
    x, y, z = camera.unbind(2)
    read, slope = pictures.read(focal_px * camera[..., :2] / z[..., None])
    across, down = (focal_px * slope / z[..., None]).unbind(2)
    along_camera = torch.stack([across, down, -(across * x + down * y) / z], dim=2)
    return SkinView(state, places, read, along_camera @ to_camera, along_camera)


def align(
    face: FaceProblem,
    state: FaceState,
    points: SurfacePoints,
    pictures: Iterable[ContrastPictures],
    appearances: Sequence[Tensor],
) -> FaceState:
    """Frames aligned with their pictures, from coarse to fine.

    Args:
        face: The frames' problem with the landmarks, its shape known.
        state: The fit to the landmarks.
        points: Of the skin.
        pictures: The frames at each fineness.
        appearances: (V,) the person's own contrast at each.
    """
    for shown, appearance in zip(pictures, appearances, strict=True):
        state = _aligned(face, state, points, shown, appearance)
    return state


def align_reference(
    face: FaceProblem,
    state: FaceState,
    points: SurfacePoints,
    pictures: Sequence[ContrastPictures],
) -> list[Tensor]:
    """The person's own contrast at each fineness: medians over frames aligned with each other.

    Args:
        face: Problem of the frames with the landmarks, its shape known.
        state: The fit to the landmarks.
        points: Of the skin.
        pictures: The frames at each fineness.
    """
    focal_px = face.seen.focal_px

    def usual(shown: ContrastPictures) -> Tensor:
        return see(points, focal_px, shown, state).contrast.median(dim=0).values

    for shown in pictures:
        state = _aligned(face, state, points, shown, usual(shown))
    return [usual(shown) for shown in pictures]


def _aligned(
    face: FaceProblem,
    start: FaceState,
    points: SurfacePoints,
    pictures: ContrastPictures,
    appearance: Tensor,
) -> FaceState:
    area = points.area / points.area.sum()
    rest = see(points, face.seen.focal_px, pictures, start).contrast - appearance
    noise2 = (rest.square() @ area).clamp_min(NOISE**2)
    weight = points.area / (INDEPENDENT_MM2 * noise2[:, None])
    problem = AlignmentProblem(face, points, pictures, appearance, weight)
    solved = solve_arrow(problem, start, max_iterations=MOST_STEPS, tolerance=TOLERANCE)
    return solved.state


def _huber(rest: Tensor) -> Tensor:
    """Huber's weights."""
    return (TAIL / rest.abs()).clamp_max(1.0)
