"""Paint of heads that name no materials, of shader parts, and of heads with a texture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.errors import InputError
from facedyn_app.headmodel.files.io import load_head, save_head
from facedyn_app.headmodel.model import (
    REGION_LASHES,
    REGION_MOUTH_INSIDE,
    REGION_SKIN,
    REGION_UNSEEN,
    HeadModel,
    HeadTexture,
)
from facedyn_app.headmodel.rendering import regions
from facedyn_app.headmodel.rendering.appearance import MOUTH_INSIDE, Skin
from facedyn_app.headmodel.rendering.fine_mesh import subdivide, texture_colours
from facedyn_app.headmodel.rendering.paint import (
    drawn_faces,
    landmark_points,
    paint_head,
    paint_mesh,
)

RED, BLUE = (250, 10, 10), (10, 10, 250)


@pytest.fixture(scope="module")
def plain() -> HeadModel:
    """A head of FLAME's kind: it names no materials; its eyeballs hang on the eyes' joints."""
    return replace(load_head("open-head-2"), region=None)


def test_a_head_that_names_nothing_is_painted_by_its_landmarks_and_joints(
    plain: HeadModel,
) -> None:
    skin = Skin(skin=(200, 150, 120), lips=(255, 0, 0), brows=(0, 0, 255), iris=(0, 255, 0))
    painted = paint_head(plain, skin)
    vertices = painted.mesh.vertices(plain.v_template)
    points = landmark_points(plain)
    assert points is not None

    def colour_at(number: int) -> np.ndarray:
        nearest = np.linalg.norm(vertices - points[number], axis=1).argmin()
        return np.asarray(painted.colours[nearest].astype(int))

    for lip in (11, 16):  # the middle of the upper and of the lower lip
        assert colour_at(lip)[0] > 200
        assert colour_at(lip)[1] < 90
    assert colour_at(regions.LEFT_BROW[2])[2] > 140
    np.testing.assert_allclose(colour_at(151), skin.skin, atol=3)  # forehead
    green = (painted.colours.astype(int) - [0, 255, 0] == 0).all(axis=1)
    assert green.sum() > 50  # irises


def test_the_mouth_of_a_head_that_names_nothing_is_dark_inside(plain: HeadModel) -> None:
    named = load_head("open-head-2").region
    assert named is not None
    colours = paint_head(plain).colours[: len(named)].astype(int)
    dark = np.abs(colours - MOUTH_INSIDE).sum(axis=1) < 60
    inside = (named == REGION_MOUTH_INSIDE) & (plain.v_template[:, 2] > 0.08)
    assert dark[inside].mean() > 0.5
    below_nose = plain.v_template[:, 1] < -0.01
    front_skin = (named == REGION_SKIN) & (plain.v_template[:, 2] > 0.08) & below_nose
    assert dark[front_skin].mean() < 0.01


def test_what_needs_a_shader_is_not_drawn(tiny_head: HeadModel) -> None:
    region = np.full(len(tiny_head.v_template), REGION_SKIN)
    region[3], region[40] = REGION_UNSEEN, REGION_LASHES
    head = replace(tiny_head, region=region, landmarks=None)
    faces = drawn_faces(head)
    assert not np.isin(faces, (3, 40)).any()
    kept = ~np.isin(np.asarray(head.faces), (3, 40)).any(axis=1)
    np.testing.assert_array_equal(faces, np.asarray(head.faces)[kept])
    used = np.unique(paint_mesh(head).faces)
    assert not np.isin(used, (3, 40)).any()


def textured(head: HeadModel) -> HeadModel:
    """Red on the subject's left, blue on the right, with a seam between; nothing on the back."""
    faces = np.asarray(head.faces)
    centre = head.v_template[faces].mean(axis=1)
    uv = np.full((len(faces), 3, 2), -1.0, dtype=np.float32)
    front = centre[:, 2] > 0
    # Corners at three places of a half of the picture, another half for the other side.
    corner = np.array([[0.05, 0.2], [0.4, 0.2], [0.2, 0.8]], dtype=np.float32)
    uv[front] = corner + np.where(centre[front, 0] > 0, 0.0, 0.5)[:, None, None] * [1, 0]
    image = np.empty((16, 32, 3), dtype=np.uint8)
    image[:, :16], image[:, 16:] = RED, BLUE
    return replace(head, texture=HeadTexture(uv=uv, image=image), landmarks=None)


