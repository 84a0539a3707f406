"""Errors of the optical flow: each landmark's own, and those of the two sides against each other.

A landmark's own error has the variance `flow_noise`^2 / c, c its mean certainty. Light from one
side makes shades that move over the skin with its bulges, and what follows them is off by the same
over a whole cheek, on one side more than on the other. So a smooth field of errors is added that is
its own mirror image with the opposite sign: with positions p and M p their mirror images,

    cov y(p) y(q) = s^2 (k(p, q) - k(p, M q)),   cov x(p) x(q) = s^2 (k(p, q) + k(p, M q)),
    k(p, q) = exp(-|p - q|^2 / 2 l^2).

What both sides do alike is told by the flow, how they differ more by the landmarks. The model is
this project's own.
"""

from __future__ import annotations

import torch
from torch import Tensor

from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.symmetry import mirror_partners

SIDES_NOISE_M = 0.002
"""s: deviation of what errs on one side against the other, far from the middle."""
SIDES_REACH_M = 0.015
"""l: how far such an error goes."""
LEAST_CERTAINTY = 0.01
"""Mean certainty of a landmark below which it counts as this."""


def flow_covariances(
    head: LandmarkHead, certainty: Tensor, flow_noise: float
) -> tuple[Tensor, Tensor]:
    """(K, K) covariances of the flow's errors along x, and along y, m^2.

    Of a head whose landmarks are not placed in pairs each landmark errs by itself.

    Args:
        head: The head at its K landmarks, symmetric if it can be.
        certainty: (K,) mean certainty of the flow over the recording, 0..1.
        flow_noise: Deviation where the flow is sure, m.
    """
    own = torch.diag(flow_noise**2 / certainty.clamp_min(LEAST_CERTAINTY))
    partner = mirror_partners(head)
    if partner is None:
        return own, own
    points = head.mean_points.mT
    near = torch.exp(-0.5 * (torch.cdist(points, points) / SIDES_REACH_M).square())
    across = near[:, partner]
    field = SIDES_NOISE_M**2
    return own + field * (near + across), own + field * (near - across)
