"""Speakers' names: which are nearly the same, and where one stands in a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from facedyn_app.errors import InputError

FORGOTTEN_FILE = "a forgotten recording"
"""What stands in place of a file's name that names a forgotten person."""

_PLAIN = r"""[^\s'"\u201c\u201d\u2018\u2019<>|,;]"""
# an unquoted one is tried where a run of its letters begins: in each of them takes a quadratic time
_FILE = re.compile(
    r"""(?P<quote>['"])[^'"\n]*?\.[A-Za-z0-9]{2,5}(?P=quote)"""
    rf"|(?<!{_PLAIN}){_PLAIN}+\.[A-Za-z0-9]{{2,5}}\b"
)
_LETTER = r"[^\W_]"
"""A letter or digit; what else regular expressions count as part of a word is the underscore."""


class NearNameError(InputError):
    """A new name differs from a speaker's only in case, spaces or the form of its letters.

    Attributes:
        near: The speaker's name.
    """

    def __init__(self, name: str, near: str) -> None:
        super().__init__(
            f"'{name}' is nearly the name of '{near}', who is in the library.",
            f"Give the name as '{near}' if it is the same person, or say '--new' if it is another.",
        )
        self.near = near


def near_key(name: str) -> str:
    """What near names have in common: no case, no spaces, letters in their plain form (NFKC)."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(unicodedata.normalize("NFKC", plain).split())


def check_near(name: str, known: Iterable[str]) -> None:
    """Make sure that a name is one of the known ones or unlike all of them.

    Raises:
        NearNameError: It is nearly one of them.
    """
    names = list(known)
    if name in names:
        return
    for one in names:
        if near_key(one) == near_key(name):
            raise NearNameError(name, one)


@dataclass(frozen=True, eq=False)  # no slots: they would leave no room for the patterns
class Erasure:
    """What is written of a person or session to be forgotten, and what is put in its place.

    Only whole names are meant: "Ann" is not in "Annabel", in "Ann-Marie" or, where a speaker is
    called that, in "Ann Smith". In the name of a file it may stand between other words. A name
    without letters, such as "7", is meant only where it is quoted or begins a line of enrolment.

    Attributes:
        name: The person's name; None where a session alone is forgotten.
        replacement: What is put in its place.
        others: The names of everybody else.
        files: The names of the person's files.
    """

    name: str | None
    replacement: str
    others: Sequence[str] = ()
    files: Sequence[str] = ()

    def apply(self, text: str) -> str:
        """The text without the name and without files that are named after the person."""
        for pattern in self._own_files:
            text = pattern.sub(FORGOTTEN_FILE, text)
        return text if self.name is None else self.rename(_FILE.sub(self._kept_file, text))

    def rename(self, text: str) -> str:
        """The text with the replacement for the name and its files as they are called."""
        return text if self.name is None else self._whole.sub(self._kept_name, text)

    def found(self, text: str) -> bool:
        """Whether something of the person stands in the text."""
        return self.apply(text) != text

    def names_file(self, file_name: str) -> bool:
        """Whether a file or folder is named after the person, or is one of theirs."""
        return file_name in self.files or (self._in_file is not None and self._is_named(file_name))

    def _kept_file(self, match: re.Match[str]) -> str:
        if not self._is_named(match[0]):
            return match[0]
        quote = match["quote"] or ""
        return f"{quote}{FORGOTTEN_FILE}{quote}"

    def _kept_name(self, match: re.Match[str]) -> str:
        return self.replacement if match["name"] is not None else match[0]

    def _is_named(self, text: str) -> bool:
        pattern = self._in_file
        hits = pattern.finditer(text) if pattern is not None else ()
        return any(hit["name"] is not None for hit in hits)

    @cached_property
    def _own_files(self) -> list[re.Pattern[str]]:
        longest_first = sorted(set(self.files), key=len, reverse=True)
        return [re.compile(rf"(?<!\w){re.escape(name)}(?!\w)") for name in longest_first]

    @cached_property
    def _whole(self) -> re.Pattern[str]:
        """The name in a text; longer names of others come first and shield what is in them."""
        name = str(self.name)
        if not _has_letter(name):
            quoted = rf"(?<=['\"\u201c\u2018]){re.escape(name)}(?=['\"\u201d\u2019])"
            return re.compile(rf"(?P<name>{quoted}|^{re.escape(name)}(?=, session \d))", re.M)
        before = rf"(?<!{_LETTER})(?<!{_LETTER}[-'\u2019])"
        after = rf"(?!{_LETTER})(?!-{_LETTER})(?!['\u2019](?!s\b){_LETTER})"
        return re.compile(rf"{self._shields(re.escape)}{before}(?P<name>{re.escape(name)}){after}")

    @cached_property
    def _in_file(self) -> re.Pattern[str] | None:
        name = str(self.name)
        if self.name is None or not _has_letter(name):
            return None
        bounds = rf"(?<!{_LETTER})(?P<name>{_loose(name)})(?!{_LETTER})"
        return re.compile(self._shields(_loose) + bounds, re.IGNORECASE)

    def _shields(self, form: Callable[[str], str]) -> str:
        longer = [other for other in self.others if str(self.name).casefold() in other.casefold()]
        longer = [other for other in longer if other != self.name]
        ordered = sorted(longer, key=len, reverse=True)
        return "".join(rf"(?<!{_LETTER}){form(other)}(?!{_LETTER})|" for other in ordered)


def _has_letter(name: str) -> bool:
    return any(letter.isalpha() for letter in name)


def _loose(name: str) -> str:
    """A name as files are called: other signs, or none, between its words."""
    return r"[\s_.\-]*".join(map(re.escape, re.split(r"[\s_.\-]+", name)))