def test_a_texture_is_looked_up_on_its_own_side_of_a_seam(tiny_head: HeadModel) -> None:
    head = textured(tiny_head)
    assert head.texture is not None
    faces = np.asarray(head.faces)
    mesh = subdivide(faces, len(head.v_template), np.full(len(faces), 2))
    colours, known = texture_colours(head.texture, faces, mesh)
    points = mesh.vertices(head.v_template)
    assert not known[points[:, 2] < -0.03].any()
    assert known[points[:, 2] > 0.05].all()
    is_red = (np.abs(colours - RED).max(axis=1) < 5) & known
    is_blue = (np.abs(colours - BLUE).max(axis=1) < 5) & known
    np.testing.assert_array_equal(is_red | is_blue, known)  # nothing mixed
    assert is_red[known & (points[:, 0] > 0.03)].all()
    assert is_blue[known & (points[:, 0] < -0.03)].all()


def test_rows_of_the_picture_count_from_the_top_and_v_from_below(tiny_head: HeadModel) -> None:
    head = textured(tiny_head)
    faces = np.asarray(head.faces)
    gradient = np.zeros((64, 64, 3), dtype=np.uint8)
    gradient[..., 0] = np.linspace(250, 0, 64)[:, None]  # red at the top
    gradient[..., 1] = np.linspace(0, 250, 64)[None]  # green at the right
    uv = np.broadcast_to(np.array([0.25, 0.9], dtype=np.float32), (len(faces), 3, 2))
    mesh = subdivide(faces, len(head.v_template), np.zeros(len(faces), dtype=int))
    colours, known = texture_colours(HeadTexture(uv, gradient), faces, mesh)
    assert known.all()
    np.testing.assert_allclose(colours[0], [225, 62, 0], atol=4)
    repeated, _ = texture_colours(HeadTexture(uv + np.float32(3), gradient), faces, mesh)
    np.testing.assert_allclose(repeated, colours, atol=1)


def test_a_texture_shows_on_the_painted_head_and_the_rest_is_skin(tiny_head: HeadModel) -> None:
    colours = paint_head(textured(tiny_head), Skin(skin=(1, 2, 3))).colours
    found = {tuple(colour) for colour in np.unique(colours, axis=0).tolist()}
    assert {RED, BLUE} <= found
    assert (1, 2, 3) in found


def test_a_texture_survives_the_head_file(tiny_head: HeadModel, tmp_path: Path) -> None:
    head = textured(tiny_head)
    assert head.texture is not None
    save_head(head, tmp_path / "head.npz")
    read = load_head(tmp_path / "head.npz").texture
    assert read is not None
    np.testing.assert_array_equal(read.uv, head.texture.uv)
    np.testing.assert_array_equal(read.image, head.texture.image)


@pytest.mark.parametrize("fault", ["other mesh", "decimal picture", "empty picture"])
def test_a_bad_texture_is_refused(fault: str, tiny_head: HeadModel, tmp_path: Path) -> None:
    save_head(textured(tiny_head), tmp_path / "good.npz")
    with np.load(tmp_path / "good.npz") as archive:
        arrays = dict(archive)
    if fault == "other mesh":
        arrays["texture_uv"] = arrays["texture_uv"][:-1]
    if fault == "decimal picture":
        arrays["texture_image"] = arrays["texture_image"].astype(np.float32)
    if fault == "empty picture":
        arrays["texture_image"] = arrays["texture_image"][:0]
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    with pytest.raises(InputError, match="texture") as caught:
        load_head(path)
    assert str(path) in caught.value.sentence
