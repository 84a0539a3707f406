"""Dialogs on a library's protection: its passphrase asked for, set, changed; its recovery key."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QLineEdit,
    QPushButton,
    QWidget,
)

from facedyn_app.formatting import shown_name
from facedyn_app.gui.dialogs.form import FormDialog, make_form
from facedyn_app.gui.theme import tabular_font
from facedyn_app.gui.widgets.form_parts import make_note
from facedyn_app.library.protection.key_file import SHORTEST

LOST = (
    "Who has neither the passphrase nor the recovery key cannot read the library any more, and "
    "nobody can help. The recovery key is shown next, once."
)
WRITE_DOWN = (
    "It opens the library where the passphrase is forgotten. It is shown this once and kept "
    "nowhere: write it down, and keep it where the library is not."
)


class Change(Enum):
    """What can be done with a library that is protected, as the dialog offers it."""

    PASSPHRASE = "Another passphrase"
    KEYS = "New keys: all is encrypted anew, embeddings get another matrix"
    RECOVERY = "New recovery key; the old one opens it no longer"
    NONE = "No protection: all is decrypted"


def secret_field() -> QLineEdit:
    """A field whose letters are not shown."""
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    return field


class UnlockDialog(FormDialog):
    """Asks for what opens a library or its backup; stays until it is open, or given up.

    Attributes:
        given: str: what was typed.

    Args:
        name: What is to be opened.
        what: "library" or "backup".
        parent: The window.
    """

    given = Signal(str)

    def __init__(self, name: str, what: str, parent: QWidget | None = None) -> None:
        super().__init__(f"Unlock {what}", 56, parent, "Unlock")
        self.passphrase = secret_field()
        self.passphrase.setPlaceholderText("passphrase, or recovery key")
        self.error = make_note()
        self.error.setMinimumHeight(3 * self.error.fontMetrics().lineSpacing())
        form = make_form()
        form.addRow("Passphrase", self.passphrase)
        form.addRow("", self.error)
        self._fill(f"The {what} “{shown_name(name)}” is locked.", form)
        self.passphrase.textChanged.connect(self._look)
        self._set_complete(False)

    def accept(self) -> None:
        """Hand over what was typed; whoever opens the library closes the dialog."""
        self._set_complete(False)
        self.error.setText("Unlocking …")
        self.given.emit(self.passphrase.text())

    def show_error(self, sentence: str) -> None:
        """Say why it stays locked."""
        self.error.setText(sentence)
        self._set_complete(True)
        self.passphrase.setFocus()
        self.passphrase.selectAll()

    def finish(self) -> None:
        """Close: the library is open."""
        self.passphrase.clear()
        super().accept()

    def _look(self, text: str) -> None:
        self._set_complete(bool(text))


class ProtectDialog(FormDialog):
    """Asks for the passphrase of a library that is to be protected.

    Args:
        name: The library.
        parent: The window.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__("Protect library", 64, parent, "Protect")
        self.fields = _NewPassphrase()
        self.keyring = QCheckBox("Let this account open it without asking (system's keyring)")
        form = make_form()
        form.addRow("Passphrase", self.fields.first)
        form.addRow("Once more", self.fields.second)
        form.addRow("", self.fields.note)
        form.addRow("", self.keyring)
        form.addRow("", make_note(LOST))
        self._fill(f"Encrypt all of “{shown_name(name)}”, from now on.", form)
        self.fields.watch(lambda: self._set_complete(self.fields.complete))
        self._set_complete(False)

    @property
    def passphrase(self) -> str:
        """What was typed."""
        return self.fields.first.text()


class ChangeDialog(FormDialog):
    """Asks what becomes of a library's protection; its passphrase is asked for each time.

    Args:
        name: The library.
        parent: The window.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__("Protection", 64, parent, "Change")
        self.choice = QComboBox()
        for change in Change:
            self.choice.addItem(change.value, change)
        self.present = secret_field()
        self.fields = _NewPassphrase()
        form = make_form()
        form.addRow("Change", self.choice)
        form.addRow("Passphrase now", self.present)
        form.addRow("New passphrase", self.fields.first)
        form.addRow("Once more", self.fields.second)
        form.addRow("", self.fields.note)
        self._fill(f"“{shown_name(name)}” is protected.", form)
        self.present.textChanged.connect(self._look)
        self.choice.currentIndexChanged.connect(self._look)
        self.fields.watch(self._look)
        self._look()

    @property
    def change(self) -> Change:
        """What is to be done."""
        return Change(self.choice.currentData())

    @property
    def passphrase(self) -> str:
        """The new one."""
        return self.fields.first.text()

    def _look(self, *_anything: object) -> None:
        other = self.change is Change.PASSPHRASE
        self.fields.enable(other)
        self._set_complete(bool(self.present.text()) and (self.fields.complete or not other))


class RecoveryDialog(FormDialog):
    """Shows a recovery key, once.

    Args:
        key: The key.
        parent: The window.
    """

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        super().__init__("Recovery key", 64, parent, "I have written it down")
        self.key = QLineEdit(key)
        self.key.setReadOnly(True)
        self.key.setFont(tabular_font(self.key.font()))
        self.key.setCursorPosition(0)
        copy = QPushButton("Copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(key))
        form = make_form()
        form.addRow("Recovery key", self.key)
        form.addRow("", copy)
        self._fill(WRITE_DOWN, form)
        self._buttons.button(QDialogButtonBox.StandardButton.Cancel).hide()
        self.setWindowModality(Qt.WindowModality.WindowModal)


class _NewPassphrase:
    """Two fields for a new passphrase, and a note on what is wrong with it."""

    def __init__(self) -> None:
        self.first, self.second, self.note = secret_field(), secret_field(), make_note()

    def watch(self, changed: object) -> None:
        """Tell of every letter."""
        for field in (self.first, self.second):
            field.textChanged.connect(self._tell)
            field.textChanged.connect(changed)
        self._tell()

    def enable(self, on: bool) -> None:
        """Let it be typed, or not."""
        for part in (self.first, self.second):
            part.setEnabled(on)
        self.note.setVisible(on)

    @property
    def complete(self) -> bool:
        """Whether it is long enough, and twice the same."""
        text = self.first.text()
        return len(text) >= SHORTEST and text == self.second.text()

    def _tell(self) -> None:
        text, again = self.first.text(), self.second.text()
        if len(text) < SHORTEST:
            self.note.setText(f"At least {SHORTEST} letters; several words are best.")
        else:
            self.note.setText("" if text == again else "The two are not the same yet.")
