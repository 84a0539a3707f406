"""Speakers taken from one library to another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from facedyn_app.library import exchange
from facedyn_app.library.archive import check_replaceable
from facedyn_app.library.carried_speakers import CarriedSpeaker
from facedyn_app.library.library import Library
from facedyn_app.path_checks import check_input_file, check_output_file
from facedyn_app.progress import OnProgress


def export_speakers(
    folder: Path,
    names: Sequence[str],
    out: Path,
    on_progress: OnProgress,
    passphrase: str | None = None,
) -> tuple[CarriedSpeaker, ...]:
    """Write speakers with sessions and consent into one file, whole or not at all.

    Args:
        folder: The library.
        names: Which speakers.
        out: The file.
        on_progress: Told of what is written; may raise Cancelled.
        passphrase: What opens the file; None: it is not encrypted.

    Raises:
        InputError: There is no such library or speaker, or a session's file is missing.
        OutputError: The file cannot be written, or is there and no such file.
    """
    with Library.open(folder, create=False) as library:
        check_output_file(out)
        check_replaceable(out, exchange.KIND, exchange.WHAT)
        return exchange.export_speakers(library, names, out, on_progress, passphrase)


def import_speakers(
    folder: Path,
    path: Path,
    on_progress: OnProgress,
    *,
    near: bool,
    ask: Callable[[], str | None] = lambda: None,
) -> tuple[CarriedSpeaker, ...]:
    """Take speakers of another library in, all or none; the library is made where there is none.

    Args:
        folder: The library.
        path: The file.
        on_progress: Told of what is read; may raise Cancelled.
        near: Whether a name may be nearly somebody's.
        ask: Gives the passphrase of the file, where it is encrypted.

    Raises:
        InputError: The file cannot be used, or somebody of a name is there already.
        OutputError: The library cannot be written.
    """
    check_input_file(path, "file")
    with Library.open(folder) as library:
        return exchange.import_speakers(library, path, on_progress, near=near, ask=ask)
