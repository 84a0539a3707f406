"""Paint, renderer, landmark table and contact sheet of the built-in head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from facedyn_app.errors import TooLittleError
from facedyn_app.headmodel.landmark_embedding import embedding
from facedyn_app.headmodel.landmark_embedding.synthetic_views import STANDARD_VIEWS, view_placement
from facedyn_app.headmodel.model import HeadModel, rest_joints
from facedyn_app.headmodel.part_meshes import ExpressionMesh
from facedyn_app.headmodel.rendering import regions
from facedyn_app.headmodel.rendering.appearance import PUPIL, Skin
from facedyn_app.headmodel.rendering.paint import landmark_points, paint_head
from facedyn_app.headmodel.rendering.render import Camera, HeadRenderer, Light, head_to_camera
from facedyn_app.landmarks.tracking import Landmarker
from facedyn_app.progress import Progress
from facedyn_app.records import ByteArray, FloatArray
from facedyn_app.reports.head_pictures import COLUMNS, LABEL, TILE, contact_sheet
from facedyn_app.settings import ONE_PICTURE
from facedyn_app.topology import BLENDSHAPE_NAMES

CAMERA = Camera(320, 320, 720.0)
AHEAD, PLACE = np.zeros(3), np.array([0.0, 0.03, 0.75])


@pytest.fixture(scope="module")
def renderer(head: HeadModel) -> Iterator[HeadRenderer]:
    with HeadRenderer(paint_head(head), CAMERA) as drawn:
        yield drawn


@pytest.fixture(scope="module")
def landmarker() -> Iterator[Landmarker]:
    with Landmarker(ONE_PICTURE) as model:
        yield model


def marks_px(head: HeadModel, rotation: FloatArray) -> FloatArray:
    points = landmark_points(head)
    assert points is not None
    placed = head_to_camera(np.stack(list(points.values())), rotation, PLACE)
    return CAMERA.project(placed)


def shown(head: HeadModel, renderer: HeadRenderer, **actions: float) -> ByteArray:
    jaw = np.array([[actions.pop("jaw", 0.0), 0.0, 0.0]])
    expression = np.array([[actions.get(name, 0.0) for name in head.expression_names]])
    vertices = ExpressionMesh(head).vertices(expression, jaw)[0]
    return renderer.render(vertices, AHEAD, PLACE)


def test_paint_lies_where_the_landmarks_say(head: HeadModel) -> None:
    skin = Skin(skin=(200, 150, 120), lips=(255, 0, 0), brows=(0, 0, 255), iris=(0, 255, 0))
    painted = paint_head(head, skin)
    vertices = painted.mesh.vertices(head.v_template)
    points = landmark_points(head)
    assert points is not None

    def colour_at(place: FloatArray) -> FloatArray:
        nearest = np.linalg.norm(vertices - place, axis=1).argmin()
        return np.asarray(painted.colours[nearest].astype(float))

    for brow in (regions.LEFT_BROW, regions.RIGHT_BROW):
        middle = np.mean([points[n] for n in (brow[2], brow[7])], axis=0)
        assert colour_at(middle)[2] > 200
    assert colour_at(points[17])[0] > 220  # lower lip
    np.testing.assert_allclose(colour_at(points[151]), skin.skin, atol=3)  # forehead
    for eye in rest_joints(head)[3:]:
        on_axis = np.hypot(*(vertices - eye)[:, :2].T)
        front = (vertices[:, 2] > eye[2] + 0.012) & (on_axis < 0.012)
        ring = front & (np.abs(on_axis - 0.004) < 0.0004)
        np.testing.assert_array_equal(painted.colours[front & (on_axis < 0.001)][:1], [PUPIL])
        assert np.median(painted.colours[ring], axis=0).tolist() == [0, 255, 0]


def test_a_head_without_table_and_materials_is_bare(tiny_head: HeadModel) -> None:
    bare = replace(tiny_head, landmarks=None, weights=np.eye(5)[np.zeros(62, dtype=int)])
    colours = paint_head(bare, Skin(skin=(10, 20, 30))).colours
    assert np.unique(colours, axis=0).tolist() == [[10, 20, 30]]


def test_the_head_is_drawn_where_the_camera_puts_it(tiny_head: HeadModel) -> None:
    camera = Camera(120, 80, 100.0)
    place = np.array([0.1, -0.05, 1.0])
    bare = replace(tiny_head, landmarks=None)
    with HeadRenderer(paint_head(bare), camera, background=(0, 0, 255)) as renderer:
        image = renderer.render(tiny_head.v_template, np.zeros(3), place)
    assert image.shape == (80, 120, 3)
    assert image[0, 0].tolist() == [0, 0, 255]
    rows, columns = np.nonzero((image != [0, 0, 255]).any(axis=2))
    placed = camera.project(head_to_camera(tiny_head.v_template, np.zeros(3), place))
    np.testing.assert_allclose(columns.min(), placed[:, 0].min(), atol=1.5)
    np.testing.assert_allclose(columns.max() + 1, placed[:, 0].max(), atol=1.5)
    np.testing.assert_allclose(rows.min(), placed[:, 1].min(), atol=1.5)
    np.testing.assert_allclose(rows.max() + 1, placed[:, 1].max(), atol=1.5)


def test_light_from_the_left_brightens_the_left_of_the_image(tiny_head: HeadModel) -> None:
    painted = paint_head(replace(tiny_head, landmarks=None))
    light = Light(direction=(-1.0, 0.0, -0.3), strength=0.8, fill=0.0, ambient=0.1)
    with HeadRenderer(painted, Camera(100, 100, 300.0), light, (0, 0, 0)) as renderer:
        image = renderer.render(tiny_head.v_template, np.zeros(3), np.array([0, 0, 1.0]))
    assert image[:, :50].mean() > 1.5 * image[:, 50:].mean()


def test_the_landmarker_sees_the_table_where_it_is(
    head: HeadModel, renderer: HeadRenderer, landmarker: Landmarker
) -> None:
    for rotation in (AHEAD, np.array([0.0, 0.35, 0.0]), np.array([0.2, -0.3, 0.0])):
        found = landmarker.detect_image(renderer.render(head.v_template, rotation, PLACE))
        assert found is not None
        table = head.landmarks
        assert table is not None
        error = np.linalg.norm(marks_px(head, rotation) - found[table.index], axis=1)
        face_px = np.ptp(found[:, 1])
        assert np.median(error) < 0.01 * face_px
        assert (error * table.weight).sum() / table.weight.sum() < 0.012 * face_px


def test_the_landmarker_reads_the_expressions_on_their_side(
    head: HeadModel, renderer: HeadRenderer, landmarker: Landmarker
) -> None:
    """An outside judge of left and right and of the paint."""

    def scores(**actions: float) -> FloatArray:
        face = landmarker.detect_face(shown(head, renderer, **actions))
        assert face is not None
        return face.scores

    rest = scores()
    for name, rise in (
        ("eyeBlinkLeft", 0.3),
        ("eyeBlinkRight", 0.3),
        ("mouthSmileLeft", 0.4),
        ("mouthSmileRight", 0.4),
        ("mouthPucker", 0.5),
    ):
        gain = scores(**{name: 1.0}) - rest
        assert gain[BLENDSHAPE_NAMES.index(name)] > rise, name
        assert gain.argmax() == BLENDSHAPE_NAMES.index(name), name
    assert (scores(jaw=0.35) - rest)[BLENDSHAPE_NAMES.index("jawOpen")] > 0.5


def test_the_table_is_sound(head: HeadModel) -> None:
    table = head.landmarks
    assert table is not None
    np.testing.assert_array_equal(table.index, np.arange(478))
    np.testing.assert_allclose(table.bary.sum(axis=1), 1, atol=1e-5)
    assert table.bary.min() >= 0
    assert table.weight.min() >= 0
    assert table.weight.max() <= 1
    outline = np.isin(table.index, regions.OUTLINE)
    assert table.weight[outline].max() < 0.2
    assert np.median(table.weight[~outline]) > 0.6
    points = landmark_points(head)
    assert points is not None
    for left, right in ((263, 33), (291, 61), (334, 105), (473, 468)):
        mirrored = points[right] * [-1, 1, 1]
        np.testing.assert_allclose(points[left], mirrored, atol=0.004)
    eyes = rest_joints(head)[3:]
    for centre, eye in ((473, eyes[0]), (468, eyes[1])):
        np.testing.assert_allclose(points[centre][:2], eye[:2], atol=0.003)


def test_places_are_found_again_by_a_detector_that_knows(head: HeadModel) -> None:
    """A detector that projects known points of the mesh in each view gives just these back."""
    table = head.landmarks
    assert table is not None
    corners = head.v_template[head.faces[table.face]]
    truth = np.einsum("lk,lkd->ld", table.bary, corners)
    views: list[FloatArray] = []
    shown = replace(
        STANDARD_VIEWS, views=STANDARD_VIEWS.views[9:18], styles=STANDARD_VIEWS.styles[:1]
    )

    def knowing(_image: ByteArray) -> FloatArray:
        rotation, translation = view_placement(head, shown.views[len(views)], shown.distance)
        views.append(shown.camera.project(head_to_camera(truth, rotation, translation)))
        return views[-1]

    reports: list[Progress] = []
    placed = embedding.measure_placement(head, knowing, reports.append, shown, rounds=1)
    again = np.einsum(
        "lk,lkd->ld", placed.table.bary, head.v_template[head.faces[placed.table.face]]
    )
    error = np.linalg.norm(again - truth[placed.table.index], axis=1)
    seen = table.weight[placed.table.index] > 0.5
    assert np.percentile(error[seen], 95) < 0.001
    assert np.median(placed.spread) < 0.0002
    assert reports[0].done == 0
    assert reports[-1].total == reports[-1].done + 1


def test_a_head_that_is_never_found_is_refused(tiny_head: HeadModel) -> None:
    with pytest.raises(TooLittleError, match="tiny-head"):
        embedding.place_landmarks(tiny_head, lambda _image: None)


def test_contact_sheet_has_a_tile_for_everything(tiny_head: HeadModel) -> None:
    sheet = contact_sheet(tiny_head)
    n_tiles = 4 + 5 + 2 * 3 + 4
    rows = -(-n_tiles // COLUMNS)
    assert sheet.shape == (rows * (TILE + LABEL), COLUMNS * TILE, 3)
    assert sheet.std() > 10
