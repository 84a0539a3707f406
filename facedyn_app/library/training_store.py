"""Training store: the motion of a corpus in a few large files, read a session at a time.

`manifest.json` says what it is, with the SHA-256 of every other file; `sessions.parquet` has a row
for every session with where its motion stands; `tracks-00000.bin` and so on hold it, one session
after the other, and are mapped into memory. People have pseudonyms in it, in the order of their
names, and no file is named. Frames that the user has excluded are not valid in it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from facedyn_app import PROGRAM
from facedyn_app.dynamics.exclusion import without_excluded
from facedyn_app.errors import InputError
from facedyn_app.files import sha256_of
from facedyn_app.library.forgetting import TOKEN
from facedyn_app.library.protection.sealed import LibraryFiles
from facedyn_app.library.records import SessionEntry
from facedyn_app.records import ConsentState, FloatArray, Motion, Purpose, Session, SessionInfo

MANIFEST, INDEX = "manifest.json", "sessions.parquet"
FORMAT, VERSION = "facedyn-training-store", 1
SHARD_BYTES: Final = 2**28
"""Bytes after which the next file of tracks begins."""


def _schema() -> Any:
    """The columns of the index, as Arrow has them, which is large to import and rarely needed."""
    import pyarrow as pa

    words, whole, yes = pa.string(), pa.int64(), pa.bool_()
    return pa.schema(
        {
            "id": whole,
            "speaker": words,
            "name": words,
            "token": words,
            "head_id": words,
            "recorded_at": words,
            "added_at": words,
            "n_frames": whole,
            "n_valid": whole,
            "seconds": pa.float64(),
            "simulated": yes,
            "shard": pa.int32(),
            "offset": whole,
            "n_bytes": whole,
            "crc": whole,
            "channels": pa.list_(words),
            "gaze": yes,
        }
    )


def shard_name(number: int) -> str:
    """The name of a file of tracks."""
    return f"tracks-{number:05d}.bin"


def write_store(
    folder: Path,
    entries: Sequence[SessionEntry],
    load: Callable[[SessionEntry], Session],
    shard_bytes: int = SHARD_BYTES,
) -> Iterator[int]:
    """Write sessions into an empty folder, one at a time.

    Args:
        folder: The folder.
        entries: The sessions, each of a speaker.
        load: Gives the numbers of one.
        shard_bytes: Bytes after which the next file of tracks begins.

    Yields:
        How many are written; the store is whole when no more come.

    Raises:
        InputError: A session cannot be read.
        OSError: The folder cannot be written.
    """
    names = sorted({str(entry.speaker) for entry in entries})
    pseudonyms = {name: f"S-{k + 1:06d}" for k, name in enumerate(names)}
    rows: list[dict[str, Any]] = []
    shard = at = 0
    file = (folder / shard_name(0)).open("wb")
    try:
        for number, entry in enumerate(entries):
            if at >= shard_bytes:
                file.close()
                shard, at = shard + 1, 0
                file = (folder / shard_name(shard)).open("wb")
            row = _written(without_excluded(load(entry)), file)
            rows.append(
                {
                    **row,
                    **_facts(entry),
                    "id": number + 1,
                    "name": f"session {number + 1}",
                    "speaker": pseudonyms[str(entry.speaker)],
                    "shard": shard,
                    "offset": at,
                }
            )
            at += row["n_bytes"]
            yield number + 1
    finally:
        file.close()
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.Table.from_pylist(rows, schema=_schema()), folder / INDEX)
    files = [INDEX, *(shard_name(k) for k in range(shard + 1))]
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "program": PROGRAM,
        "n_sessions": len(rows),
        "n_speakers": len(names),
        "simulated": all(entry.simulated for entry in entries),
        "sha256": {name: sha256_of(folder / name) for name in files},
    }
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _facts(entry: SessionEntry) -> dict[str, Any]:
    return {
        "token": entry.file_name[:TOKEN],
        "head_id": entry.head_id,
        "recorded_at": None if entry.recorded_at is None else entry.recorded_at.isoformat(),
        "added_at": entry.added_at.isoformat(),
        "n_valid": entry.n_valid,
        "seconds": entry.seconds,
        "simulated": entry.simulated,
    }


def _written(session: Session, file: BinaryIO) -> dict[str, Any]:
    """Write the motion of a session: times, valid frames, channels, jaw, gaze."""
    motion = session.motion
    parts = [motion.seconds.astype("<f8"), motion.valid.astype("u1")]
    parts += [motion.expression.astype("<f4"), motion.jaw.astype("<f4")]
    if motion.gaze is not None:
        parts.append(motion.gaze.astype("<f4"))
    content = b"".join(part.tobytes() for part in parts)
    file.write(content)
    return {
        "n_frames": len(motion.seconds),
        "n_bytes": len(content),
        "crc": zlib.crc32(content),
        "channels": list(motion.names),
        "gaze": motion.gaze is not None,
    }


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the motion of a session stands, and what is in it."""

    shard: int
    offset: int
    n_bytes: int
    crc: int
    channels: tuple[str, ...]
    gaze: bool


