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
class Content:
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


ContentOf = Callable[[Path], Content]
"""Tells what a file or folder is; raises InputError where it cannot be opened."""


@dataclass(frozen=True, slots=True, eq=False)
class FolderScan:
    """A walk through folders that names what it passes over.

    Links to folders are followed, each folder once: not where they lead to one that they lie in,
    directly or by way of others, nor to one that the walk has been led to before.

    Attributes:
        content_of: Tells what a file or folder is.
        left_out: What looks like a recording and cannot be one: the path and a sentence.
        passed_over: What is no recording, likewise.
    """

    content_of: ContentOf
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    passed_over: list[tuple[Path, str]] = field(default_factory=list)
    _led_to: dict[Path, Path] = field(default_factory=dict)
    """The first link to each folder that links have led to."""

    def recordings(self, place: Path) -> Iterator[tuple[Path, str]]:
        """The recordings in a folder and in the folders in it, by name, each with its kind."""
        yield from self._inside(place, (place.resolve(),))

    def _inside(self, place: Path, above: tuple[Path, ...]) -> Iterator[tuple[Path, str]]:
        """As `recordings`; the walk has come through the folders `above`, the last one `place`."""
        content = self._content(place)
        if content.kind is not None:
            yield place, content.kind
            if content.kind != STILLS:
                return
        for path in self._entries(place):
            if path in content.parts:
                continue
            if path.is_dir():
                if self.may_enter(path, above):
                    yield from self._inside(path, (*above, path.resolve()))
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
        content = self._content(path)
        if content.kind is None and content.sentence:
            (self.left_out if content.expected else self.passed_over).append(
                (path, content.sentence)
            )
        return content.kind

    def leave_out(self, path: Path, sentence: str) -> None:
        """Say of what looks like a recording why it cannot be one."""
        self.left_out.append((path, sentence))

    def _content(self, path: Path) -> Content:
        try:
            return self.content_of(path)
        except InputError as error:
            self.leave_out(path, error.sentence)
        except OSError as error:
            self.leave_out(path, unreadable(path, error).sentence)
        return Content()

    def _entries(self, place: Path) -> list[Path]:
        """What a folder holds, by name; nothing where it may not be entered, which is named."""
        try:
            return sorted(place.iterdir())
        except OSError as error:
            known = {path for path, _ in self.left_out}
            if place not in known:
                self.leave_out(place, unreadable(place, error).sentence)
            return []

    def may_enter(self, path: Path, above: tuple[Path, ...]) -> bool:
        """Whether a folder is to be looked into; where not, it is named as passed over.

        Args:
            path: The folder, or a link to one.
            above: The folders that it lies in, as far as the walk has come through them, resolved.
        """
        reason = self._reason_to_pass(path, above)
        if reason and path not in {known for known, _ in self.passed_over}:
            self.passed_over.append((path, f"'{path}' is {reason}."))
        return not reason

    def _reason_to_pass(self, path: Path, above: tuple[Path, ...]) -> str:
        if path.name.startswith("."):
            return "hidden"
        if not path.is_symlink():
            return ""
        target = path.resolve()
        if any(place.is_relative_to(target) for place in above):
            return "a link to a folder that it lies in"
        if self._led_to.setdefault(target, path) != path:
            return "a link to a folder that another link has led to"
        return ""
