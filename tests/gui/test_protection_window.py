"""A protected library in the window: unlocked by its passphrase, locked by hand and after idle."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.controllers.protection import ProtectionController
from facedyn_app.gui.dialogs.protection import (
    Change,
    ChangeDialog,
    ProtectDialog,
    RecoveryDialog,
    UnlockDialog,
)
from facedyn_app.library.backup import write_backup
from facedyn_app.library.library import Library
from facedyn_app.library.protecting import protect_library, protection_of
from facedyn_app.library.protection.held import LockedError, lock_all, unlock
from facedyn_app.library.protection.key_file import Cost
from facedyn_app.library.work_rows import NewWork, WorkKind
from facedyn_app.progress import ignore
from facedyn_app.workflows.options import FitOptions, ImportStatement
from facedyn_app.workflows.work_details import WorkDetails
from tests.gui.conftest import PATIENCE_MS, made_session, wait_idle

pytestmark = pytest.mark.usefixtures("no_keys_held")
Kind = TypeVar("Kind")
PASSPHRASE, OTHER = "seven wet umbrellas", "eight dry parasols"


@pytest.fixture
def folder(app: AppController, tmp_path: Path, qtbot: QtBot) -> Path:
    """The window's library, with two people, not protected yet."""
    with Library.open(tmp_path / "library") as library:
        for name in ("Anna", "Bert"):
            library.enrol(name, made_session(), "simulated speakers need none")
    qtbot.waitUntil(lambda: len(app.library.snapshot.speakers) == 2, timeout=PATIENCE_MS)
    return tmp_path / "library"


def dialog_of(app: AppController, kind: type[Kind], qtbot: QtBot) -> Kind:
    qtbot.waitUntil(lambda: isinstance(app.protection.dialog, kind), timeout=PATIENCE_MS)
    dialog = app.protection.dialog
    assert isinstance(dialog, kind)
    return dialog


def n_shown(app: AppController) -> int:
    return len(app.library.snapshot.speakers)


def protect(app: AppController, qtbot: QtBot) -> str:
    """Protect the library as a user does; gives the recovery key."""
    app.window.protection_requested.emit()
    dialog = dialog_of(app, ProtectDialog, qtbot)
    QTest.keyClicks(dialog.fields.first, PASSPHRASE)
    assert not dialog.complete
    QTest.keyClicks(dialog.fields.second, PASSPHRASE[:-1])
    assert not dialog.complete
    assert "not the same" in dialog.fields.note.text()
    QTest.keyClicks(dialog.fields.second, PASSPHRASE[-1:])
    assert dialog.complete
    dialog.accept()
    recovery = dialog_of(app, RecoveryDialog, qtbot)
    key = recovery.key.text()
    recovery.accept()
    qtbot.waitUntil(lambda: app.library.snapshot.protected, timeout=PATIENCE_MS)
    return key


def test_protected_locked_and_opened_again(app: AppController, folder: Path, qtbot: QtBot) -> None:
    app.library.open_session(app.library.snapshot.sessions[0].key)
    qtbot.waitUntil(lambda: app.state.recording is not None, timeout=PATIENCE_MS)
    key = protect(app, qtbot)
    assert len(key) == 39
    wait_idle(app, qtbot)
    app.drift.open("Anna")
    app.course.open("Anna")
    app.window.lock_requested.emit()
    for about in (app.drift.window, app.course.window):
        assert about is not None
        assert about.panel.text.startswith("The library is locked.")
        about.close()
    assert n_shown(app) == 0
    assert app.state.recording is None  # what is of it is closed
    assert app.window.library.error == "" or "locked" in app.window.library.error
    with pytest.raises(LockedError):
        Library.open(folder)
    app.library.look()  # nobody is asked again and again
    assert app.protection.dialog is None
    assert "library is locked" in app.window.who.text
    for asked in (app.window.backup_requested, app.window.lock_requested):
        asked.emit()
        assert app.window.status_line.text.startswith("The library is locked.")

    app.library.open_library(folder)
    dialog = dialog_of(app, UnlockDialog, qtbot)
    QTest.keyClicks(dialog.passphrase, "something else")
    QTest.keyClick(dialog.passphrase, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "does not open" in dialog.error.text(), timeout=PATIENCE_MS)
    assert n_shown(app) == 0
    dialog.passphrase.setText(PASSPHRASE)
    dialog.accept()
    qtbot.waitUntil(lambda: n_shown(app) == 2, timeout=PATIENCE_MS)
    assert app.protection.dialog is None


