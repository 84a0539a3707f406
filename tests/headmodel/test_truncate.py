"""Fewer directions mean the same coefficients, only not all of them."""

import numpy as np
import pytest

from facedyn_app.errors import MismatchError
from facedyn_app.headmodel.model import HeadModel, truncate


def test_the_leading_directions_are_kept(tiny_head: HeadModel) -> None:
    small = truncate(tiny_head, n_shape=2, n_expression=1)
    np.testing.assert_array_equal(small.shapedirs, tiny_head.shapedirs[:, :, :2])
    np.testing.assert_array_equal(small.exprdirs, tiny_head.exprdirs[:, :, :1])
    assert (small.n_shape, small.n_expression) == (2, 1)
    assert small.expression_names == ("eyeBlinkLeft",)
    assert small.head_id == tiny_head.head_id


def test_zero_means_all(tiny_head: HeadModel) -> None:
    same = truncate(tiny_head)
    assert (same.n_shape, same.n_expression) == (3, 4)
    assert same.expression_names == tiny_head.expression_names
    assert truncate(tiny_head, n_expression=2).n_shape == 3


@pytest.mark.parametrize(("n_shape", "n_expression"), [(4, 0), (0, 5), (-1, 0)])
def test_more_than_there_are_is_refused(
    tiny_head: HeadModel, n_shape: int, n_expression: int
) -> None:
    with pytest.raises(MismatchError, match="'tiny-head' has"):
        truncate(tiny_head, n_shape, n_expression)
