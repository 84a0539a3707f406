"""Positions of landmarks on a posed head, computed on the vertices that they need alone."""

from __future__ import annotations

import numpy as np
import torch

from facedyn_app.headmodel.forward import head_to_tensors, head_vertices
from facedyn_app.headmodel.model import HeadModel, LandmarkEmbedding
from facedyn_app.records import FloatArray, IntArray

BLOCK_FRAMES = 2000
"""Frames computed at once, so that memory does not grow with the recording."""


def placed_landmarks(head: HeadModel) -> LandmarkEmbedding:
    """The landmarks of a head.

    Raises:
        ValueError: They have not been placed.
    """
    if head.landmarks is None:
        raise ValueError("the head's landmarks must have been placed")
    return head.landmarks


def landmark_positions(
    head: HeadModel, rows: IntArray, shape: FloatArray, expression: FloatArray, jaw: FloatArray
) -> FloatArray:
    """(T, R, 3) float32 where landmarks sit on the posed head, in the head frame, m.

    Args:
        head: The head, its landmarks placed.
        rows: (R,) rows of its landmark table.
        shape: (S,) coefficients.
        expression: (T, E) coefficients.
        jaw: (T, 3) rotation vectors, rad.

    Raises:
        ValueError: The head's landmarks have not been placed.
    """
    table = placed_landmarks(head)
    corners = head_to_tensors(head).subset(np.asarray(head.faces)[table.face[rows]].ravel())
    bary = torch.as_tensor(np.asarray(table.bary[rows]), dtype=torch.float32)
    one_shape = torch.as_tensor(np.asarray(shape), dtype=torch.float32)
    places = np.empty((len(jaw), len(rows), 3), np.float32)
    for first in range(0, len(jaw), BLOCK_FRAMES):
        part = slice(first, min(first + BLOCK_FRAMES, len(jaw)))
        n_frames = part.stop - first
        pose = torch.zeros(n_frames, len(head.joint_names), 3)
        pose[:, head.jaw_joint] = torch.as_tensor(np.asarray(jaw[part]), dtype=torch.float32)
        moved = torch.as_tensor(np.asarray(expression[part]), dtype=torch.float32)
        vertices = head_vertices(corners, one_shape.expand(n_frames, -1), moved, pose)
        placed = torch.einsum("lk,nlkd->nld", bary, vertices.view(n_frames, -1, 3, 3))
        places[part] = placed.numpy()
    return places
