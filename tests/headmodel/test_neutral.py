"""Heads at rest are shaped as their coefficients say; where a head stands is no difference."""

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.part_meshes import differences_mm, neutral_vertices, seen_vertices


def test_a_shape_moves_the_vertices_along_its_directions(tiny_head: HeadModel) -> None:
    expected = tiny_head.v_template + 2.0 * tiny_head.shapedirs[:, :, 1]
    np.testing.assert_allclose(neutral_vertices(tiny_head, np.array([0.0, 2.0])), expected)


def test_a_head_that_is_only_turned_and_moved_does_not_differ(tiny_head: HeadModel) -> None:
    seen = seen_vertices(tiny_head)
    turn = Rotation.from_rotvec([0.3, -0.2, 0.5])
    moved = turn.apply(tiny_head.v_template) + np.array([0.1, 0.0, -0.4])
    np.testing.assert_allclose(differences_mm(tiny_head.v_template, moved, seen), 0.0, atol=1e-9)


def test_a_bump_is_as_high_as_it_is(tiny_head: HeadModel) -> None:
    seen = seen_vertices(tiny_head)
    bump = int(np.flatnonzero(~seen)[0])
    grown = tiny_head.v_template.copy()
    grown[bump] += [0.0, 0.003, 0.004]
    apart = differences_mm(tiny_head.v_template, grown, seen)
    np.testing.assert_allclose(apart[bump], 5.0)
    np.testing.assert_allclose(np.delete(apart, bump), 0.0, atol=1e-9)


def test_seen_is_what_lies_near_a_landmark(tiny_head: HeadModel) -> None:
    seen = seen_vertices(tiny_head)
    front = tiny_head.v_template[:, 2] > 0.05
    assert seen[front].all()
    assert not seen[tiny_head.v_template[:, 2] < 0.0].any()
    assert seen_vertices(replace(tiny_head, landmarks=None)).all()