def test_a_backup_is_opened_as_a_backup(
    app: AppController, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    protect_library(folder, PASSPHRASE, cost=Cost(n=1024))
    file, again = tmp_path / "kept.backup", tmp_path / "again"
    with Library.open(folder) as library:
        write_backup(library, file, ignore)
    lock_all()
    app.keeping.restore(file, again)
    dialog = dialog_of(app, UnlockDialog, qtbot)
    assert dialog.windowTitle() == "Unlock backup"
    QTest.keyClicks(dialog.passphrase, "something else")
    dialog.accept()
    refused = f"This does not open the backup '{file}'."
    qtbot.waitUntil(lambda: dialog.error.text() == refused, timeout=PATIENCE_MS)
    dialog.passphrase.setText(PASSPHRASE)
    dialog.accept()
    qtbot.waitUntil(lambda: app.library.snapshot.folder == again, timeout=PATIENCE_MS)
    assert n_shown(app) == 2


def test_a_locked_library_shows_nothing_of_its_import_queue(
    app: AppController, folder: Path, qtbot: QtBot
) -> None:
    details = WorkDetails(ImportStatement("given"), FitOptions(None)).text()
    with Library.open(folder) as library:
        library.work.add(details, [NewWork(WorkKind.READ, "Carla", folder / "carla.npz")])
    panel = app.window.queue
    qtbot.waitUntil(lambda: panel.counts == "1 waiting.", timeout=PATIENCE_MS)
    protect(app, qtbot)
    wait_idle(app, qtbot)
    panel.table.selectRow(0)
    assert "carla" in panel.reason
    app.window.lock_requested.emit()
    assert (panel.model.rowCount(), panel.reason) == (0, "")
    assert app.window.work_bar.text == ""
    assert app.library.work.items == ()

    app.library.open_library(folder)
    dialog = dialog_of(app, UnlockDialog, qtbot)
    dialog.passphrase.setText(PASSPHRASE)
    dialog.accept()
    qtbot.waitUntil(lambda: panel.counts == "1 waiting.", timeout=PATIENCE_MS)
    assert panel.model.index(0, 1).data() == "Carla"


def test_locked_after_idle_once_nothing_runs(
    app: AppController, folder: Path, qtbot: QtBot
) -> None:
    protect_library(folder, PASSPHRASE, cost=Cost(n=1024))
    app.library.open_library(folder)
    qtbot.waitUntil(lambda: app.library.snapshot.protected, timeout=PATIENCE_MS)
    wait_idle(app, qtbot)
    now, busy = [0.0], [True]
    idle = ProtectionController(
        app.window, app.state, app.library, app.queue, lambda: busy[0], lambda: now[0]
    )
    minutes = app.state.settings.privacy.lock_minutes
    now[0] = 60.0 * minutes - 1.0
    idle.look()
    assert n_shown(app) == 2
    now[0] += 2.0
    idle.look()
    assert n_shown(app) == 2
    assert "as soon as the work" in app.window.status_line.text
    busy[0] = False
    idle.look()
    assert n_shown(app) == 0
    idle.deleteLater()


def test_who_touches_something_is_there(app: AppController, folder: Path, qtbot: QtBot) -> None:
    protect_library(folder, PASSPHRASE, cost=Cost(n=1024))
    app.library.open_library(folder)
    qtbot.waitUntil(lambda: app.library.snapshot.protected, timeout=PATIENCE_MS)
    wait_idle(app, qtbot)
    now = [0.0]
    idle = ProtectionController(
        app.window, app.state, app.library, app.queue, lambda: False, lambda: now[0]
    )
    idle.look()
    now[0] = 3000.0
    QTest.keyClick(app.window.windowHandle(), Qt.Key.Key_F5)
    idle.look()
    assert n_shown(app) == 2
    idle.deleteLater()


@pytest.mark.parametrize("change", list(Change))
def test_changes(app: AppController, folder: Path, qtbot: QtBot, change: Change) -> None:
    protect_library(folder, PASSPHRASE, cost=Cost(n=1024))
    app.library.open_library(folder)
    qtbot.waitUntil(lambda: app.library.snapshot.protected, timeout=PATIENCE_MS)
    app.window.protection_requested.emit()
    dialog = dialog_of(app, ChangeDialog, qtbot)
    dialog.choice.setCurrentIndex(list(Change).index(change))
    assert not dialog.complete
    QTest.keyClicks(dialog.present, PASSPHRASE)
    if change is Change.PASSPHRASE:
        assert not dialog.complete
        QTest.keyClicks(dialog.fields.first, OTHER)
        QTest.keyClicks(dialog.fields.second, OTHER)
    assert dialog.complete
    dialog.accept()
    if change in (Change.KEYS, Change.RECOVERY):
        recovery = dialog_of(app, RecoveryDialog, qtbot)
        opens = recovery.key.text()
        recovery.accept()
    else:
        opens = OTHER
    wait_idle(app, qtbot)
    found = protection_of(folder)
    assert found.protected is (change is not Change.NONE)
    assert found.generation == {Change.KEYS: 2, Change.NONE: 0}.get(change, 1)
    lock_all()
    if found.protected:
        unlock(folder, opens)
    with Library.open(folder) as library:
        assert len(library.speakers()) == 2


def test_the_wrong_passphrase_changes_nothing(
    app: AppController, folder: Path, qtbot: QtBot
) -> None:
    protect_library(folder, PASSPHRASE, cost=Cost(n=1024))
    app.library.open_library(folder)
    qtbot.waitUntil(lambda: app.library.snapshot.protected, timeout=PATIENCE_MS)
    app.window.protection_requested.emit()
    dialog = dialog_of(app, ChangeDialog, qtbot)
    dialog.choice.setCurrentIndex(list(Change).index(Change.NONE))
    QTest.keyClicks(dialog.present, "who knows it")
    dialog.accept()
    wait_idle(app, qtbot)
    assert "does not open" in app.window.status_line.text
    assert protection_of(folder).protected
