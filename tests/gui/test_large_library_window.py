"""The library panel with more speakers than it can show at once."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from facedyn_app.gui.panels.library import LibraryPanel
from facedyn_app.gui.panels.library_items import KEY
from facedyn_app.gui.panels.library_speakers import AT_ONCE
from facedyn_app.workflows.records import LibrarySnapshot, ListedSession, ListedSpeaker

N_SPEAKERS = 5 * AT_ONCE + 7


def speaker(number: int, name: str = "") -> ListedSpeaker:
    sessions = tuple(
        ListedSession(10 * number + k, f"visit {k}", False, 12.0, date(2026, 3, 5), "2026-03-05")
        for k in range(3)
    )
    return ListedSpeaker(name or f"P-{number:04d}", "given", sessions)


def snapshot(*speakers: ListedSpeaker) -> LibrarySnapshot:
    return LibrarySnapshot(Path("somewhere"), speakers)


def names(panel: LibraryPanel) -> list[str]:
    head = panel.model.item(0)
    return [head.child(row).data(KEY) for row in range(head.rowCount())]


def made_sessions(panel: LibraryPanel) -> int:
    head = panel.model.item(0)
    return sum(head.child(row).rowCount() for row in range(head.rowCount()))


def shown_panel(qtbot: QtBot) -> LibraryPanel:
    panel = LibraryPanel()
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    panel.show()
    return panel


def test_speakers_come_bit_by_bit_and_sessions_when_they_are_opened(qtbot: QtBot) -> None:
    panel = shown_panel(qtbot)
    everybody = [speaker(number) for number in range(N_SPEAKERS)]
    panel.show_snapshot(snapshot(*everybody))
    assert panel.model.item(0).text() == f"Speakers ({N_SPEAKERS})"
    assert len(names(panel)) == AT_ONCE
    qtbot.waitUntil(lambda: len(names(panel)) == N_SPEAKERS)
    assert names(panel) == [one.name for one in everybody]
    assert made_sessions(panel) == 0
    one = panel.model.item(0).child(300)
    assert panel.model.hasChildren(one.index())
    panel.tree.expand(one.index())
    qtbot.waitUntil(lambda: made_sessions(panel) == 3)
    assert [one.child(row).data(KEY) for row in range(one.rowCount())] == [3000, 3001, 3002]


def test_of_many_speakers_only_the_changed_ones_are_made_anew(qtbot: QtBot) -> None:
    panel = shown_panel(qtbot)
    everybody = [speaker(number) for number in range(N_SPEAKERS)]
    panel.show_snapshot(snapshot(*everybody))
    qtbot.waitUntil(lambda: len(names(panel)) == N_SPEAKERS)
    head = panel.model.item(0)
    removed: list[int] = []
    panel.model.rowsRemoved.connect(lambda _, first, last: removed.append(last - first + 1))
    panel.tree.expand(head.child(250).index())
    qtbot.waitUntil(lambda: made_sessions(panel) == 3)
    panel.tree.setCurrentIndex(head.child(250).child(1).index())
    everybody[250] = replace(everybody[250], sessions=everybody[250].sessions[:2])
    panel.show_snapshot(snapshot(*everybody))
    assert removed == [1]
    assert panel.tree.isExpanded(head.child(250).index())
    assert panel.tree.currentIndex().data(KEY) == 2501
    panel.show_snapshot(snapshot(*everybody))
    assert removed == [1]


def test_another_list_takes_over_before_the_first_one_is_whole(qtbot: QtBot) -> None:
    panel = shown_panel(qtbot)
    panel.show_snapshot(snapshot(*(speaker(number) for number in range(N_SPEAKERS))))
    others = [speaker(number, f"Q-{number}") for number in range(2 * AT_ONCE)]
    panel.show_snapshot(snapshot(*others))
    qtbot.waitUntil(lambda: len(names(panel)) == len(others))
    qtbot.wait(50)
    assert names(panel) == [one.name for one in others]


def test_the_place_in_a_long_list_is_kept_while_others_are_added(qtbot: QtBot) -> None:
    panel = shown_panel(qtbot)
    everybody = [speaker(number) for number in range(N_SPEAKERS)]
    panel.show_snapshot(snapshot(*everybody))
    qtbot.waitUntil(lambda: len(names(panel)) == N_SPEAKERS)
    panel.tree.verticalScrollBar().setValue(400)
    at = panel.tree.indexAt(panel.tree.viewport().rect().topLeft())
    shown = at.data(Qt.ItemDataRole.DisplayRole)
    panel.show_snapshot(snapshot(*everybody, speaker(9000)))
    at = panel.tree.indexAt(panel.tree.viewport().rect().topLeft())
    assert at.data(Qt.ItemDataRole.DisplayRole) == shown
