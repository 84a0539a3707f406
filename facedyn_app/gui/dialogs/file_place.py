"""Where a file is to be written: asked, its ending seen to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from facedyn_app.folders import documents_folder


def ask_place(
    parent: QWidget, title: str, name: str, forms: Iterable[str], say: Callable[[str], object]
) -> Path | None:
    """Ask for a file whose name ends in one of the formats.

    Args:
        parent: Below the dialog.
        title: Of the dialog.
        name: Offered, without its ending.
        forms: The formats, which are the endings without the dot; the first where none is named.
        say: Takes the sentence on a name that nobody was asked about.

    Returns:
        The file; None where nothing is to be written.
    """
    endings = [f".{form}" for form in forms]
    offered = documents_folder() / f"{name}{endings[0]}"
    patterns = {f"{ending[1:].upper()} (*{ending})": ending for ending in endings}
    chosen, pattern = QFileDialog.getSaveFileName(parent, title, str(offered), ";;".join(patterns))
    if not chosen:
        return None
    path = Path(chosen)
    if path.suffix.lower() in endings:
        return path
    path = Path(chosen + patterns.get(pattern, endings[0]))
    if path.exists():  # nobody was asked about this name
        say(f"'{path}' is there already: choose it by its whole name.")
        return None
    return path