class TrainingStore:
    """A store to read; it holds no file open and no session in memory.

    Attributes:
        folder: That.
        files: What files are written with that belong with it: they are not sealed.

    Raises:
        InputError: The folder holds none, one of a newer version, or a damaged one.
    """

    def __init__(self, folder: Path) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        self.folder, self.files = folder, LibraryFiles(folder, None)
        manifest = _manifest(folder)
        try:
            sums: Mapping[str, str] = manifest["sha256"]
            if sha256_of(folder / INDEX) != sums[INDEX]:
                raise _damaged(folder, f"'{INDEX}' is not the file that the manifest tells of")
            missing = [name for name in sums if not (folder / name).is_file()]
            if missing:
                raise _damaged(folder, f"'{missing[0]}' is missing")
            rows = parquet.read_table(folder / INDEX, schema=_schema()).to_pylist()
            self._entries = [_entry(row) for row in rows]
            self._places = {row["id"]: _place(row) for row in rows}
        except (
            OSError,
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            pa.ArrowException,
        ) as error:
            raise _damaged(folder, str(error)) from error

    def sessions(self) -> list[SessionEntry]:
        """Its sessions, in the order of writing."""
        return list(self._entries)

    def without_consent(self, purpose: Purpose) -> dict[str, ConsentState]:
        """Nobody: who had not consented to training when it was written is not in it."""
        return {}

    def load(self, entry: SessionEntry) -> Session:
        """The motion of a session, as far as recognizers learn from it.

        Raises:
            InputError: Its bytes are damaged.
        """
        place, t = self._places[entry.id], entry.n_frames
        path = self.folder / shard_name(place.shard)
        try:
            mapped = np.memmap(path, np.uint8, "r", place.offset, (place.n_bytes,))
        except (OSError, ValueError) as error:
            raise _damaged(self.folder, str(error)) from error
        e = len(place.channels)
        shapes = [("<f8", (t,)), ("u1", (t,)), ("<f4", (t, e)), ("<f4", (t, 3))]
        shapes += [("<f4", (t, 2, 2))] * place.gaze
        if zlib.crc32(mapped.data) != place.crc or place.n_bytes != sum(map(_size, shapes)):
            raise _damaged(self.folder, f"session {entry.id} is not as it was written")
        seconds, valid, expression, jaw, *gaze = _parts(mapped, shapes)
        unknown = np.full((t, 3), np.nan, dtype=np.float32)
        motion = Motion(
            seconds, valid.astype(bool), place.channels, expression, jaw, unknown, unknown, *gaze
        )
        none = np.zeros((0, 0), dtype=np.float32)
        return Session(
            motion,
            shape=none.reshape(0),
            shape_chunks=none,
            shape_chunk_seconds=none.reshape(0),
            error_px=unknown[:, 0],
            face_px=unknown[:, 0],
            info=SessionInfo(entry.head_id, simulated=entry.simulated),
        )


def is_store(folder: Path) -> bool:
    """Whether a folder is one."""
    return (folder / MANIFEST).is_file() and (folder / INDEX).is_file()


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        found = (manifest["format"], manifest["version"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(folder, "it has no manifest that can be read") from error
    if found[0] != FORMAT:
        raise _damaged(folder, f"its format is not '{FORMAT}'")
    if found[1] != VERSION:
        raise _damaged(folder, f"it is of version {found[1]}, this is {VERSION}")
    return dict(manifest)


def _damaged(folder: Path, reason: str) -> InputError:
    return InputError(
        f"The training store '{folder}' cannot be used: {reason}.", "Export it once more."
    )


def _entry(row: Mapping[str, Any]) -> SessionEntry:
    recorded = row["recorded_at"]
    return SessionEntry(
        id=row["id"],
        name=row["name"],
        speaker=row["speaker"],
        enrolled=True,
        head_id=row["head_id"],
        source_name=None,
        source_sha256=None,
        recorded_at=None if recorded is None else datetime.fromisoformat(recorded),
        added_at=datetime.fromisoformat(row["added_at"]),
        n_frames=row["n_frames"],
        n_valid=row["n_valid"],
        seconds=row["seconds"],
        simulated=row["simulated"],
        file_name=row["token"],
    )


def _place(row: Mapping[str, Any]) -> _Place:
    at = (row["shard"], row["offset"], row["n_bytes"], row["crc"])
    return _Place(*at, tuple(row["channels"]), row["gaze"])


def _size(part: tuple[str, tuple[int, ...]]) -> int:
    return int(np.dtype(part[0]).itemsize * np.prod(part[1]))


def _parts(
    content: np.ndarray[Any, Any], shapes: Sequence[tuple[str, tuple[int, ...]]]
) -> list[FloatArray]:
    """The arrays that stand one after the other, copied out of the mapped file."""
    ends = np.cumsum([_size(part) for part in shapes])
    return [
        np.frombuffer(content[end - _size(part) : end].tobytes(), part[0]).reshape(part[1])
        for part, end in zip(shapes, ends, strict=True)
    ]
