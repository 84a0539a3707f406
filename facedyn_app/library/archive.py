"""Archives: one file of many, each with its SHA-256, written in one go and read with care.

An archive is a zip without compression: sessions and weights hardly shrink, and what is not
unpacked cannot burst. Its last member, `manifest.json`, has `format`, `version`, `facts` and
`files`, the size in bytes and the SHA-256 of every other member. Any program that opens zips can
take it apart, and `sha256sum` checks it.

A reader trusts none of it: an archive is refused whole where a member has a name that leads
elsewhere, is a link, is packed or encrypted, is not in the manifest, is missing, or is not what the
manifest says; also a newer version, in a sentence each.
"""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final

from facedyn_app.errors import InputError, OutputError
from facedyn_app.files import open_plain
from facedyn_app.formatting import shown_name
from facedyn_app.library.archive_checks import (
    MANIFEST,
    VERSION,
    Member,
    check_end,
    check_members,
    check_version,
    damage_told,
    facts_and_members,
    read_manifest,
    refused,
)
from facedyn_app.library.privacy import own_only
from facedyn_app.progress import OnProgress, Progress

_PIECE: Final = 1 << 20
MOST_IN_MEMORY: Final = 1 << 30
"""Bytes of a member that is read into memory."""

Told = Callable[[int], None]
"""Takes how many more bytes are done; may raise Cancelled."""


class CountedBytes:
    """Counts bytes that are done, and tells of them in MiB.

    Args:
        on_progress: Told; may raise Cancelled.
        stage: What is being done.
        n_bytes: How many there are.
    """

    def __init__(self, on_progress: OnProgress, stage: str, n_bytes: int) -> None:
        self._on_progress, self._stage = on_progress, stage
        self._done, self._total = 0, n_bytes

    def __call__(self, n_bytes: int) -> None:
        """So many more are done."""
        self._done += n_bytes
        self._on_progress(Progress(self._stage, self._done >> 20, self._total >> 20))


class ArchiveWriter:
    """An archive that is being written, in a `with` block.

    Args:
        file: Where to; an empty file.
        kind: What is in it, such as "facedyn-backup".
    """

    def __init__(self, file: BinaryIO, kind: str) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._kind = kind
        self._members: dict[str, Member] = {}

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, *_error: object) -> None:
        self._zip.close()

    def add(self, name: str, path: Path, told: Told) -> None:
        """Add a file.

        Raises:
            OSError: It cannot be read, or the archive not be written.
        """
        digest, n_bytes = sha256(), 0
        with path.open("rb") as source, self._zip.open(_info(name), "w", force_zip64=True) as out:
            while piece := source.read(_PIECE):
                digest.update(piece)
                n_bytes += len(piece)
                out.write(piece)
                told(len(piece))
        self._members[name] = Member(n_bytes, digest.hexdigest())

    def add_content(self, name: str, content: bytes, told: Told) -> None:
        """Add a file whose content is in memory.

        Raises:
            OSError: The archive cannot be written.
        """
        self._zip.writestr(_info(name), content)
        self._members[name] = Member(len(content), sha256(content).hexdigest())
        told(len(content))

    def finish(self, facts: Mapping[str, object]) -> None:
        """Write the manifest.

        Args:
            facts: What the kind of archive says of itself, as JSON has it.
        """
        manifest = {
            "format": self._kind,
            "version": VERSION,
            "facts": facts,
            "files": {
                name: {"n_bytes": one.n_bytes, "sha256": one.sha256}
                for name, one in self._members.items()
            },
        }
        self._zip.writestr(_info(MANIFEST), json.dumps(manifest, indent=1, allow_nan=False) + "\n")


def total_size(paths: Iterable[Path]) -> int:
    """The size of files, bytes; those that are missing have none."""
    n_bytes = 0
    for path in paths:
        with suppress(FileNotFoundError):
            n_bytes += path.stat().st_size
    return n_bytes


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFREG | 0o600) << 16
    return info


