"""Rows of the library's tree: their texts, and what is kept with them."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem
from PySide6.QtWidgets import QStyleOptionViewItem

from facedyn_app.formatting import counted
from facedyn_app.gui.formatting import simulated_label, tip_text
from facedyn_app.gui.widgets.form_parts import TickDelegate
from facedyn_app.gui.widgets.table import Index
from facedyn_app.workflows.records import ListedSession, ListedSpeaker, Recording

KIND: Final = Qt.ItemDataRole.UserRole + 1
"""What a row is: "speaker", "session", "recording", "job", or "end" for the end of a job."""
KEY: Final = Qt.ItemDataRole.UserRole + 2
"""Which one it is."""
SESSION: Final = Qt.ItemDataRole.UserRole + 3
"""The `ListedSession` of a session."""
LISTED: Final = Qt.ItemDataRole.UserRole + 4
"""The `ListedSpeaker` of a speaker."""
FAILED: Final = Qt.ItemDataRole.UserRole + 5
"""Whether a row ends in why its work has failed."""
TICK_TIP: Final = "Tick several for Identify > Who are the ticked?"
SESSION_TIP: Final = "A click opens it; a right click also dates, moves, notes and forgets it."


class RowDelegate(TickDelegate):
    """Draws the rows; of what has failed the name is to be read, which stands before the reason."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802
        """Say how a row is drawn."""
        super().initStyleOption(option, index)
        if index.data(FAILED):
            option.textElideMode = Qt.TextElideMode.ElideRight


def answer_text(recording: Recording) -> str:
    """Who an opened recording is, as the list tells it; nothing where nobody has asked."""
    answer = recording.identification
    if answer is None or not answer.matches:
        return ""
    return f" · {answer.words()}"


def head_item(title: str) -> QStandardItem:
    """The head of a part of the tree."""
    item = QStandardItem(title)
    font = item.font()
    font.setBold(True)
    item.setFont(font)
    item.setSelectable(False)
    return item


def make_item(text: str, kind: str, key: object, tip: str) -> QStandardItem:
    """A row: what it says, what it is, which one, and what the pointer over it tells."""
    item = QStandardItem(text)
    item.setData(kind, KIND)
    item.setData(key, KEY)
    item.setToolTip(tip_text(tip))
    return item


def speaker_item(speaker: ListedSpeaker) -> QStandardItem:
    """A speaker, their sessions still to be made."""
    n = len(speaker.sessions)
    label = simulated_label(speaker.name, simulated=speaker.simulated)
    text = f"{label} · {counted(n, 'session')}{' · consent ended' if speaker.ended else ''}"
    tip = f"Consent: {speaker.consent_words or 'none recorded'}"
    item = make_item(text, "speaker", speaker.name, tip)
    item.setData(speaker, LISTED)
    return item


def session_item(session: ListedSession) -> QStandardItem:
    """A session of a speaker."""
    name = simulated_label(session.name, simulated=session.simulated)
    line = f"{session.date_text} · {name} · {session.seconds:.1f} s"
    row = make_item(line, "session", session.key, f"{line}\n{SESSION_TIP}")
    row.setData(session, SESSION)
    return row
