"""The block-tridiagonal solve against a dense one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from facedyn_app.fitting.chain import chain_product, chain_solve, reduce_chain


def _dense(blocks: torch.Tensor, coupling: torch.Tensor) -> torch.Tensor:
    T, n, _ = blocks.shape
    A = torch.zeros(T * n, T * n, dtype=blocks.dtype)
    for t in range(T):
        A[t * n : (t + 1) * n, t * n : (t + 1) * n] = blocks[t]
    for t in range(T - 1):
        here, there = slice(t * n, (t + 1) * n), slice((t + 1) * n, (t + 2) * n)
        A[here, there] = A[there, here] = -torch.diag(coupling[t])
    return A


@pytest.mark.parametrize("n_frames", [1, 2, 3, 4, 7, 12, 33])
def test_it_equals_the_dense_solve(n_frames: int) -> None:
    generator = torch.Generator().manual_seed(n_frames)
    root = torch.randn(n_frames, 4, 4, generator=generator).double()
    coupling = torch.rand(n_frames - 1, 4, generator=generator).double()
    blocks = root @ root.mT + 2.5 * torch.eye(4)
    right = torch.randn(n_frames, 4, 2, generator=generator).double()
    A = _dense(blocks, coupling)
    expected = torch.linalg.solve(A, right.flatten(0, 1))
    for way in (chain_solve, reduce_chain):
        solved = way(blocks, coupling, right)
        assert solved is not None
        assert solved.flatten(0, 1) == pytest.approx(expected, abs=1e-10)
    values = right[..., 0]
    off_diagonal = A - _dense(blocks, torch.zeros_like(coupling))
    expected = off_diagonal @ values.flatten()
    assert chain_product(coupling, values).flatten() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("way", [chain_solve, reduce_chain])
def test_an_indefinite_system_is_refused(
    way: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor | None],
) -> None:
    blocks = torch.eye(2).double().repeat(5, 1, 1)
    assert way(blocks, torch.full((4, 2), 0.9).double(), torch.ones(5, 2, 1).double()) is None
