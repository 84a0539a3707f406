"""A head with only its leading directions: quicker to fit, and less prone to fit noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from facedyn_app.errors import MismatchError
from facedyn_app.headmodel.model import HeadModel


def with_fewer(head: HeadModel, n_shape: int = 0, n_expression: int = 0) -> HeadModel:
    """The same head with its leading shape and expression directions alone.

    It keeps its id and sha256: leading coefficients mean the same on both.

    Args:
        head: The head.
        n_shape: Shape directions to keep; 0 means all.
        n_expression: Expression directions to keep; 0 means all.

    Raises:
        MismatchError: The head has fewer than that.
    """
    return replace(
        head,
        shapedirs=_leading(head, head.shapedirs, n_shape, "shape"),
        exprdirs=_leading(head, head.exprdirs, n_expression, "expression"),
        expression_names=head.expression_names[: n_expression or None],
    )


def _leading(head: HeadModel, directions: np.ndarray, n: int, what: str) -> np.ndarray:
    n_all = directions.shape[2]
    if not 0 <= n <= n_all:
        raise MismatchError(
            f"{n} {what} directions are wanted; the head '{head.head_id}' has {n_all}.",
            "Choose fewer, or 0 for all.",
        )
    return np.ascontiguousarray(directions[:, :, :n]) if n else directions
