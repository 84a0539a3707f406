"""Names from outside in the window: seen letter by letter, never taken for HTML."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from facedyn_app.errors import InputError
from facedyn_app.gui.dialogs.train_page import _title
from facedyn_app.gui.formatting import markup_name, tip_text
from facedyn_app.gui.panels.who import WhoPanel
from facedyn_app.gui.status import error_status
from facedyn_app.gui.widgets.form_parts import make_error_line, make_note
from facedyn_app.gui.widgets.panel import Panel
from tests.gui.conftest import made_identification, made_recording

EVIL = '<img src="x"><b>Eve</b>'


def as_seen(html: str) -> str:
    """The letters that rich text shows."""
    document = QTextDocument()
    document.setHtml(html)
    return document.toPlainText()


def named(answer: Any, name: str) -> Any:
    first = dataclasses.replace(answer.matches[0], name=name)
    return dataclasses.replace(answer, matches=(first, *answer.matches[1:]))


def test_the_nearest_speaker_is_named_as_they_are(qtbot: QtBot) -> None:
    panel = WhoPanel()
    qtbot.addWidget(panel)
    answer = named(made_identification(known=False), EVIL)
    panel.show_recording(made_recording(None, identification=answer))
    assert f"nearest is {EVIL}, probability" in as_seen(panel.reason)
    assert "<img" not in panel.reason
    assert "<img" not in panel.votes


def test_the_answer_is_plain_text(qtbot: QtBot) -> None:
    panel = WhoPanel()
    qtbot.addWidget(panel)
    answer = named(made_identification(), EVIL)
    panel.show_recording(made_recording(None, identification=answer))
    assert EVIL in panel.answer
    label = next(one for one in panel.findChildren(QLabel) if one.text() == panel.answer)
    assert label.textFormat() is Qt.TextFormat.PlainText


@pytest.mark.parametrize("phase", ["done", "stopped", "failed"])
def test_a_training_is_called_what_it_is_called(phase: str) -> None:
    training: Any = SimpleNamespace(
        order=SimpleNamespace(name=EVIL),
        phase=phase,
        error=InputError(f"'{EVIL}' cannot be read."),
        text=EVIL,
    )
    title = _title(training, EVIL)
    assert "<img" not in title
    assert EVIL in as_seen(title)


def test_sentences_and_notes_are_plain_text(qtbot: QtBot) -> None:
    panel = Panel("Empty.", "")
    qtbot.addWidget(panel)
    panel.show_status(error_status(InputError(f"'{EVIL}' cannot be read.")))
    labels = [one for one in panel.findChildren(QLabel) if EVIL in one.text()]
    assert labels
    labels += [make_note(EVIL), make_error_line()]
    for label in labels[-2:]:
        qtbot.addWidget(label)
    assert {label.textFormat() for label in labels} == {Qt.TextFormat.PlainText}


def test_a_tip_that_looks_like_html_is_escaped() -> None:
    assert tip_text("Consent: given\n3 May") == "Consent: given\n3 May"
    assert tip_text("a\x1bb") == r"a\x1bb"
    for text in (EVIL, "&lt;b>x"):
        assert as_seen(tip_text(f"{text}\nline")) == f"{text}\nline"


def test_a_long_name_is_cut() -> None:
    assert markup_name("<" * 10_000) == "&lt;" * 199 + "…"
