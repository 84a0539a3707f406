"""Gauss-Newton's second derivatives of frames whose derivatives are mixes of a few views.

With J_t = sum_v a_tv C_v for the expression and the shared unknowns the products are

    J_t^T J_t = sum_{v <= w} a_tv a_tw Q_vw,   Q_vw = C_v^T C_w + C_w^T C_v  (once where v = w):

the views' products are made once, and what is left for a frame is to mix them.
"""

from __future__ import annotations

import torch
from torch import Tensor


def mixed_squares(left: Tensor, right: Tensor) -> Tensor:
    """(P, a, b) products Q of the P pairs of V views, (V, r, a) and (V, r, b)."""
    products = left.mT[:, None] @ right[None]
    both = products + products.transpose(0, 1)
    first, second = _pairs(len(left), left.device)
    half = torch.where(first == second, 0.5, 1.0).to(left)
    return both[first, second] * half[:, None, None]


def frame_curvature(squares: Tensor, shares: Tensor) -> Tensor:
    """(T, a, b) of frames from (P, a, b) and the views' shares in them, (T, V)."""
    return (_pair_shares(shares) @ squares.flatten(1)).view(len(shares), *squares.shape[1:])


def shared_curvature(squares: Tensor, shares: Tensor, group: Tensor, n_groups: int) -> Tensor:
    """(G, a, b) the same, summed over the frames of each group."""
    pairs = _pair_shares(shares)
    total = pairs.new_zeros(n_groups, pairs.shape[1]).index_add_(0, group, pairs)
    return (total @ squares.flatten(1)).view(n_groups, *squares.shape[1:])


def _pair_shares(shares: Tensor) -> Tensor:
    first, second = _pairs(shares.shape[1], shares.device)
    return shares[:, first] * shares[:, second]


def _pairs(n_views: int, device: torch.device) -> tuple[Tensor, Tensor]:
    first, second = torch.triu_indices(n_views, n_views, device=device)
    return first, second
