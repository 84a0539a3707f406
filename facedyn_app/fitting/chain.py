"""Block-tridiagonal solver: frames coupled to their neighbours, without a loop over them.

Block cyclic reduction (Hockney 1965; Heller 1976): every second frame is eliminated, all of them
at once, which leaves a system of the same form of half the length; after log2 T rounds one frame
is left, and the others follow backwards. That suits a graphics processor; on an ordinary one the
factor of the whole band is quicker (LAPACK's pbtrf).
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.linalg import LinAlgError, cho_solve_banded, cholesky_banded
from torch import Tensor


def chain_solve(blocks: Tensor, coupling: Tensor, right: Tensor) -> Tensor | None:
    """The solution X (T, n, c) of A X = right.

    A has `blocks` (T, n, n) on its diagonal and `-diag(coupling[t])` between frames t and t + 1.

    Args:
        blocks: (T, n, n) symmetric; what the coupling adds to them is in them already.
        coupling: (T - 1, n).
        right: (T, n, c).

    Returns:
        None where A is not positive definite.
    """
    if blocks.device.type == "cpu":
        return _band_solve(blocks, coupling, right)
    return reduce_chain(blocks, coupling, right)


def chain_product(coupling: Tensor, values: Tensor) -> Tensor:
    """(T, n) what the coupling between neighbours, outside the diagonal blocks, makes of values."""
    product = torch.zeros_like(values)
    product[:-1] -= coupling * values[1:]
    product[1:] -= coupling * values[:-1]
    return product


def reduce_chain(blocks: Tensor, coupling: Tensor, right: Tensor) -> Tensor | None:
    """`chain_solve` by cyclic reduction, on any device."""
    return _reduce(blocks, -torch.diag_embed(coupling), right)


def _band_solve(blocks: Tensor, coupling: Tensor, right: Tensor) -> Tensor | None:
    """`chain_solve` by the Cholesky factor of the band, on the processor."""
    n_frames, n, _ = blocks.shape
    # row n t + j of the band: what lies below the diagonal in this column, which is what stands
    # behind it in its row of the upper triangle, and n further down the coupling
    upper = blocks.new_zeros((n_frames * n + 1) * n + 1)
    torch.triu(blocks, out=upper[: n_frames * n * n].view_as(blocks))
    band = upper.as_strided((n_frames, n, n + 1), (n * n, n + 1, 1)).contiguous()
    band[:, -1, 1:] = 0.0
    band[:-1, :, n] = -coupling
    band[-1, :, n] = 0.0
    try:
        factor = cholesky_banded(
            band.view(-1, n + 1).numpy().T, overwrite_ab=True, lower=True, check_finite=False
        )
    except LinAlgError:
        return None
    solved = cho_solve_banded((factor, True), right.flatten(0, 1).numpy(), check_finite=False)
    return torch.as_tensor(np.ascontiguousarray(solved)).view_as(right)


def _reduce(D: Tensor, U: Tensor, B: Tensor) -> Tensor | None:
    """Solve with dense blocks U (T - 1, n, n) above the diagonal and their transposes below."""
    n_odd = len(D) // 2
    if n_odd == 0:
        factor, failed = torch.linalg.cholesky_ex(D)
        return None if bool(failed.any()) else torch.cholesky_solve(B, factor)
    factor, failed = torch.linalg.cholesky_ex(D[1::2])
    if bool(failed.any()):
        return None
    to_left, to_right = U[0::2], U[1::2]  # of each odd frame; the last may have no right neighbour
    n_right, n = len(to_right), D.shape[1]
    padded = torch.cat([to_right, U.new_zeros(n_odd - n_right, n, n)])
    solved = torch.cholesky_solve(torch.cat([to_left.mT, padded, B[1::2]], dim=2), factor)
    left, right, known = solved[..., :n], solved[:n_right, :, n : 2 * n], solved[..., 2 * n :]
    even, target = D[0::2].clone(), B[0::2].clone()
    even[:n_odd] -= to_left @ left
    target[:n_odd] -= to_left @ known
    even[1 : n_right + 1] -= to_right.mT @ right
    target[1 : n_right + 1] -= to_right.mT @ known[:n_right]
    half = _reduce(even, -(to_left[:n_right] @ right), target)
    if half is None:
        return None
    known = known - left @ half[:n_odd]
    known[:n_right] -= right @ half[1 : n_right + 1]
    result = torch.empty_like(B)
    result[0::2], result[1::2] = half, known
    return result
