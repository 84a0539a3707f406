"""Reports from the window: the dialog asks, the file is written, PDF has pages."""

import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from facedyn_app.errors import OutputError
from facedyn_app.gui.controllers.app import AppController
from facedyn_app.gui.dialogs.form import plain_name
from facedyn_app.gui.dialogs.report import ReportDialog, ReportOrder
from facedyn_app.gui.pdf import print_pdf
from tests.gui.conftest import (
    enrol_drifting,
    made_recording,
    made_session,
    wait_idle,
)

LONG = "<h1>Made</h1>" + "".join(f"<p>Line {k}</p>" for k in range(200))


def n_pages(path: Path) -> int:
    content = path.read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    return content.count(b"/Type /Page\n")


def test_a_page_is_printed_on_as_many_sheets_as_it_takes(
    qapp: QApplication, tmp_path: Path
) -> None:
    print_pdf("<h1>Made</h1><p>One line</p>", tmp_path / "short.pdf")
    print_pdf(LONG, tmp_path / "long.pdf")
    assert n_pages(tmp_path / "short.pdf") == 1
    assert n_pages(tmp_path / "long.pdf") > 3


def test_what_cannot_be_printed_leaves_nothing(qapp: QApplication, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        print_pdf(LONG, tmp_path / "gone" / "r.pdf")
    assert list(tmp_path.iterdir()) == []


def test_the_dialog_offers_what_there_is(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ReportDialog(None, ["Ada/1", "Bo"], tmp_path)
    qtbot.addWidget(dialog)
    offered = [dialog.subject.itemText(k) for k in range(dialog.subject.count())]
    assert offered == [
        "Speaker over time: Ada/1",
        "Speaker over time: Bo",
        "All speakers of the library",
    ]
    order = dialog.order()
    assert (order.speaker, order.path) == ("Ada/1", tmp_path / "Ada_1-report.pdf")
    dialog.subject.setCurrentIndex(2)
    dialog.form.setCurrentIndex(1)
    order = dialog.order()
    assert (order.speaker, order.path) == (None, tmp_path / "library-report.html")
    assert dialog.complete


def test_clinical_measures_are_of_a_recording_or_of_one_speaker(
    qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = ReportDialog(made_recording(None), ["Ada/1"], tmp_path)
    qtbot.addWidget(dialog)
    assert not dialog.order().clinical
    dialog.clinical.click()
    assert dialog.order().clinical
    dialog.subject.setCurrentIndex(1)
    assert dialog.order().clinical
    dialog.subject.setCurrentIndex(2)
    assert not dialog.clinical.isEnabled()
    assert not dialog.order().clinical


def test_a_head_that_is_not_at_hand_is_said_in_place_of_the_measures(
    app: AppController, qtbot: QtBot, tmp_path: Path
) -> None:
    out = tmp_path / "one.html"
    app.export.write_report(ReportOrder(made_recording(None), None, out, clinical=True))
    wait_idle(app, qtbot)
    page = out.read_text(encoding="utf-8")
    assert "Clinical measures" in page
    assert "Not measured." in page
    assert "tiny-head" in page.split("Not measured.")[1].split("</p>")[0]


def test_what_would_be_replaced_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ReportDialog(None, ["Ada"], tmp_path)
    qtbot.addWidget(dialog)
    assert dialog.note == ""
    (tmp_path / "old.pdf").write_text("x")
    dialog.path.setText(str(tmp_path / "old.pdf"))
    assert "will be replaced" in dialog.note
    assert dialog.complete


def test_titles_become_names_of_their_own() -> None:
    assert plain_name("visit.mp4") == "visit"
    assert plain_name("visit.mp4, face 2") == "visit_face 2"
    assert plain_name("Anna B. Smith, monday") == "Anna B. Smith_monday"
    assert plain_name('a:b?c/d"') == "a_b_c_d_"
    assert plain_name("...") == "recording"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Say where to"),
        ("r.txt", "must end in .pdf"),
        ("gone/r.pdf", "There is no folder"),
        (300 * "a" + ".pdf", "cannot be written"),
    ],
)
def test_what_is_missing_is_said(qtbot: QtBot, tmp_path: Path, text: str, words: str) -> None:
    dialog = ReportDialog(None, ["Ada"], tmp_path)
    qtbot.addWidget(dialog)
    dialog.path.setText(str(tmp_path / text) if text else "")
    assert words in dialog.note
    assert not dialog.complete


def test_there_must_be_something_to_report(app: AppController, qtbot: QtBot) -> None:
    wait_idle(app, qtbot)
    app.window.report_requested.emit()
    assert "Open a video or enrol" in app.window.status_line.text


def test_reports_on_all_three_are_written(app: AppController, qtbot: QtBot, tmp_path: Path) -> None:
    enrol_drifting(app, qtbot)
    app.window.library.session_picked.emit(app.library.snapshot.speakers[0].sessions[0].key)
    wait_idle(app, qtbot)
    recording = app.state.recording
    assert recording is not None
    for order in (
        ReportOrder(recording, None, tmp_path / "session.pdf"),
        ReportOrder(None, "P-014", tmp_path / "speaker.pdf"),
        ReportOrder(None, None, tmp_path / "library.html"),
    ):
        app.export.write_report(order)
        wait_idle(app, qtbot)
        assert str(order.path) in app.window.status_line.text
    assert n_pages(tmp_path / "session.pdf") >= 2
    assert n_pages(tmp_path / "speaker.pdf") >= 2
    text = (tmp_path / "library.html").read_text(encoding="utf-8")
    assert '<td class="name">P-014 (simulated)</td><td>2</td>' in text
    assert "given for a test" in text


def test_a_recording_has_a_report_without_any_library(
    app: AppController, qtbot: QtBot, tmp_path: Path
) -> None:
    wait_idle(app, qtbot)
    recording = made_recording(None, session=made_session(), title="visit")
    app.export.write_report(ReportOrder(recording, None, tmp_path / "r.html"))
    wait_idle(app, qtbot)
    assert (tmp_path / "r.html").is_file()
    assert not app.library.snapshot.folder.exists()


def test_a_name_without_its_ending_gets_the_chosen_one(
    app: AppController, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_idle(app, qtbot)
    app.state.add_recording(made_recording(None, session=made_session(), title="visit"))
    app.state.show_recording("visit-0412")
    chosen = (str(tmp_path / "run1"), "PARQUET (*.parquet)")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: chosen)
    app.window.table_requested.emit()
    wait_idle(app, qtbot)
    assert (tmp_path / "run1.parquet").stat().st_size > 0
    app.window.table_requested.emit()
    assert "is there already" in app.window.status_line.text


def test_the_window_starts_without_what_only_reports_and_tables_need() -> None:
    told = (
        "import sys, facedyn_app.gui.app;"
        "print([name for name in ('matplotlib', 'pyarrow') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"
