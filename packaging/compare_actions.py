"""Compare the open head's actions, as they were sculpted, with another head's of the same names.

    python packaging/compare_actions.py ict_facekit_light.npz

prints, for each action of the mouth, how far the landmarks' displacements agree (cosine), before
and after, and the weights of `open_head/actions.py`, of which it is the source.
"""

from __future__ import annotations

import argparse

import numpy as np

from facedyn_app.fitting.landmark_head import FIRST_IRIS
from facedyn_app.headmodel.landmark_positions import landmark_positions, placed_landmarks
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.progress import ignore
from facedyn_app.records import FloatArray
from facedyn_app.topology import mirror_name
from facedyn_app.workflows.heads import ready_head
from open_head.actions import LEAST_WEIGHT, RIDGE

AS_SCULPTED = "open-head-1"
OUTER_CORNERS = (33, 263)


def displacements(head: HeadModel) -> tuple[list[int], FloatArray]:
    """The K numbers and (K, 3, E) displacements of the landmarks, shares of the eyes' distance.

    Raises:
        ValueError: The head's landmarks are not placed.
    """
    table, n = placed_landmarks(head), head.n_expression
    used = np.flatnonzero((table.weight > 0) & (table.index < FIRST_IRIS))
    each = np.eye(n + 1, n, k=-1)  # none, then each action by itself
    at_rest, *by_action = landmark_positions(
        head, used, np.zeros(head.n_shape), each, np.zeros((n + 1, 3))
    )
    numbers = [int(number) for number in table.index[used]]
    left, right = (at_rest[numbers.index(corner)] for corner in OUTER_CORNERS)
    moved = np.stack(by_action, axis=2) - at_rest[:, :, None]
    return numbers, np.asarray(moved / np.linalg.norm(left - right), np.float64)


def fitted_weights(own: FloatArray, other: FloatArray, column: int) -> FloatArray:
    """(A,) weights of A actions that come nearest to another's displacement.

    Args:
        own: (N, A) displacements by each action.
        other: (N,) those to come near.
        column: The action of that name.
    """
    square = own.T @ own
    ridge = RIDGE * np.diag(np.diag(square))
    towards = np.eye(own.shape[1])[column]
    return np.asarray(np.linalg.solve(square + ridge, own.T @ other + ridge @ towards))


def agreement(a: FloatArray, b: FloatArray) -> float:
    """Cosine of two displacements."""
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("head", help="the other head, with ARKit's names")
    arguments = parser.parse_args()
    own, other = (ready_head(name, ignore) for name in (AS_SCULPTED, arguments.head))
    (numbers, mine), (others, theirs) = displacements(own), displacements(other)
    both = sorted(set(numbers) & set(others))
    names = [
        name
        for name in own.expression_names
        if name.startswith("mouth") and name in other.expression_names
    ]
    flat = {}
    for key, head, rows, moved in (
        ("own", own, [numbers.index(i) for i in both], mine),
        ("other", other, [others.index(i) for i in both], theirs),
    ):
        columns = [head.expression_names.index(name) for name in names]
        flat[key] = moved[rows][:, :, columns].reshape(-1, len(names))
    weights = np.stack(
        [fitted_weights(flat["own"], flat["other"][:, i], i) for i in range(len(names))], axis=1
    )
    swapped = [names.index(mirror_name(name)) for name in names]
    weights = (weights + weights[np.ix_(swapped, swapped)]) / 2
    weights = np.where(np.abs(weights) >= LEAST_WEIGHT, weights.round(2), 0.0)
    for column, name in enumerate(names):
        target, as_it_was = flat["other"][:, column], flat["own"][:, column]
        made = flat["own"] @ weights[:, column]
        size = np.linalg.norm(as_it_was) / np.linalg.norm(target)
        parts = {names[i]: float(weights[i, column]) for i in np.flatnonzero(weights[:, column])}
        print(
            f"{name}: cosine {agreement(as_it_was, target):.2f}, size {size:.2f} of the other's, "
            f"made anew {agreement(made, target):.2f}; {parts}"
        )


if __name__ == "__main__":
    main()
