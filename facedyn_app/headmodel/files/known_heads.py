"""The user's own head files: remembered by path and sha256, never copied."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.files import atomic_file, read_plain
from facedyn_app.folders import config_folder
from facedyn_app.headmodel.channel_sets import flame_file_of
from facedyn_app.headmodel.model import HeadModel

FILE = "heads.json"
FORMAT, VERSION = "facedyn-known-heads", 1
MOST_BYTES = 2**22


@dataclass(frozen=True, slots=True)
class KnownHead:
    """What is remembered of a head file.

    Attributes:
        head_id: Its id.
        path: The file or folder, absolute.
        sha256: Of its content when it was read.
        family: "FLAME" and so on.
        version: As far as it is known.
        licence: A note on its licence.
        n_vertices: V.
        n_shape: S.
        n_expression: E.
    """

    head_id: str
    path: str
    sha256: str
    family: str
    version: str
    licence: str
    n_vertices: int
    n_shape: int
    n_expression: int


class KnownHeads:
    """The list of remembered heads, one small file in a folder.

    Args:
        folder: Where `heads.json` lies; made when the first head is remembered.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def entries(self) -> tuple[KnownHead, ...]:
        """The remembered heads, in the order in which they were first remembered.

        Raises:
            InputError: The list is damaged or was written by a newer program.
        """
        try:
            content = json.loads(read_plain(self._file, MOST_BYTES))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, RecursionError) as error:
            raise self._damaged() from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise self._damaged()
        if content.get("version") != VERSION:
            raise InputError(
                f"The list of heads '{self._file}' was written by a newer program.",
                "Install a newer version of facedyn.",
            )
        heads = content.get("heads")
        if not isinstance(heads, list) or not all(_is_known(head) for head in heads):
            raise self._damaged()
        return tuple(KnownHead(**head) for head in heads)

    def find(self, head_id: str) -> KnownHead | None:
        """The remembered head of an id, or None; FLAME parameters name their file's sha256.

        Raises:
            InputError: The list is damaged or was written by a newer program.
        """
        sha256 = flame_file_of(head_id)
        return next(
            (
                head
                for head in self.entries()
                if head.head_id == head_id or (sha256 is not None and head.sha256 == sha256)
            ),
            None,
        )

    def remember(self, head: HeadModel, path: Path) -> KnownHead:
        """Remember a head that was read from a file; one of the same id is replaced.

        Raises:
            InputError: The list is damaged or was written by a newer program.
            OutputError: The list cannot be written.
            ValueError: The head was made in memory.
        """
        if head.sha256 is None:
            raise ValueError("a head without a file cannot be remembered")
        known = KnownHead(
            head_id=head.head_id,
            path=str(path.absolute()),
            sha256=head.sha256,
            family=str(head.meta.get("family", "")),
            version=str(head.meta.get("version", "")),
            licence=str(head.meta.get("licence", "")),
            n_vertices=len(head.v_template),
            n_shape=head.n_shape,
            n_expression=head.n_expression,
        )
        heads = {entry.head_id: entry for entry in self.entries()}
        if heads.get(known.head_id) != known:
            self._write([*{**heads, known.head_id: known}.values()])
        return known

    def forget(self, head_id: str) -> None:
        """Take a head off the list; its file stays where it is.

        Raises:
            InputError: The list is damaged, was written by a newer program, or has no such head.
            OutputError: The list cannot be written.
        """
        heads = self.entries()
        left = [head for head in heads if head.head_id != head_id]
        if len(left) == len(heads):
            raise InputError(f"There is no remembered head '{head_id}'.")
        self._write(left)

    def _write(self, heads: list[KnownHead]) -> None:
        content = {"format": FORMAT, "version": VERSION, "heads": [asdict(h) for h in heads]}
        text = json.dumps(content, indent=1, ensure_ascii=False)
        self._make_folder()
        with atomic_file(self._file) as file:
            file.write(text.encode("utf-8", "backslashreplace"))  # an escape that JSON knows

    def _make_folder(self) -> None:
        # what goes wrong here is said, with its reason, when the file in it cannot be written
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)

    def _damaged(self) -> InputError:
        return InputError(
            f"The list of heads '{self._file}' is damaged or cannot be read.",
            "Delete it, and choose your head files again.",
        )


def user_heads() -> KnownHeads:
    """The heads that this user has opened."""
    return KnownHeads(config_folder())


def _is_known(head: object) -> bool:
    """Whether a JSON value has the fields of a KnownHead, each of its type."""
    return (
        isinstance(head, dict)
        and set(head) == {item.name for item in fields(KnownHead)}
        and all(
            isinstance(value, int if name.startswith("n_") else str) for name, value in head.items()
        )
    )
