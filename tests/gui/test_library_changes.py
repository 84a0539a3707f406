"""What another program does to the library is seen in the window."""

import shutil
import sys
from pathlib import Path
from subprocess import run

from pytestqt.qtbot import QtBot

from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.panels.library_items import KEY
from facedyn_app.library.database import change_mark
from facedyn_app.library.library import Library
from facedyn_app.library.session_file import save_session
from tests.gui.conftest import PATIENCE_MS, made_session, wait_idle

CONSENT = "simulated speakers need none"


def names(app: AppController) -> list[str]:
    return [speaker.name for speaker in app.library.snapshot.speakers]


def test_a_person_enrolled_by_a_command_appears(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    save_session(made_session(), tmp_path / "visit.npz")
    command = [sys.executable, "-m", "facedyn_app", "enrol", "Anna", str(tmp_path / "visit.npz")]
    command += ["--library", str(tmp_path / "library"), "--consent", CONSENT]
    done = run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    qtbot.waitUntil(lambda: names(app) == ["Anna"], timeout=PATIENCE_MS)
    assert app.window.library.model.item(0).text() == "Speakers (1)"


def test_what_is_selected_stays_so_while_others_come_and_go(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    library = Library.open(tmp_path / "library")
    for name in ("Anna", "Bert", "Cleo"):
        library.enrol(name, made_session(), CONSENT)
    qtbot.waitUntil(lambda: names(app) == ["Anna", "Bert", "Cleo"], timeout=PATIENCE_MS)
    tree, speakers = app.window.library.tree, app.window.library.model.item(0)
    tree.setExpanded(speakers.child(1).index(), True)
    qtbot.waitUntil(lambda: speakers.child(1).rowCount() == 1)
    tree.setCurrentIndex(speakers.child(1).child(0).index())
    key = tree.currentIndex().data(KEY)
    picked: list[int] = []
    app.window.library.session_picked.connect(picked.append)
    library.forget("Anna")
    library.enrol("Dora", made_session(), CONSENT)
    qtbot.waitUntil(lambda: names(app) == ["Bert", "Cleo", "Dora"], timeout=PATIENCE_MS)
    assert tree.currentIndex().data(KEY) == key
    assert tree.currentIndex().parent().data(KEY) == "Bert"
    assert tree.isExpanded(speakers.child(0).index())
    assert picked == []
    library.close()


def test_the_list_is_left_alone_where_nothing_in_it_has_changed(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    with Library.open(tmp_path / "library") as library:
        library.enrol("Anna", made_session(), CONSENT)
    qtbot.waitUntil(lambda: names(app) == ["Anna"], timeout=PATIENCE_MS)
    listed: list[object] = []
    app.library.listed.connect(listed.append)
    with Library.open(tmp_path / "library") as library:
        before = change_mark(tmp_path / "library")
        library.audit.record("identify", "visit.mp4 against 1 speakers")
        assert change_mark(tmp_path / "library") != before
    app.library.look()
    wait_idle(app, qtbot)
    app.library.look()
    wait_idle(app, qtbot)
    assert listed == []
    app.window.hide()
    app.library.look()
    assert app.library.queue.jobs == ()


def test_a_library_that_is_taken_away_is_empty(
    app: AppController, tmp_path: Path, qtbot: QtBot
) -> None:
    with Library.open(tmp_path / "library") as library:
        library.enrol("Anna", made_session(), CONSENT)
    qtbot.waitUntil(lambda: names(app) == ["Anna"], timeout=PATIENCE_MS)
    shutil.rmtree(tmp_path / "library")
    qtbot.waitUntil(lambda: names(app) == [], timeout=PATIENCE_MS)
