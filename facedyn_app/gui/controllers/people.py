"""People and sessions of the open library changed and forgotten; all but that can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QInputDialog, QMessageBox, QWidget

from facedyn_app.formatting import shown_name
from facedyn_app.gui.controllers.library import LibraryController
from facedyn_app.gui.dialogs.consent import ConsentDialog
from facedyn_app.gui.dialogs.session import NoteDialog
from facedyn_app.gui.state import AppState
from facedyn_app.library.annotations import Annotation
from facedyn_app.library.forgetting import ForgetPlan
from facedyn_app.library.names import NearNameError
from facedyn_app.progress import OnProgress
from facedyn_app.records import Consent, Purpose
from facedyn_app.workflows import consent, forget, speakers
from facedyn_app.workflows.forget import Forgotten
from facedyn_app.workflows.records import LibrarySnapshot, ListedSession
from facedyn_app.workflows.speakers import SpeakerChange

Result = TypeVar("Result")
MOST_LINES: Final = 20
"""Of what will go with several speakers, that are shown."""


class PeopleController(QObject):
    """Asks, changes, and remembers what can be undone until the program is closed.

    Attributes:
        undo_changed: str: what can be undone now, such as "rename"; empty for nothing.
        dialog: What is asked at the moment; None where nothing is.

    Args:
        state: The window's state.
        library: The open library; its queue does the work.
        parent: The window of the questions.
    """

    undo_changed = Signal(str)

    def __init__(self, state: AppState, library: LibraryController, parent: QWidget) -> None:
        super().__init__()
        self._state, self._library, self._parent = state, library, parent
        self._undos: list[tuple[str, Callable[[OnProgress], LibrarySnapshot]]] = []
        self.dialog: QDialog | None = None

    @Slot(str)
    def ask_rename(self, speaker: str) -> None:
        """Ask for a speaker's new name."""
        dialog = QInputDialog(self._parent)
        dialog.setLabelText(f"New name of “{speaker}”:")
        dialog.setTextValue(speaker)
        dialog.textValueSelected.connect(partial(self.rename, speaker))
        self._open(dialog, "Rename speaker")

    @Slot(str)
    def ask_merge(self, speaker: str) -> None:
        """Ask which speaker is the same person."""
        question = f"“{speaker}” is the same person as:"
        self._ask_other(speaker, "Merge speakers", question, partial(self.merge, speaker))

    @Slot(str)
    def ask_forget(self, speaker: str) -> None:
        """Say what will go, and ask whether it shall."""
        self._ask_what_goes(f"“{speaker}”", speaker, None)

    @Slot()
    def ask_forget_ended(self) -> None:
        """Say what will go with everybody whose consent has ended, and ask whether it shall."""
        work = partial(forget.what_goes_with_ended, self._folder)
        self._submit("What is of those whose consent has ended", work, self._show_ended)

    @Slot(str)
    def ask_consent(self, speaker: str) -> None:
        """Show what a speaker has consented to, and let it be changed."""
        agreed = {one.name: one.agreed for one in self._library.snapshot.speakers}.get(speaker)
        if agreed is None:
            return
        dialog = ConsentDialog(speaker, agreed, self._parent)
        dialog.accepted.connect(
            lambda: self.set_consent(speaker, dialog.wanted, dialog.giver.text(), agreed)
        )
        self._open(dialog, "Consent")

    @Slot(object)
    def ask_forget_session(self, session: ListedSession) -> None:
        """Say what will go with a session, and ask whether it shall."""
        self._ask_what_goes(f"the session “{shown_name(session.name)}”", None, f"#{session.key}")

    @Slot(str, object)
    def ask_move(self, speaker: str, session: ListedSession) -> None:
        """Ask whose a session is."""
        question = f"“{shown_name(session.name)}” is a session of:"
        self._ask_other(speaker, "Move session", question, partial(self.move, session.key))

    @Slot(str, object)
    def ask_note(self, speaker: str, session: ListedSession | None) -> None:
        """Ask for tags and note of a speaker, or of one of their sessions."""
        key = None if session is None else f"#{session.key}"
        name = speaker if session is None else session.name
        work = partial(speakers.noted_on, self._folder, speaker, key)
        self._submit(f"Note on {name}", work, partial(self._show_note, name, speaker, key))

    def rename(self, old: str, new: str, near: bool = False) -> None:
        """Give a speaker another name."""
        if new.strip() == old:
            return

        def fail(error: Exception) -> None:
            if isinstance(error, NearNameError):
                self._ask_near(old, new, error.near)
            else:
                self._state.show_error(error)

        self._library.queue.submit(
            speakers.rename,
            self._folder,
            old,
            new,
            near,
            title=f"Rename {old}",
            on_result=self._take_change,
            on_error=fail,
        )

    def merge(self, source: str, into: str) -> None:
        """Make two speakers one."""
        work = partial(speakers.merge, self._folder, source, into)
        self._submit(f"Merge {source}", work, self._take_change)

    def move(self, session: int, speaker: str) -> None:
        """Make a session, by its key, another speaker's."""
        work = partial(speakers.move_listed, self._folder, f"#{session}", speaker)
        self._submit(f"Move a session to {speaker}", work, self._take_change)

    def set_consent(
        self,
        speaker: str,
        wanted: Mapping[Purpose, date | None],
        given_by: str,
        before: Consent,
    ) -> None:
        """Say what a speaker's consent holds for from now on, where that is something else."""
        if wanted == before.in_force() and not given_by.strip():
            return
        work = partial(consent.set_consent, self._folder, speaker, wanted, given_by, "")
        self._submit(f"Consent of {speaker}", work, self._take_change)

    def forget_ended(self) -> None:
        """Forget everybody whose consent has ended; what could be undone before cannot any more."""
        self.forget_undo()
        work = partial(forget.forget_ended_listed, self._folder)
        self._submit("Forget whose consent has ended", work, self._take_ended)

    def forget(self, speaker: str | None, session: str | None) -> None:
        """Forget a speaker or a session; what could be undone before cannot any more."""
        self.forget_undo()
        work = partial(forget.forget_listed, self._folder, speaker, session)
        self._submit(f"Forget {speaker or 'a session'}", work, self._take_forgotten)

    def forget_undo(self) -> None:
        """Drop what could be undone: it names people who are gone."""
        self._undos.clear()
        self._tell_undo()

    @Slot()
    def undo(self) -> None:
        """Take the last change back."""
        if self._undos:
            what, work = self._undos.pop()
            self._tell_undo()
            self._submit(f"Undo the {what}", work, self._library.take_snapshot)

    def _submit(
        self,
        title: str,
        work: Callable[[OnProgress], Result],
        take: Callable[[Result], object],
    ) -> None:
        self._library.queue.submit(
            work, title=title, on_result=take, on_error=self._state.show_error
        )

    @property
    def _folder(self) -> Path:
        return self._library.snapshot.folder

    def _open(self, dialog: QDialog, title: str) -> None:
        dialog.setWindowTitle(title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(self._drop_dialog)
        self.dialog = dialog
        dialog.open()

    def _drop_dialog(self) -> None:
        self.dialog = None

    def _ask(self, title: str, text: str, details: str, agree: str) -> QMessageBox:
        box = QMessageBox(self._parent)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(text)
        box.setInformativeText(details)
        box.addButton(agree, QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        self._open(box, title)
        return box

    def _ask_near(self, old: str, new: str, near: str) -> None:
        text = f"“{new}” is nearly the name of “{near}”, who is in the library."
        box = self._ask("Rename speaker", text, "Is this another person?", "Another person")
        box.accepted.connect(partial(self.rename, old, new, near=True))

    def _ask_other(
        self, speaker: str, title: str, question: str, take: Callable[[str], object]
    ) -> None:
        names = [one.name for one in self._library.snapshot.speakers if one.name != speaker]
        if not names:
            self._state.show_message("There is nobody else in the library.")
            return
        dialog = QInputDialog(self._parent)
        dialog.setComboBoxItems(names)
        dialog.setLabelText(question)
        dialog.textValueSelected.connect(take)
        self._open(dialog, title)

    def _ask_what_goes(self, whose: str, speaker: str | None, session: str | None) -> None:
        show = partial(self._show_what_goes, whose, speaker, session)
        work = partial(forget.what_goes, self._folder, speaker, session)
        self._submit(f"What is of {whose}", work, show)

    def _show_what_goes(
        self, whose: str, speaker: str | None, session: str | None, plan: ForgetPlan
    ) -> None:
        text = f"Forget {whose}? This cannot be undone. This will go:"
        title = "Forget session" if speaker is None else "Forget speaker"
        box = self._ask(title, text, "\n".join(plan.lines()), "Forget")
        box.accepted.connect(partial(self.forget, speaker, session))

    def _show_ended(self, lines: Sequence[str]) -> None:
        if not lines:
            self._state.show_message("Nobody's consent has ended.")
            return
        text = "Forget everybody whose consent has ended? This cannot be undone. This will go:"
        more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
        told = "\n".join([*lines[:MOST_LINES], *more])
        box = self._ask("Forget speakers", text, told, "Forget")
        box.accepted.connect(self.forget_ended)

    def _show_note(self, name: str, speaker: str, key: str | None, noted: Annotation) -> None:
        dialog = NoteDialog(name, noted, self._parent)
        dialog.accepted.connect(lambda: self._note(speaker, key, noted, dialog.noted))
        self._open(dialog, "Tags and note")

    def _note(self, speaker: str, key: str | None, before: Annotation, now: Annotation) -> None:
        def take(snapshot: LibrarySnapshot) -> None:
            undo = partial(speakers.note_listed, self._folder, speaker, key, before)
            self._take_undoable("note", undo, snapshot)

        if now != before:
            work = partial(speakers.note_listed, self._folder, speaker, key, now)
            self._submit(f"Note on {speaker}", work, take)

    def _take_change(self, change: SpeakerChange) -> None:
        undo = partial(speakers.undo_last, self._folder, change.undo)
        self._take_undoable(change.undo.what, undo, change.snapshot)

    def _take_undoable(
        self,
        what: str,
        undo: Callable[[OnProgress], LibrarySnapshot],
        snapshot: LibrarySnapshot,
    ) -> None:
        self._undos.append((what, undo))
        self._library.take_snapshot(snapshot)
        self._tell_undo()

    def _take_forgotten(self, done: tuple[LibrarySnapshot, Forgotten]) -> None:
        snapshot, forgotten = done
        self._library.take_snapshot(snapshot)
        self._state.show_message(forgotten.search.words())

    def _take_ended(self, done: tuple[LibrarySnapshot, list[Forgotten]]) -> None:
        snapshot, forgotten = done
        self._library.take_snapshot(snapshot)
        self._state.show_message(" ".join(one.search.words() for one in forgotten))

    def _tell_undo(self) -> None:
        self.undo_changed.emit(self._undos[-1][0] if self._undos else "")
