"""Settings of a library: whether it keeps the names of recordings' files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from facedyn_app.library.library import Library
from facedyn_app.library.open_library import FILE_NAMES, NO
from facedyn_app.library.work_rows import WorkState
from facedyn_app.records import NAMELESS


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """What a library keeps.

    Attributes:
        file_names: Whether names of recordings' files are kept and shown.
        n_named: Sessions that say the name of their recording's file, from before.
    """

    file_names: bool
    n_named: int


def library_settings(folder: Path, file_names: bool | None = None) -> LibrarySettings:
    """The settings of a library, once what is given has been set.

    Raises:
        InputError: There is no such library.
        OutputError: It cannot be written.
    """
    with Library.open(folder, create=False) as library:
        if file_names is not None:
            library.set_setting(FILE_NAMES, "yes" if file_names else NO)
            done = [item.id for item in library.work.items(WorkState.DONE)]
            if done and not file_names:
                library.work.clear(done)  # their paths are needed no more
        names = [entry.source_name for entry in library.sessions()]
        named = [name for name in names if name not in (None, NAMELESS)]
        return LibrarySettings(library.setting(FILE_NAMES) != NO, len(named))
