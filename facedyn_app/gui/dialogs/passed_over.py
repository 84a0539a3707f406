"""Files of a folder that were not opened, each with the reason, in a window beside the main one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from facedyn_app.gui.dialogs.listing import ListingDialog
from facedyn_app.workflows.open_recording import Found


class PassedOverDialog(ListingDialog):
    """A table of what a folder holds besides recordings.

    Args:
        found: What there was to open in a folder, and what was passed over.
        parent: The window.
    """

    def __init__(self, found: Found, parent: QWidget | None = None) -> None:
        folder = found.folder or Path()
        n_opened, n_passed = len(found.videos) + len(found.measured), len(found.passed_over)
        recordings = "1 recording is" if n_opened == 1 else f"{n_opened} recordings are"
        others = "1 file is" if n_passed == 1 else f"{n_passed} files are"
        super().__init__(
            f"Not opened: {folder.name}",
            f"{recordings} opened of '{folder}'; {others} passed over:",
            ("File", "Why"),
            [_row(path, why, folder) for path, why in found.passed_over],
            90,
            parent,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)


def _row(path: Path, why: str, folder: Path) -> tuple[str, str]:
    """A file by its place in the folder, and why it is not opened, without the long way to it."""
    within = path.relative_to(folder) if path.is_relative_to(folder) else path
    return str(within), why.replace(f"'{path}'", f"'{path.name}'")
