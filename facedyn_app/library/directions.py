"""Directions of a library's speakers, kept to be compared with at once by one matrix product."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from facedyn_app.errors import InputError
from facedyn_app.files import atomic_file
from facedyn_app.library.embeddings import SPACE, direction_file, keep_safely, speaker_row
from facedyn_app.library.library import Library
from facedyn_app.library.privacy import own_only
from facedyn_app.library.protection.sealed import LibraryFiles
from facedyn_app.library.records import SessionEntry
from facedyn_app.npz import read_npz
from facedyn_app.recognizer.backend import ADAPTATION, MOST_ADAPTING_SPEAKERS
from facedyn_app.recognizer.model import Recognizer
from facedyn_app.recognizer.scoring import Block, Gallery, ScoreSpace
from facedyn_app.records import Embedding, FloatArray, IntArray

AT_ONCE = 256
"""Embeddings or directions that are kept together: after a kill no more are made again."""
_SPACE = ("key", "weights", "centre", "whiten_0", "whiten_1")


class Directions:
    """Directions of enrolled speakers in the space that is adapted to them.

    Args:
        library: The library.
        recognizer: Of whose embeddings.
        enrolled: The sessions of each speaker.
        keep: Whether new ones are kept for the next time.

    Attributes:
        space: The space of comparison; None where it must be made first, by `use`.
    """

    def __init__(
        self,
        library: Library,
        recognizer: Recognizer,
        enrolled: Mapping[str, Sequence[SessionEntry]],
        *,
        keep: bool,
    ) -> None:
        self._library, self._enrolled, self._keep = library, enrolled, keep
        self._sizes = recognizer.backend.sizes
        self._open_file = partial(direction_file, library, recognizer.fingerprint, sum(self._sizes))
        self._file = self._open_file()
        self._space_path = library.embeddings_folder / (recognizer.fingerprint + SPACE)
        self._rows = {
            name: speaker_row(entry.file_name for entry in own) for name, own in enrolled.items()
        }
        adapting = list(islice(self._rows.items(), MOST_ADAPTING_SPEAKERS))
        self._adapting = [entry.file_name for name, _ in adapting for entry in enrolled[name]]
        self._key = hashlib.sha256(json.dumps([ADAPTATION, adapting]).encode()).hexdigest()
        self.space = _read_space(library.files, self._space_path, self._key, self._sizes)
        self._new: dict[str, FloatArray | None] = {}  # made and not kept
        self._check()

    def _check(self) -> None:
        """Look at what is kept; all of it is made again where something in it is damaged."""
        if self.space is None:
            self._file.places = {}
        elif self._kept_rows and self._file.matrix(self._kept_rows, sum(self._sizes)) is None:
            self._file.places = {}
            if self._keep:
                keep_safely(self._library, self._file.delete)

    @property
    def _kept_rows(self) -> list[str]:
        """The rows of those speakers whose directions are kept, in their order."""
        places = self._file.places
        return [row for row in self._rows.values() if row in places and places[row][1]]

    @property
    def missing(self) -> list[str]:
        """Speakers whose direction is to be made."""
        places = self._file.places
        return [
            name for name, row in self._rows.items() if row not in places and name not in self._new
        ]

    def keep_only(self) -> None:
        """Erase the directions of everybody else: of sessions that are not enrolled so any more."""
        others = self._file.places.keys() - set(self._rows.values())
        if others:
            keep_safely(self._library, lambda: self._file.erase(others))

    def use(self, space: ScoreSpace) -> None:
        """Compare in this space from now on; what is kept of another one goes first."""
        self.space = space
        if self._keep:
            keep_safely(self._library, lambda: self._write_space(space), self._adapting)

    def _write_space(self, space: ScoreSpace) -> None:
        self._file.delete()
        self._space_path.parent.mkdir(mode=0o700, exist_ok=True)
        path = self._space_path
        with atomic_file(path) as file, self._library.files.writing(file, path) as content:
            own_only(file)
            np.savez(
                content,
                allow_pickle=False,
                key=np.asarray(self._key),
                files=np.asarray(self._adapting, dtype=np.str_),
                weights=np.asarray([block.weight for block in space.blocks]),
                centre=np.concatenate([block.centre for block in space.blocks]),
                whiten_0=space.blocks[0].whiten,
                whiten_1=space.blocks[1].whiten,
            )

    def add(self, name: str, embeddings: Sequence[Embedding]) -> None:
        """Work out the direction of a speaker; who has no embedding has none, and is left out."""
        if self.space is None:
            raise ValueError("a space of comparison is needed first")
        direction = None
        if embeddings:
            windows = np.concatenate([one.vectors for one in embeddings])
            direction = self.space.mean_direction(windows).astype(np.float32)
        self._new[name] = direction
        if len(self._new) % AT_ONCE == 0:
            self._flush()

    def _flush(self) -> None:
        of = [entry.file_name for name in self._new for entry in self._enrolled[name]]
        if self._keep and self._new and keep_safely(self._library, self._append, of):
            self._new = {}

    def _append(self) -> None:
        if (
            _key_of(self._library.files, self._space_path) != self._key
        ):  # another program compares in another space now
            raise OSError("the space of comparison is another one now")
        self._file = self._open_file()  # with what another program has appended
        self._file.append(
            {
                self._rows[name]: b"" if one is None else one.astype("<f4").tobytes()
                for name, one in self._new.items()
            }
        )

    def gallery(self) -> Gallery:
        """All speakers who have a direction, in their order; mapped from disk where it is kept."""
        if self.space is None:
            raise ValueError("a space of comparison is needed first")
        self._flush()
        places = self._file.places
        mapped = self._file.matrix(self._kept_rows, sum(self._sizes))
        rows = iter(()) if mapped is None else iter(mapped[1])
        names, taken, made = [], [], {}
        for name, row in self._rows.items():
            if row in places and places[row][1]:
                taken.append(int(next(rows)))
                names.append(name)
            elif (own := self._new.get(name)) is not None:
                made[len(names)] = own
                taken.append(0)
                names.append(name)
        return Gallery(tuple(names), _together(mapped, taken, made, sum(self._sizes)), self.space)


def _together(
    mapped: tuple[FloatArray, IntArray] | None,
    rows: Sequence[int],
    made: Mapping[int, FloatArray],
    width: int,
) -> FloatArray:
    """(G, D) mapped rows, as they lie on disk where they lie in order, and those just made."""
    if mapped is not None and not made and rows == list(range(len(mapped[0]))):
        return mapped[0]
    found = np.zeros((len(rows), width), dtype=np.float32)
    if mapped is not None:
        found[:] = mapped[0][rows]
    for k, direction in made.items():
        found[k] = direction
    return found


def _key_of(files: LibraryFiles, path: Path) -> str:
    try:
        return str(read_npz(path, ("key",), (), files.opened)["key"])
    except (InputError, ValueError):
        return ""


def _read_space(
    files: LibraryFiles, path: Path, key: str, sizes: tuple[int, int]
) -> ScoreSpace | None:
    """What is kept; None where there is none, it is of other sessions, or it is damaged."""
    if _key_of(files, path) != key:
        return None
    try:
        arrays = read_npz(path, _SPACE, (), files.opened)
        numbers = {name: arrays[name].astype(np.float32) for name in _SPACE[1:]}
        shapes = {
            "weights": (2,),
            "centre": (sum(sizes),),
            "whiten_0": (sizes[0], sizes[0]),
            "whiten_1": (sizes[1], sizes[1]),
        }
        if any(numbers[name].shape != shape for name, shape in shapes.items()):
            return None
        if not all(np.isfinite(array).all() for array in numbers.values()):
            return None
        centres = np.split(numbers["centre"], [sizes[0]])
        return ScoreSpace(
            tuple(
                Block(centres[k], numbers[f"whiten_{k}"], float(arrays["weights"][k]))
                for k in (0, 1)
            )
        )
    except (InputError, ValueError, TypeError, IndexError):
        return None
