"""Teeth, glasses, beard and skin of simulated faces: where they are, and what hides them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from facedyn_app.headmodel.model import REGION_TEETH, HeadModel, rest_joints
from facedyn_app.headmodel.part_meshes import ExpressionMesh
from facedyn_app.headmodel.rendering import regions
from facedyn_app.headmodel.rendering.appearance import (
    Appearance,
    Beard,
    Glasses,
    Skin,
    random_appearance,
    toned_skin,
)
from facedyn_app.headmodel.rendering.paint import carried_parts, landmark_points, paint_head
from facedyn_app.headmodel.rendering.render import Camera, HeadRenderer, Light, side_lit
from facedyn_app.headmodel.rendering.rigid_parts import Surface, on_jaw, on_skull, rigid_part
from facedyn_app.records import ByteArray, FloatArray

CAMERA = Camera(200, 200, 700.0)
AHEAD, PLACE = np.zeros(3), np.array([0.0, -0.02, 0.5])
GREEN = (0, 255, 0)  # nothing else in a picture is green
SMILE = {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8}


@pytest.fixture(scope="module")
def mesh(head: HeadModel) -> ExpressionMesh:
    return ExpressionMesh(head)


def vertices(head: HeadModel, mesh: ExpressionMesh, jaw: float, **actions: float) -> FloatArray:
    expression = np.array([[actions.get(name, 0.0) for name in head.expression_names]])
    return np.asarray(mesh.vertices(expression, np.array([[jaw, 0.0, 0.0]]))[0])


def n_green(image: ByteArray) -> int:
    red, green, blue = np.moveaxis(image.astype(int), -1, 0)
    return int(((green > red + 25) & (green > blue + 25)).sum())


def test_closed_lips_hide_the_teeth_and_parted_ones_show_them(
    head: HeadModel, mesh: ExpressionMesh
) -> None:
    painted = paint_head(head, appearance=Appearance(teeth=GREEN))
    with HeadRenderer(painted, CAMERA) as renderer:

        def seen(jaw: float, **actions: float) -> int:
            return n_green(renderer.render(vertices(head, mesh, jaw, **actions), AHEAD, PLACE))

        assert seen(0.0) == 0
        assert seen(0.0, browInnerUp=1.0, eyeBlinkLeft=1.0) == 0
        assert seen(0.3) > 150
        assert seen(0.06, **SMILE) > 60
        assert seen(0.3) > seen(0.15) > seen(0.08)


def test_a_head_with_teeth_of_its_own_gets_no_others(head: HeadModel) -> None:
    assert head.region is not None
    region = head.region.copy()
    region[0] = REGION_TEETH
    toothed = replace(head, region=region)
    assert carried_parts(toothed, Appearance(teeth=GREEN)) == ()
    assert paint_head(toothed, appearance=Appearance(teeth=GREEN)).colours[0].tolist() == [
        0,
        255,
        0,
    ]


def test_a_head_that_names_nothing_gets_teeth_tongue_and_throat(head: HeadModel) -> None:
    assert len(carried_parts(head, Appearance(teeth=GREEN))) == 2
    assert len(carried_parts(replace(head, region=None), Appearance(teeth=GREEN))) == 4
    assert carried_parts(replace(head, landmarks=None), Appearance(teeth=GREEN)) == ()


def test_a_part_follows_any_turn_of_its_anchors_exactly(head: HeadModel) -> None:
    rng = np.random.default_rng(5)
    rest = np.asarray(head.v_template, dtype=np.float64)
    points = rng.normal(size=(30, 3)) * 0.02 + [0.0, -0.03, 0.1]
    surface = Surface(points, np.array([[0, 1, 2]]), np.zeros((30, 3), dtype=np.uint8))
    part = rigid_part(head, rest, on_skull(head), surface)
    turn, shift = Rotation.from_rotvec([0.4, -0.7, 0.2]).as_matrix(), np.array([0.1, 0.2, 0.9])
    placed, normals = part.placed(rest @ turn.T + shift)
    np.testing.assert_allclose(placed, points @ turn.T + shift, atol=1e-9)
    np.testing.assert_allclose(normals, part.normals @ turn.T, atol=1e-9)


def test_lower_teeth_turn_with_the_jaw_and_keep_still_in_expressions(
    head: HeadModel, mesh: ExpressionMesh
) -> None:
    upper, lower = carried_parts(head, Appearance(teeth=GREEN))
    hinge = rest_joints(head)[head.jaw_joint]
    turn = Rotation.from_rotvec([0.3, 0.0, 0.0]).as_matrix()
    expected = (lower.surface.points - hinge) @ turn.T + hinge
    opened = vertices(head, mesh, 0.3)
    # the open head's chin is not quite stiff: it was sculpted
    np.testing.assert_allclose(lower.placed(opened)[0], expected, atol=1.6e-3)
    np.testing.assert_allclose(upper.placed(opened)[0], upper.surface.points, atol=1e-4)
    moved = vertices(head, mesh, 0.0, mouthPucker=1.0, browDownLeft=1.0, **SMILE)
    np.testing.assert_allclose(lower.placed(moved)[0], lower.surface.points, atol=1e-4)
    np.testing.assert_allclose(upper.placed(moved)[0], upper.surface.points, atol=1e-4)
    forward = lower.placed(vertices(head, mesh, 0.0, jawForward=1.0))[0] - lower.surface.points
    np.testing.assert_allclose(forward.mean(axis=0)[2], 0.0084, atol=1e-3)
    assert not (on_skull(head) & on_jaw(head)).any()


def test_the_default_appearance_changes_no_pixel(head: HeadModel) -> None:
    plain, same = paint_head(head), paint_head(head, Skin(), Appearance(), np.ones(head.n_shape))
    np.testing.assert_array_equal(plain.colours, same.colours)
    assert plain.parts == same.parts == ()
    light, skin = Light(), Skin()
    assert side_lit(light, 0.0) == light
    assert toned_skin(skin, Appearance()) == skin


def test_an_appearance_is_given_by_its_generator() -> None:
    def draw(seed: int) -> Appearance:
        return random_appearance(np.random.default_rng(seed))

    assert draw(4) == draw(4) != draw(5)
    many = [draw(seed) for seed in range(400)]
    assert all(one.teeth is not None for one in many)
    for share in (
        np.mean([one.glasses is not None for one in many]),
        np.mean([one.beard is not None for one in many]),
    ):
        assert 0.14 < share < 0.26
    assert {np.sign(one.side_light) for one in many} == {-1.0, 0.0, 1.0}


def test_a_shape_moves_the_glasses_before_its_own_eyes(head: HeadModel) -> None:
    rng = np.random.default_rng(3)
    for _ in range(4):
        shape = 0.9 * rng.standard_normal(head.n_shape)
        (part,) = carried_parts(head, Appearance(glasses=Glasses()), shape)
        rest = head.v_template + np.asarray(head.shapedirs) @ shape
        marks = landmark_points(head, rest)
        assert marks is not None
        points = part.surface.points
        for iris in (regions.LEFT_IRIS, regions.RIGHT_IRIS):
            pupil = np.mean([marks[number] for number in iris], axis=0)
            beside = np.abs(points[:, :2] - pupil[:2]).max(axis=1) < 0.03
            assert points[beside, 2].min() > pupil[2]
            around = np.hypot(*(points[beside, :2] - pupil[:2]).T)
            assert around.min() > 0.008  # the eye itself stays free


def test_a_beard_grows_on_the_chin_and_not_on_lips_brow_or_nose(head: HeadModel) -> None:
    plain = paint_head(head)
    bearded = paint_head(head, appearance=Appearance(beard=Beard(cover=1.0)))
    marks, points = landmark_points(head), plain.mesh.vertices(head.v_template)
    assert marks is not None
    change = np.abs(plain.colours.astype(int) - bearded.colours).max(axis=1)

    def change_at(number: int) -> int:
        return int(change[np.linalg.norm(points - marks[number], axis=1).argmin()])

    assert change_at(regions.CHIN) > 60
    assert change_at(164) > 60  # between nose and upper lip
    for number in (0, 17, 1, 9, regions.FOREHEAD_TOP, regions.CHEEKS[0]):
        assert change_at(number) < 25
    moustache = Appearance(beard=Beard(cover=1.0, chin=False, cheeks=False))
    upper_only = paint_head(head, appearance=moustache)
    change = np.abs(plain.colours.astype(int) - upper_only.colours).max(axis=1)
    assert change_at(164) > 60
    assert change_at(regions.CHIN) == 0


def test_texture_and_folds_touch_the_skin_alone(head: HeadModel) -> None:
    plain = paint_head(head)
    rough = paint_head(head, appearance=Appearance(texture=1.0, wrinkles=1.0, seed=3))
    again = paint_head(head, appearance=Appearance(texture=1.0, wrinkles=1.0, seed=3))
    other = paint_head(head, appearance=Appearance(texture=1.0, wrinkles=1.0, seed=4))
    np.testing.assert_array_equal(rough.colours, again.colours)
    assert (rough.colours != other.colours).any()
    dark = plain.colours.max(axis=1) < 50  # pupils, mouth inside
    np.testing.assert_allclose(rough.colours[dark].astype(int), plain.colours[dark], atol=1)
    change = (rough.colours.astype(int) - plain.colours).mean(axis=1)
    assert 2 < np.abs(change).mean() < 20


def test_side_light_leaves_the_other_side_dark(head: HeadModel) -> None:
    for side in (-1.0, 1.0):
        lit = side_lit(Light(), side)
        with HeadRenderer(paint_head(head), CAMERA, lit, (0, 0, 0)) as renderer:
            image = renderer.render(head.v_template, AHEAD, PLACE)
        left, right = image[:, 110:].mean(), image[:, :90].mean()  # the subject's left
        assert (left - right) * side > 10