class Archive:
    """An archive that is open for reading, its manifest and the names of its members checked.

    Attributes:
        facts: What it says of itself.
        members: What its manifest says of its members, by name.
    """

    def __init__(
        self,
        path: Path,
        archive: zipfile.ZipFile,
        facts: Mapping[str, Any],
        members: Mapping[str, Member],
    ) -> None:
        self.facts, self.members = facts, members
        self._path, self._zip = path, archive

    @property
    def n_bytes(self) -> int:
        """The size of all members."""
        return sum(member.n_bytes for member in self.members.values())

    def read(self, name: str) -> bytes:
        """A member, as the manifest has it, in memory.

        Raises:
            InputError: It is too large, or not what the manifest says.
        """
        member, out = self.members[name], BytesIO()
        if member.n_bytes > MOST_IN_MEMORY:
            raise refused(self._path, f"'{shown_name(name)}' in it is too large")
        with damage_told(self._path):
            self._copy(name, member, out, lambda _: None)
        return out.getvalue()

    def extract(self, folder: Path, told: Told) -> None:
        """Write all members into a folder, for their owner alone, each as the manifest has it.

        Raises:
            InputError: A member is not what the manifest says.
            OutputError: There is no room.
            OSError: A file cannot be written.
        """
        room = os.statvfs(folder) if hasattr(os, "statvfs") else None
        if room is not None and room.f_bavail * room.f_frsize < self.n_bytes:
            raise OutputError(
                f"There is no room for what '{self._path}' holds: {self.n_bytes / 1e6:.0f} MB.",
                "Choose a place that has room.",
            )
        for name, member in self.members.items():
            out = folder.joinpath(*PurePosixPath(name).parts)
            out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with damage_told(self._path), out.open("xb") as file:
                own_only(file)
                self._copy(name, member, file, told)
        if hasattr(os, "sync"):
            os.sync()  # all together, which is much sooner than one by one

    def _copy(self, name: str, member: Member, file: BinaryIO, told: Told) -> None:
        digest, left = sha256(), member.n_bytes
        with self._zip.open(name) as source:
            while piece := source.read(min(_PIECE, left + 1)):
                left -= len(piece)
                if left < 0:
                    break
                digest.update(piece)
                file.write(piece)
                told(len(piece))
        if left or digest.hexdigest() != member.sha256:
            raise refused(self._path, f"'{shown_name(name)}' in it is not what its manifest says")


@contextmanager
def opened_archive(path: Path, kind: str, what: str) -> Iterator[Archive]:
    """An archive of a kind, its manifest and the names of its members checked.

    Args:
        path: The file.
        kind: What must be in it.
        what: The same for people, such as "backup of a library".

    Raises:
        InputError: It cannot be opened, is none, of a newer version, or one that is refused.
    """
    with ExitStack() as opened:
        try:
            file = opened.enter_context(open_plain(path))
            with damage_told(path, f"it is no {what}, or is not whole"):
                check_end(file)
                archive = zipfile.ZipFile(file)
                manifest = read_manifest(archive)
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(
                f"The file '{path}' cannot be opened: {reason}.", "Check its name."
            ) from error
        if manifest.get("format") != kind:
            raise refused(path, f"it is no {what}")
        check_version(path, manifest.get("version"))
        with damage_told(path, "its manifest is damaged"):
            facts, members = facts_and_members(manifest)
        check_members(path, archive, members)
        yield Archive(path, archive, facts, members)


def check_replaceable(path: Path, kind: str, what: str) -> None:
    """Make sure that an archive may be written to a name: none is there, or one of its kind.

    Args:
        path: The name.
        kind: What will be in it.
        what: The same for people.

    Raises:
        OutputError: Something else is there, which stays.
    """
    if not path.exists():
        return
    try:
        with opened_archive(path, kind, what):
            return
    except InputError as error:
        raise OutputError(
            f"'{path}' is there already and is not replaced: it is no {what} that can be read.",
            "Choose another name.",
        ) from error
