"""Long names of sessions take no more room than there is, and can be told apart and read whole."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QLabel, QStyleOptionHeader, QWidget
from pytestqt.qtbot import QtBot

from facedyn_app.gui.widgets.clinical_tables import ClinicalTable
from facedyn_app.gui.widgets.long_names import NameChoice, NameLabel, elided
from facedyn_app.reports.clinical_words import WordedRow

NAMES = tuple(
    f"2026-0{k}-05 · patient-0147_facial-palsy-follow-up_camera-B_take-0{k}" for k in (1, 4, 7)
)
MEASURE = "Smile: oral commissure excursion"


@pytest.fixture
def metrics(qtbot: QtBot) -> QFontMetrics:
    label = QLabel()
    qtbot.addWidget(label)
    return label.fontMetrics()


def test_the_date_and_both_ends_of_a_name_stay(metrics: QFontMetrics) -> None:
    whole = metrics.horizontalAdvance(NAMES[0])
    assert elided(NAMES[0], metrics, whole + 1) == NAMES[0]
    short = elided(NAMES[0], metrics, whole // 2)
    assert short.startswith("2026-01-05 · pat")
    assert short.endswith("01")
    assert "…" in short
    assert metrics.horizontalAdvance(short) <= whole // 2
    assert metrics.horizontalAdvance(elided(NAMES[0], metrics, 30)) <= 30  # no room for a date
    assert elided("take-1", metrics, 500) == "take-1"


def test_names_in_the_heads_leave_room_for_what_is_measured(qtbot: QtBot) -> None:
    table = ClinicalTable(("Measure",))
    qtbot.addWidget(table)
    heads = ("Measure", "Of", *NAMES, "Change", "Smallest told", "Unit")
    cells = (MEASURE, "peak, left", *["11.0 (10.2 to 11.9)"] * 3, "+10.1", "0.4", "mm")
    table.resize(1100, 300)
    with qtbot.waitExposed(table):
        table.show()
    table.show_table(heads, [WordedRow(cells)], named=range(2, 5))
    QApplication.processEvents()
    metrics, header = table.fontMetrics(), table.horizontalHeader()
    narrow = table.columnWidth(2)
    table.resize(3000, 300)
    qtbot.waitUntil(lambda: table.columnWidth(2) > narrow)
    table.resize(1100, 300)
    qtbot.waitUntil(lambda: table.columnWidth(2) == narrow)
    assert header.length() <= table.viewport().width()
    for column, text in enumerate(cells):
        assert table.columnWidth(column) >= metrics.horizontalAdvance(text)
    option = QStyleOptionHeader()
    header.initStyleOptionForIndex(option, 2)
    assert option.text.startswith("2026-01-05 · ")
    assert "…" in option.text
    horizontal, tip = Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole
    assert table.rows.headerData(2, horizontal, tip) == NAMES[0]
    assert NAMES[0] in table.text(selected=False)


@pytest.mark.parametrize("name", ["P-01", "P-014", "P-015", "S-0001", "Ann", NAMES[0][13:40]])
def test_a_choice_of_the_width_that_it_asks_for_shows_its_name(qtbot: QtBot, name: str) -> None:
    choice = NameChoice("Speaker", "Whose sessions")
    qtbot.addWidget(choice)
    choice.addItem(name)
    choice.resize(choice.sizeHint())
    shown = choice.grab().toImage()
    choice.resize(choice.width() + 40, choice.height())
    wide = choice.grab().toImage()
    text = QRect(6, 4, choice.fontMetrics().horizontalAdvance(name), choice.height() - 8)
    assert shown.copy(text) == wide.copy(text)


def test_labels_and_choices_ask_for_little_and_tell_the_whole_name(qtbot: QtBot) -> None:
    place = QWidget()
    label, choice = NameLabel(NAMES[0], place), NameChoice("Before", "The earlier session")
    for widget in (place, choice):
        qtbot.addWidget(widget)
    choice.addItems(NAMES)
    choice.setCurrentIndex(1)
    whole = label.fontMetrics().horizontalAdvance(NAMES[0])
    for widget in (label, choice):
        assert widget.minimumSizeHint().width() < whole // 2
    assert label.toolTip() == NAMES[0]
    assert choice.toolTip() == f"The earlier session\n{NAMES[1]}"
    assert choice.currentText() == NAMES[1]
    choice.resize(choice.minimumSizeHint())
    with qtbot.waitExposed(choice):
        choice.show()
    choice.showPopup()
    qtbot.waitUntil(lambda: choice.view().isVisible())
    assert choice.view().width() >= choice.view().sizeHintForColumn(0)
    choice.hidePopup()
