"""Folders of the user and of the program, where nobody names one."""

from __future__ import annotations

import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from facedyn_app.unfinished import UNFINISHED, new_folder, sweep_folder

NAME = "facedyn"
_TEMPORARY = re.compile(r"facedyn-[a-z]+-[0-9a-f]{12}\.part")


def own_library() -> Path:
    """The user's library, where none is named."""
    return platformdirs.user_data_path(NAME, appauthor=False) / "library"


def demo_library() -> Path:
    """The demo's library, where none is named: simulated speakers only, never among real ones."""
    return platformdirs.user_cache_path(NAME, appauthor=False) / "demo"


def head_cache() -> Path:
    """Where landmark tables of heads are kept; they can be made again."""
    return platformdirs.user_cache_path(NAME, appauthor=False) / "heads"


def config_folder() -> Path:
    """What the program remembers between starts: the user's heads, the window's layout."""
    return platformdirs.user_config_path(NAME, appauthor=False)


def documents_folder() -> Path:
    """Where a person looks for what was exported; the home folder where there are no documents."""
    documents = platformdirs.user_documents_path()
    return documents if documents.is_dir() else Path.home()


def log_file() -> Path:
    """Where faults of the program are written down."""
    return platformdirs.user_log_path(NAME, appauthor=False) / "facedyn.log"


@contextmanager
def temporary_folder(what: str) -> Iterator[Path]:
    """A folder for temporary files, readable by its owner alone, held until the block ends.

    Args:
        what: What for, a word of small letters.

    Raises:
        OSError: It cannot be made.
    """
    start = Path(tempfile.gettempdir()) / f"{NAME}-{what}-"
    with new_folder(lambda: Path(f"{start}{secrets.token_hex(6)}{UNFINISHED}"), 0o700) as folder:
        yield folder


def sweep_temporary() -> list[Path]:
    """Delete folders for temporary files that killed programs have left; gives what has gone."""
    return sweep_folder(Path(tempfile.gettempdir()), own=_TEMPORARY)
