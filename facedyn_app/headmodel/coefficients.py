"""A session's coefficients on its own head: are they made for each other, and how they fit."""

from __future__ import annotations

import numpy as np

from facedyn_app.errors import MismatchError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, Session


def check_head_of(session: Session, head: HeadModel) -> None:
    """Make sure that a session was fitted with this very head.

    A session that uses only the leading directions of a head is one of it.

    Raises:
        MismatchError: It was fitted with another head, or with another file of the same name;
            the sentence names both.
    """
    if session.head_id != head.head_id:
        raise MismatchError(
            f"The session was fitted with the head '{session.head_id}', not with '{head.head_id}'.",
            f"Use the head '{session.head_id}'.",
        )
    made_with = session.meta.get("head_sha256")
    if made_with and head.sha256 and made_with != head.sha256:
        raise MismatchError(
            f"The session was fitted with another file of the head '{head.head_id}': its sha256 "
            f"begins with {str(made_with)[:8]}, this one's with {head.sha256[:8]}.",
            "Fit the face again, or use the file it was fitted with.",
        )
    names = session.expression_names
    if names != head.expression_names[: len(names)] or len(session.shape) > head.n_shape:
        raise MismatchError(
            f"The session has {len(session.shape)} shapes and {len(names)} expressions that the "
            f"head '{head.head_id}' ({head.n_shape} and {head.n_expression}) does not have.",
            "Fit the face again with this head.",
        )


def with_zeros(leading: FloatArray, n: int) -> FloatArray:
    """(..., n) coefficients of which the leading ones (..., k <= n) are given, the rest 0."""
    values = np.asarray(leading)
    missing = [(0, 0)] * (values.ndim - 1) + [(0, n - values.shape[-1])]
    return np.pad(values, missing)
