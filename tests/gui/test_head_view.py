"""The head that is drawn off the screen: what a user sees of it, turns and zooms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from facedyn_app.gui.widgets.head_view import FRONT, HeadView
from facedyn_app.records import ByteArray, FloatArray, IntArray

SIDE_PX = 200
CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
CORNERS = CORNERS * [0.06, 0.1, 0.03]
SQUARES = {"left": (0, 1, 3, 2), "right": (4, 6, 7, 5), "back": (0, 2, 6, 4), "front": (1, 5, 7, 3)}
COLOURS = {"left": (0, 0, 255), "right": (255, 0, 0), "back": (60, 60, 60), "front": (0, 255, 0)}


def box() -> tuple[FloatArray, IntArray, ByteArray]:
    """A box, 0.2 m high, without lid: green in front, red to its right (x), blue to its left."""
    vertices = np.concatenate([CORNERS[list(corners)] for corners in SQUARES.values()])
    faces = [
        (4 * k + a, 4 * k + b, 4 * k + c) for k in range(4) for a, b, c in ((0, 1, 2), (0, 2, 3))
    ]
    colours = np.repeat(np.array(list(COLOURS.values()), np.uint8), 4, axis=0)
    return vertices, np.array(faces, np.int32), colours


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[HeadView]:
    made = HeadView()
    qtbot.addWidget(made)
    made.resize(SIDE_PX, SIDE_PX)
    made.set_background("#ffffff")
    made.set_head(*box())
    made.show()
    yield made
    made.close_graphics()


def pixel(view: HeadView, x: int = SIDE_PX // 2, y: int = SIDE_PX // 2) -> str:
    """The strongest colour there, as a name of a side; "" for the background."""
    colour = view.grab().toImage().pixelColor(x, y)
    rgb = (colour.red(), colour.green(), colour.blue())
    if min(rgb) > 250:
        return ""
    return ("right", "front", "left")[int(np.argmax(rgb))]


def test_the_whole_head_is_seen_from_the_front_on_the_background(view: HeadView) -> None:
    assert pixel(view) == "front"
    assert pixel(view, 2, 2) == ""
    view.set_background("#ff0000")
    assert pixel(view, 2, 2) == "right", "the new background, red"


def test_a_side_can_be_looked_at(view: HeadView) -> None:
    view.look_from((1.0, 0.0, 0.0))
    assert pixel(view) == "right"
    view.look_from((-1.0, 0.0, 0.0))
    assert pixel(view) == "left"


def test_dragging_turns_the_head_along_and_a_double_click_sets_it_back(view: HeadView) -> None:
    middle = QPoint(SIDE_PX // 2, SIDE_PX // 2)
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(view, middle + QPoint(-90, 20))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle)
    turn, rise, _ = view.aim
    assert turn == pytest.approx(36.0)
    assert rise == pytest.approx(8.0)
    assert "right" in {pixel(view, x) for x in range(20, SIDE_PX, 10)}
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton)
    assert view.aim == pytest.approx((0.0, 0.0, 1.0))


def test_keys_turn_and_zoom_it_and_leave_plain_arrows_to_the_time(view: HeadView) -> None:
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.aim[:2] == pytest.approx((10.0, 10.0))
    for _ in range(20):
        QTest.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert view.aim[1] == pytest.approx(85.0), "never over the top"
    view.look_from(FRONT)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.aim[2] == pytest.approx(1 / 1.15)


def test_the_wheel_brings_it_nearer(view: HeadView) -> None:
    edge = next(x for x in range(SIDE_PX) if pixel(view, x))
    where = QPointF(50.0, 50.0)
    turn = QWheelEvent(
        where, where, QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, turn)
    half = SIDE_PX / 2
    nearer = next(x for x in range(SIDE_PX) if pixel(view, x))
    assert half - nearer == pytest.approx(1.15 * (half - edge), abs=2)


def test_moved_points_and_another_size_are_drawn(view: HeadView) -> None:
    vertices, _, _ = box()
    view.pose(vertices - np.array([0.0, 0.0, 0.5]))
    shown = np.array([bool(pixel(view, x)) for x in range(SIDE_PX)])
    view.pose(vertices)
    before = np.array([bool(pixel(view, x)) for x in range(SIDE_PX)])
    assert shown.sum() < 0.8 * before.sum(), "farther away it is smaller"
    view.resize(2 * SIDE_PX, 2 * SIDE_PX)
    assert pixel(view, SIDE_PX, SIDE_PX) == "front"
    assert view.grab().width() == 2 * SIDE_PX
