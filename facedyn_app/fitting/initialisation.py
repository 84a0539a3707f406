"""Initialisation of the fit: the mean head placed by a scaled-orthographic camera.

For a face much smaller than its distance, u = s R_12 X + c. The 2 x 4 matrix is the least-squares
solution over the landmarks; its rows, made orthonormal by the singular value decomposition, are
two rows of the rotation, and the scale gives the distance f / s (DeMenthon and Davis 1995, the
first step of POSIT). Closed, batched, and good enough for the solver.
"""

from __future__ import annotations

from dataclasses import replace

import roma
import torch
from torch import Tensor

from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.state import FaceState, Observations


def initial_state(head: LandmarkHead, seen: Observations, shape: Tensor) -> FaceState:
    """A resting face in the pose that explains the landmarks best.

    Args:
        head: The head at its landmarks.
        seen: The observations of T frames.
        shape: (G, S) shapes to start from; the pose is that of the mean head.

    Returns:
        T frames with expression and jaw at rest.
    """
    model = head.mean_points.mT
    weight = head.weight.sqrt()[:, None]
    ones = torch.ones_like(model[:, :1])
    design = torch.cat([model, ones], dim=1) * weight
    target = (seen.points * weight).transpose(0, 1).flatten(1)
    solution = torch.linalg.lstsq(design, target).solution.reshape(4, -1, 2).permute(1, 2, 0)
    linear, centre = solution[..., :3], solution[..., 3]
    U, size, Vh = torch.linalg.svd(linear, full_matrices=False)
    scale = size.mean(dim=1)
    # the image's y points down, the facing pose turns y and z: undo both for the rotation
    first, second = (U @ Vh).unbind(dim=1)
    second = -second
    rotation = torch.stack([first, second, torch.linalg.cross(first, second)], dim=1)
    depth = seen.focal_px / scale
    translation = torch.cat([centre * (depth / seen.focal_px)[:, None], depth[:, None]], dim=1)
    n_frames = len(seen.points)
    return FaceState(
        rotation=rotation,
        translation=translation,
        jaw=model.new_zeros(n_frames, 3),
        expression=model.new_zeros(n_frames, head.n_expression),
        shape=shape,
    )


def interpolated_state(
    start: FaceState, place: Tensor, before: FaceState, fitted: FaceState
) -> FaceState:
    """The start of T frames from fits of frames among them, or far apart around them.

    Jaw and expression lie between the fitted ones'. The pose is the frames' own, corrected by what
    the fits made of the pose that they started from.

    Args:
        start: Of the frames, from `initial_state`.
        place: (T,) where they lie among the N fitted frames, 0..N - 1.
        before: What `initial_state` makes of the fitted frames.
        fitted: Their fit.
    """
    left = place.long().clamp_max(len(before.jaw) - 2)
    share = (place - left).unsqueeze(1).to(start.jaw)

    def between(values: Tensor) -> Tensor:
        return torch.lerp(values[left], values[left + 1], share)

    turn = between(roma.rotmat_to_rotvec(before.rotation.mT @ fitted.rotation))
    return replace(
        start,
        rotation=start.rotation @ roma.rotvec_to_rotmat(turn),
        translation=start.translation + between(fitted.translation - before.translation),
        jaw=between(fitted.jaw),
        expression=between(fitted.expression),
    )
