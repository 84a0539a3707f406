"""Supervised contrastive loss (Khosla et al. 2020, arXiv 2004.11362, equation 2)."""

from __future__ import annotations

import torch
from torch import Tensor


def supervised_contrastive_loss(vectors: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """Mean over anchors of the mean over their positives, outside the logarithm.

    loss_i = -1 / |P(i)| sum over p in P(i) of
             log(exp(z_i . z_p / tau) / sum over a != i of exp(z_i . z_a / tau)),
    P(i) the others with the anchor's label; an anchor without any is skipped.

    Args:
        vectors: (B, D) of length 1.
        labels: (B,) integers.
        temperature: tau.

    Returns:
        The loss; 0 (with a gradient of 0) when no anchor has a positive.
    """
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    positive = (labels[:, None] == labels[None, :]) & ~itself
    logits = (vectors @ vectors.T / temperature).masked_fill(itself, -torch.inf)
    log_share = logits - torch.logsumexp(logits, dim=1, keepdim=True)
    n_positive = positive.sum(dim=1)
    of_anchor = log_share.masked_fill(~positive, 0.0).sum(dim=1) / n_positive.clamp(min=1)
    anchors = n_positive > 0
    return -(of_anchor * anchors).sum() / anchors.sum().clamp(min=1)
