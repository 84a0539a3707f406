"""How whoever runs the program is asked for the passphrase of a protected library.

A library is opened in many places, by commands and by the window, and a passphrase is given to the
program, once: so what asks for it is set once, where the program starts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

Ask = Callable[[Path], str | None]
"""Gives what opens the library of a folder; None where nobody can be asked."""


class _Asking:
    """What asks; nothing until it is set."""

    ask: Ask | None = None


_ASKING: Final = _Asking()


def ask_by(ask: Ask | None) -> None:
    """Say what asks for a passphrase where a library is opened; None: nothing does."""
    _ASKING.ask = ask


def asked_passphrase(folder: Path) -> str | None:
    """What whoever runs the program gives; None where nobody can be asked."""
    return None if _ASKING.ask is None else _ASKING.ask(folder)
