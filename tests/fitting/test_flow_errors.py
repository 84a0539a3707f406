"""Errors of the optical flow: what both sides err by alike is told apart from what they do not."""

from __future__ import annotations

import pytest
import torch

from facedyn_app.fitting.flow_errors import SIDES_NOISE_M, flow_covariances
from facedyn_app.fitting.landmark_errors import landmark_head
from facedyn_app.fitting.landmark_head import LandmarkHead
from facedyn_app.fitting.symmetry import mirror_partners, symmetric
from facedyn_app.fitting.whitening import CovarianceFactor
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.model import HeadModel

NOISE = 0.001


@pytest.fixture(scope="module")
def head() -> LandmarkHead:
    return symmetric(landmark_head(load_head("open-head-1"), device=torch.device("cpu")))


def test_the_sides_against_each_other_are_less_sure_than_together(head: LandmarkHead) -> None:
    partner = mirror_partners(head)
    assert partner is not None
    x, y = flow_covariances(head, torch.full_like(head.weight, 0.25), NOISE)
    own = NOISE**2 / 0.25
    cheek = int(head.mean_points[0].argmax())  # far from the middle, where k(p, M p) is 0
    other = int(partner[cheek])
    assert cheek != other
    for covariance, sign in ((x, 1.0), (y, -1.0)):
        pair = torch.tensor([cheek, other])
        block = covariance[pair[:, None], pair]
        # mirrored motion goes to opposite sides along x and to the same along y
        alike, unlike = torch.tensor([1.0, -sign]), torch.tensor([1.0, sign])
        assert float(alike @ block @ alike) == pytest.approx(2 * own, rel=1e-3)
        wanted = 2 * own + 4 * SIDES_NOISE_M**2
        assert float(unlike @ block @ unlike) == pytest.approx(wanted, rel=1e-3)
        assert float(torch.linalg.eigvalsh(covariance.double())[0]) > 0.9 * own


def test_mirrored_certainties_have_mirrored_errors(head: LandmarkHead) -> None:
    partner = mirror_partners(head)
    assert partner is not None
    certainty = torch.rand(len(head.weight), generator=torch.Generator().manual_seed(3))
    one = flow_covariances(head, certainty, NOISE)
    other = flow_covariances(head, certainty[partner], NOISE)
    for covariance, mirrored in zip(one, other, strict=True):
        mirror_image = covariance[partner[:, None], partner]
        torch.testing.assert_close(mirror_image, mirrored, rtol=1e-4, atol=1e-12)


def test_landmarks_without_counterparts_err_by_themselves(face_head: HeadModel) -> None:
    head = landmark_head(face_head, device=torch.device("cpu"))
    assert mirror_partners(head) is None
    for covariance in flow_covariances(head, torch.full_like(head.weight, 0.5), NOISE):
        torch.testing.assert_close(covariance, torch.diag(torch.full_like(head.weight, 2e-6)))


def test_blocks_that_err_independently_are_factored_each_by_itself() -> None:
    generator = torch.Generator().manual_seed(5)
    blocks = (torch.tensor([0, 2, 5]), torch.tensor([1, 3]), torch.tensor([4]))
    covariance = torch.zeros(6, 6, dtype=torch.float64)
    for rows in blocks:
        root = torch.randn(len(rows), 8, dtype=torch.float64, generator=generator)
        covariance[rows[:, None], rows] = root @ root.mT
    right = torch.randn(6, 4, dtype=torch.float64, generator=generator)
    factor = CovarianceFactor.of(covariance, *blocks)
    white = factor.solve(right)
    inverse = torch.linalg.inv(covariance)
    torch.testing.assert_close(white.mT @ white, right.mT @ inverse @ right)
    torch.testing.assert_close(factor.solve_transposed(white), inverse @ right)
    whole = CovarianceFactor.of(covariance)
    torch.testing.assert_close(whole.solve_transposed(whole.solve(right)), inverse @ right)
