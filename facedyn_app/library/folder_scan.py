"""Recordings of a folder and of the folders in it, and why everything else there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from facedyn_app.errors import InputError, unreadable

STILLS: Final = "stills"
"""The kind of a folder of numbered stills: other files may lie beside its pictures."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a file or folder is, by what is in it.

    Attributes:
        kind: Which kind of recording; None for none, or for a folder to look into.
        sentence: Why a file is no recording; names it.
        expected: Whether its name lets one expect a recording there.
        parts: Files that belong to a recording which is a folder, beside which others may lie.
    """

    kind: str | None = None
    sentence: str = ""
    expected: bool = False
    parts: frozenset[Path] = frozenset()


LookAt = Callable[[Path], Look]
"""Looks at a file or folder; raises InputError where it cannot be opened."""


@dataclass(frozen=True, slots=True, eq=False)
class FolderScan:
    """A walk through folders that names what it passes over.

    Attributes:
        look_at: Tells what a file or folder is.
        left_out: What looks like a recording and cannot be one: the path and a sentence.
        passed_over: What is no recording, likewise.
    """

    look_at: LookAt
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    passed_over: list[tuple[Path, str]] = field(default_factory=list)

    def recordings(self, place: Path) -> Iterator[tuple[Path, str]]:
        """The recordings in a folder and in the folders in it, by name, each with its kind."""
        look = self._look(place)
        if look.kind is not None:
            yield place, look.kind
            if look.kind != STILLS:
                return
        for path in self._entries(place):
            if path in look.parts:
                continue
            if path.is_dir():
                if self.may_enter(path, place):
                    yield from self.recordings(path)
            elif (kind := self.kind_of(path)) is not None:
                yield path, kind

    def kind_of(self, path: Path) -> str | None:
        """Which kind of recording a file is; None where it is named as passed over."""
        if path.name.startswith("."):
            self.passed_over.append((path, f"'{path}' is hidden."))
            return None
        if not path.is_file():
            nowhere = path.is_symlink() and not path.exists()
            what = "a link that leads nowhere" if nowhere else "no ordinary file"
            self.passed_over.append((path, f"'{path}' is {what}."))
            return None
        look = self._look(path)
        if look.kind is None and look.sentence:
            (self.left_out if look.expected else self.passed_over).append((path, look.sentence))
        return look.kind

    def leave_out(self, path: Path, sentence: str) -> None:
        """Say of what looks like a recording why it cannot be one."""
        self.left_out.append((path, sentence))

    def _look(self, path: Path) -> Look:
        try:
            return self.look_at(path)
        except InputError as error:
            self.leave_out(path, error.sentence)
        except OSError as error:
            self.leave_out(path, unreadable(path, error).sentence)
        return Look()

    def _entries(self, place: Path) -> list[Path]:
        """What a folder holds, by name; nothing where it may not be entered, which is named."""
        try:
            return sorted(place.iterdir())
        except OSError as error:
            known = {path for path, _ in self.left_out}
            if place not in known:
                self.leave_out(place, unreadable(place, error).sentence)
            return []

    def may_enter(self, path: Path, place: Path) -> bool:
        """Whether a folder in another is looked into; one that is not is named as passed over."""
        if path.name.startswith("."):
            self.passed_over.append((path, f"'{path}' is hidden."))
            return False
        if _leads_back(path, place):
            self.passed_over.append((path, f"'{path}' is a link to a folder that it lies in."))
            return False
        return True


def _leads_back(path: Path, place: Path) -> bool:
    """Whether a folder is a link to one that it lies in: what is there would come without end."""
    return path.is_symlink() and place.resolve().is_relative_to(path.resolve())
