"""Every panel says what a user must know, in each of its states."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QDate, QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QTableView, QWidget
from pytestqt.qtbot import QtBot

from facedyn_app.errors import InputError
from facedyn_app.gui.dialogs.session import EnrolDialog
from facedyn_app.gui.formatting import duration_text
from facedyn_app.gui.job_list import JobRow
from facedyn_app.gui.panels.facts import FactsPanel
from facedyn_app.gui.panels.library import LibraryPanel
from facedyn_app.gui.panels.traces import TracesPanel
from facedyn_app.gui.panels.trust import TrustPanel
from facedyn_app.gui.panels.who import WhoPanel
from facedyn_app.gui.status import DONE, EMPTY, PanelStatus, error_status
from facedyn_app.gui.theme import DARK, GRID, LIGHT, Colours, palette_of
from facedyn_app.gui.timeline import timeline_of
from facedyn_app.gui.widgets.form_parts import TickBox
from facedyn_app.gui.widgets.panel import Panel
from facedyn_app.gui.widgets.screen_fit import ScrolledPage
from facedyn_app.gui.widgets.seek_bar import SeekBar
from facedyn_app.gui.widgets.status_line import StatusLine, TimeLeft
from facedyn_app.progress import Progress
from facedyn_app.records import Consent, Grant, MatchTrust, Purpose, Quality
from facedyn_app.settings import TrustSettings
from facedyn_app.workflows.records import (
    LibrarySnapshot,
    ListedSession,
    ListedSpeaker,
    session_key,
)
from tests.gui.conftest import (
    N_FRAMES,
    made_drift,
    made_identification,
    made_quality,
    made_recording,
    made_session,
)


def test_a_panel_goes_through_its_four_states(qtbot: QtBot) -> None:
    panel = Panel("Drop a video here.", "Any will do.")
    qtbot.addWidget(panel)
    panel.show()
    assert panel.text == "Drop a video here. Any will do."
    panel.show_status(PanelStatus("working", "Fitting …", share=0.4))
    assert panel.text == "Fitting …"
    error = InputError("The file 'x.mp4' is no video.", "Choose another.")
    retries: list[str] = []
    panel.show_status(error_status(error, lambda: retries.append("again")))
    assert panel.text == "The file 'x.mp4' is no video. Choose another."
    retry = next(b for b in panel.findChildren(QPushButton) if b.text() == "Retry")
    QTest.mouseClick(retry, Qt.MouseButton.LeftButton)
    assert retries == ["again"]
    panel.show_status(DONE)
    assert panel.text == ""
    assert panel.content.isVisible()
    panel.show_status(EMPTY)
    assert panel.text == "Drop a video here. Any will do."
    assert not retry.isVisible()


def test_a_fault_of_ours_is_told_from_a_users_error() -> None:
    assert "mistake of its own: KeyError" in error_status(KeyError("x")).sentence


def test_the_ranking_and_what_is_below_it_do_not_cover_each_other(qtbot: QtBot) -> None:
    panel = WhoPanel()
    page = ScrolledPage(panel)
    qtbot.addWidget(page)
    panel.show_recording(made_recording(None, identification=made_identification()))
    page.resize(400, 200)
    with qtbot.waitExposed(page):
        page.show()
    (table,) = panel.findChildren(QTableView)
    qtbot.waitUntil(lambda: panel.height() > page.height())
    assert table.height() >= 12 * GRID
    assert table.geometry().bottom() < panel.evidence.geometry().top()


def is_unseen(widget: QWidget) -> bool:
    return not widget.isVisible()


def test_what_is_hidden_makes_no_panel_scroll(qtbot: QtBot) -> None:
    for panel in (WhoPanel(), TrustPanel(TrustSettings())):
        page = ScrolledPage(panel)
        bar = page.verticalScrollBar()
        qtbot.addWidget(page)
        page.resize(400, 160)
        with qtbot.waitExposed(page):
            page.show()
        assert not bar.isVisible()
        panel.show_recording(made_recording(None))
        qtbot.waitUntil(bar.isVisible)
        panel.show_recording(None)
        qtbot.waitUntil(partial(is_unseen, bar))


def test_a_share_is_rounded_as_in_its_reason(qtbot: QtBot) -> None:
    panel = TrustPanel(TrustSettings())
    qtbot.addWidget(panel)
    reason = "The face could be followed in 73 % of the frames only; 90 % or more are better."
    quality = Quality(461, 341, 12.5, 0.3, 262.0, "caution", (reason,))  # 73.97 %
    panel.show_recording(made_recording(None, quality=quality))
    assert "73 % of frames valid" in panel.verdict
    assert reason in panel.verdict


def test_who_names_the_first_and_says_what_the_number_means(qtbot: QtBot) -> None:
    panel = WhoPanel()
    qtbot.addWidget(panel)
    panel.show_recording(made_recording(None))
    assert panel.answer == "P-014 (simulated)"
    assert "probability 0.91" in panel.reason
    assert "gallery of 6" in panel.reason
    assert "caution" in panel.reason
    assert "0.60" in panel.footer
    assert "simulated speakers" in panel.footer
    rows = [[panel.model.index(r, c).data() for c in range(4)] for r in range(6)]
    assert rows[1] == ["2", "P-003 (simulated)", "0.22", "-0.56"]
    assert rows[2][1] == "P-021"


def test_trust_says_how_far_the_best_match_can_be_believed(qtbot: QtBot) -> None:
    answer = made_identification()
    trust = MatchTrust("caution", (), ("The shape of <P> is far.",), 4.0)
    first = dataclasses.replace(answer.matches[0], trust=trust)
    answer = dataclasses.replace(answer, matches=(first, *answer.matches[1:]))
    who, panel = WhoPanel(), TrustPanel(TrustSettings())
    for widget in (who, panel):
        qtbot.addWidget(widget)
        widget.show_recording(made_recording(None, identification=answer))
    assert [who.model.index(row, 4).data() for row in range(2)] == ["caution", ""]
    assert "Match with P-014 (simulated): <b" in panel.verdict
    assert panel.verdict.endswith("caution</b><br>The shape of &lt;P&gt; is far.")


def test_who_shows_ranks_and_scores_where_probabilities_are_not_calibrated(qtbot: QtBot) -> None:
    panel = WhoPanel()
    qtbot.addWidget(panel)
    answer = dataclasses.replace(made_identification(), caution="Learnt from made speakers only.")
    panel.show_recording(made_recording(None, identification=answer))
    assert panel.answer == "Nearest: P-014 (simulated)"
    assert "not calibrated" in panel.reason
    assert "0.91" not in panel.reason
    assert panel.footer == "Learnt from made speakers only."
    assert [panel.model.index(row, 2).data() for row in range(2)] == ["-", "-"]
    stranger = dataclasses.replace(answer, known=False)
    panel.show_recording(made_recording(None, identification=stranger))
    assert panel.answer == "Nearest: P-014 (simulated)"
    few = dataclasses.replace(answer, matches=answer.matches[:2])
    panel.show_recording(made_recording(None, identification=few))
    assert "Only 2 speakers are enrolled" in panel.footer


def test_who_says_not_in_the_gallery(qtbot: QtBot) -> None:
    panel = WhoPanel()
    qtbot.addWidget(panel)
    panel.show_recording(made_recording(None, identification=made_identification(known=False)))
    assert panel.answer == "Not in the gallery"
    assert "nearest is P-014, probability 0.31" in panel.reason
    panel.show_recording(None)
    assert panel.text.startswith("Who is it?")


def listed(name: str, key: int, *, agreed: Consent | None = None) -> ListedSpeaker:
    session = ListedSession(key, "visit-1", simulated=False, seconds=30.0, day=None, date_text="")
    return ListedSpeaker(name, "given", (session,), agreed)


def test_who_says_why_there_is_no_answer(qtbot: QtBot) -> None:
    panel, home = WhoPanel(), Path("somewhere")
    qtbot.addWidget(panel)
    shown = made_recording(None, key=session_key(home, 1), identification=None)
    one, two = listed("Anna", 1), listed("Bo", 2)
    unasked = Consent("given", datetime.now(UTC), (Grant(Purpose.RESEARCH, datetime.now(UTC)),))
    libraries = {
        "locked": LibrarySnapshot(home, (), protected=True, locked=True),
        "empty": LibrarySnapshot(home, (ListedSpeaker("Cy", "given", ()),)),
        "its own": LibrarySnapshot(home, (one,)),
        "several": LibrarySnapshot(home, (one, two, listed("Di", 3, agreed=unasked))),
        "no consent": LibrarySnapshot(home, (listed("Di", 3, agreed=unasked),)),
    }
    said: dict[str, tuple[str, str]] = {}
    for case, library in libraries.items():
        texts = []
        for recording in (None, shown):
            panel.show_recording(recording)
            panel.show_library(library)  # follows what is listed while it stands there
            texts.append(panel.text)
        said[case] = (texts[0], texts[1])
    assert all("is locked" in text for text in said["locked"])
    assert "needs speakers who are enrolled" in said["empty"][0]
    assert said["empty"][1].startswith("Nobody is enrolled yet")
    assert "compared with 1 enrolled speaker." in said["its own"][0]
    assert said["its own"][1].startswith("This is the only session in the library")
    assert "compared with 2 enrolled speakers." in said["several"][0]
    assert said["several"][1].startswith("This recording has not been compared yet.")
    assert "“Who is it?” compares it with 2 enrolled speakers." in said["several"][1]
    assert all("has consented to recognition" in text for text in said["no consent"])
    panel.show_recording(made_recording(None))
    panel.show_library(libraries["empty"])
    assert panel.text == ""  # an answer stays


def test_trust_puts_words_before_numbers(qtbot: QtBot) -> None:
    panel = TrustPanel(TrustSettings())
    qtbot.addWidget(panel)
    panel.show_recording(made_recording(None))
    assert "caution" in panel.verdict
    assert "The face is 60 px high" in panel.verdict
    assert "90 % of frames valid" in panel.verdict
    assert "stable" in panel.drift_text
    assert "0.80" in panel.drift_text
    speaker = panel.model.item(0, 0)
    assert speaker.text() == "P-014 (simulated)"
    assert [panel.model.item(0, c).text() for c in (1, 2, 3)] == ["stable", "1.04", "0.80"]
    assert [speaker.child(2, c).text() for c in (0, 2, 4)] == ["visit-3", "1.40", "1.20 to 1.70"]


def test_the_heads_of_columns_stay_when_rows_are_replaced(qtbot: QtBot) -> None:
    """PySide takes heads that were deleted for alive, and then for what Qt puts in their place."""
    panel = TrustPanel(TrustSettings())
    qtbot.addWidget(panel)
    panel.model.horizontalHeaderItem(0).setText("the same")
    for shown in (made_recording(None), None, made_recording(None)):
        panel.show_recording(shown)
        assert bool(panel.model.rowCount()) == (shown is not None)
        assert panel.model.horizontalHeaderItem(0).text() == "the same"
        assert panel.model.horizontalHeaderItem(2).text() == "DNR"


def test_trust_gives_no_ratio_for_one_session(qtbot: QtBot) -> None:
    panel = TrustPanel(TrustSettings())
    qtbot.addWidget(panel)
    panel.show_drift((made_drift("P-007", n_sessions=1),))
    assert "unknown" in panel.drift_text
    assert "Needs two sessions" in panel.drift_text
    assert panel.model.item(0, 2).text() == "-"


def test_trust_without_a_speaker_still_judges_the_measurement(qtbot: QtBot) -> None:
    panel = TrustPanel(TrustSettings())
    qtbot.addWidget(panel)
    recording = made_recording(None, drift=(), identification=None, quality=made_quality("good"))
    panel.show_recording(recording)
    assert "good" in panel.verdict
    assert "needs a speaker" in panel.drift_text


def test_facts_say_simulated_and_give_units(qtbot: QtBot) -> None:
    panel = FactsPanel()
    qtbot.addWidget(panel)
    panel.show_recording(made_recording(Path("visit-0412.mp4")))
    model = panel.model
    facts = {model.index(r, 0).data(): model.index(r, 1).data() for r in range(model.rowCount())}
    assert facts["File"] == "visit-0412.mp4"
    assert facts["Origin"] == "simulated"
    assert facts["Picture"] == "96 x 64 px"
    assert facts["Frame rate"] == "25 frames/s"
    assert facts["Landmark error"] == "0.50 % of face height"
    panel.show_recording(made_recording(None, session=made_session(simulated=False)))
    assert "Origin" not in [model.index(r, 0).data() for r in range(model.rowCount())]


def test_the_library_lists_speakers_recordings_and_work(qtbot: QtBot) -> None:
    panel = LibraryPanel()
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    panel.show()
    visit = ListedSession(7, "visit-1", True, 12.0, date(2026, 3, 5), "2026-03-05")
    made = ListedSpeaker("P-014", "given", (visit,))
    panel.show_snapshot(
        LibrarySnapshot(Path("somewhere"), (made, ListedSpeaker("Anna", "given", ())))
    )
    panel.show_recordings([made_recording(None)], (), "visit-0412")
    rows = (JobRow("a", "Fit face: a.mp4 · 41 %", ""), JobRow("b", "b.mp4 · waiting", ""))
    panel.show_queue(rows)
    texts = [
        [panel.model.item(r).child(k).text() for k in range(panel.model.item(r).rowCount())]
        for r in range(3)
    ]
    assert texts[0] == ["P-014 (simulated) · 1 session", "Anna · 0 sessions"]
    panel.tree.expand(panel.model.item(0).child(0).index())
    session = panel.model.item(0).child(0).child(0)
    assert session.text() == "2026-03-05 · visit-1 (simulated) · 12.0 s"
    assert texts[1] == ["visit-0412.mp4 (simulated) · P-014"]
    assert texts[2] == ["Fit face: a.mp4 · 41 %", "b.mp4 · waiting"]
    index = panel.model.item(1).child(0).index()
    assert panel.tree.currentIndex() == index
    panel.select_recording(None)  # as when another video could not be opened
    assert not panel.tree.selectionModel().hasSelection()
    panel.select_recording("visit-0412")
    assert panel.tree.currentIndex() == index
    with qtbot.waitSignal(panel.recording_picked) as picked:
        place = panel.tree.visualRect(index).center()
        QTest.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert picked.args == ["visit-0412"]


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_tick_boxes_stand_out_from_the_ground(qtbot: QtBot, colours: Colours) -> None:
    box = TickBox("yes")
    qtbot.addWidget(box)
    box.setPalette(palette_of(colours))
    box.resize(box.sizeHint())
    picture = box.grab().toImage()
    option = QStyleOptionButton()
    box.initStyleOption(option)
    edge = box.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, box)
    for place in (edge.topLeft(), edge.bottomRight()):
        assert contrast(picture.pixelColor(place).name(), colours.window) > 3  # WCAG, 1.4.11


def test_nothing_is_enrolled_without_consent(qtbot: QtBot) -> None:
    dialog = EnrolDialog({"Anna": "given by Anna on 2024-02-03 for research"}, "visit.mp4")
    qtbot.addWidget(dialog)
    assert not dialog.complete
    assert dialog.notes[0] == "Give the speaker a name or a code."
    dialog.name.setCurrentText("Berta")
    assert dialog.notes == ("", "Say who gave the consent.", "Say what the consent is for.")
    dialog.giver.setText("Berta")
    assert not dialog.complete
    dialog.scope.setText("follow-up")
    dialog.date.setDate(QDate(2024, 5, 6))
    assert dialog.complete
    assert dialog.enrolment().consent == "given by Berta on 2024-05-06 for follow-up"


def test_a_speaker_with_consent_needs_no_second_one(qtbot: QtBot) -> None:
    dialog = EnrolDialog({"Anna": "given by Anna on 2024-02-03 for research"}, "visit.mp4")
    qtbot.addWidget(dialog)
    dialog.name.setCurrentText("Anna")
    assert dialog.complete
    assert "2024-02-03" in dialog.notes[0]
    assert dialog.enrolment().consent is None


def test_traces_have_a_cursor_and_let_the_user_pick(qtbot: QtBot) -> None:
    panel = TracesPanel()
    qtbot.addWidget(panel)
    panel.resize(800, 300)
    panel.show()
    timeline = timeline_of(made_session())
    panel.set_timeline(timeline)
    panel.show_frame(10)
    assert [group.title for group in panel.groups] == ["Jaw", "Blink", "Smile"]
    assert panel.cursor_seconds == pytest.approx(0.4)
    assert panel.drawn_points() == N_FRAMES
    panel.set_timeline(None)
    assert panel.text


def test_the_seek_bar_picks_the_frame_under_the_pointer(qtbot: QtBot) -> None:
    bar = SeekBar()
    qtbot.addWidget(bar)
    bar.resize(416, 46)
    bar.show()
    bar.set_timeline(timeline_of(made_session()))
    with qtbot.waitSignal(bar.frame_picked) as picked:
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(8 + 200, 30))
    assert picked.args == [14]
    with qtbot.waitSignal(bar.frame_picked) as picked:
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(415, 30))
    assert picked.args == [N_FRAMES - 1]


def test_the_seek_bar_colours_what_is_not_trusted(qtbot: QtBot) -> None:
    bar = SeekBar()
    qtbot.addWidget(bar)
    bar.resize(616, 46)
    bar.show()
    bar.set_timeline(timeline_of(made_session()))
    image = bar.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    inside, outside = image.pixelColor(8 + 270, 3), image.pixelColor(8 + 100, 3)
    assert inside.red() - inside.blue() > 60
    assert abs(outside.red() - outside.blue()) < 30


def test_time_left_follows_the_pace() -> None:
    guess = TimeLeft()
    assert guess.update(Progress("fit", 0, 100), 10.0) == (None, None)
    left, pace = guess.update(Progress("fit", 25, 100), 15.0)
    assert left == pytest.approx(15.0)
    assert pace == pytest.approx(5.0)
    assert guess.update(Progress("next", 0, 100), 16.0) == (None, None)
    assert duration_text(38.2) == "0:38"
    assert duration_text(3725) == "1:02:05"


def test_the_status_line_says_what_runs_and_offers_cancel(qtbot: QtBot) -> None:
    line = StatusLine()
    qtbot.addWidget(line)
    assert not line.cancellable
    line.show_started("Fit face: a.mp4")
    line.show_progress(Progress("following the face", 41, 100))
    assert line.text == "Fit face: a.mp4: following the face · 41 %"
    assert line.cancellable
    line.show_end("Fit face: a.mp4", cancelled=True)
    assert line.text == "Fit face: a.mp4 · stopped"
    assert not line.cancellable


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours as WCAG 2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_words_can_be_read_on_their_background(colours: Colours) -> None:
    for name in ("text", "muted", "good", "caution", "bad"):
        for background in (colours.base, colours.window):
            assert contrast(getattr(colours, name), background) >= 4.5, name
