"""Errors that the user can act on."""

from __future__ import annotations

from pathlib import Path


class FacedynError(Exception):
    """A full sentence for the user that names the file or step, and a hint.

    Attributes:
        sentence: What is wrong and with what, one sentence.
        hint: What the user can do about it; may be empty.
    """

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()

    def __reduce__(self) -> tuple[type[FacedynError], tuple[str, str]]:
        """To another process goes the hint as well."""
        return type(self), (self.sentence, self.hint)


class InputError(FacedynError):
    """A file or folder given to the program cannot be used."""


class OutputError(FacedynError):
    """A result cannot be written where it was asked for."""


class MismatchError(FacedynError):
    """Two things that must be made for each other are not: a session and a head, say."""


class TooLittleError(FacedynError):
    """There is not enough material for what was asked."""


class ConsentError(FacedynError):
    """Something was asked that needs a person's consent, and none is given."""


def unusable(path: Path, reason: str, hint: str = "") -> InputError:
    """The error for a file or folder that cannot be used.

    Args:
        path: Which.
        reason: Why, the rest of a sentence.
        hint: What the user can do about it.
    """
    return InputError(f"'{path}' cannot be used: {reason}.", hint)


def unreadable(path: Path, error: OSError, act: str = "read") -> InputError:
    """The error for a file or folder that cannot be "read" or "opened"."""
    return InputError(f"'{path}' cannot be {act}: {error.strerror or error}.")
