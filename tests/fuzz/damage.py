"""Damages to inputs: each takes a good file or folder, copied, and makes it a bad one."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Rng = np.random.Generator
Damage = Callable[[Path, Rng], None]
NUMBER = re.compile(rb"-?\d+\.?\d*(?:[eE][-+]?\d+)?")
BAD_NUMBERS = (
    b"1e400", b"-1e400", b"NaN", b"Infinity", b"1e308", b"-0", b"null", b"true", b'"x"', b"{}",
    b"9" * 400, b"9" * 5000, b"1e-400", b"[[]]", b"0x10", b"18446744073709551616",
)  # fmt: skip


# Bytes of any file.


def flip_bits(path: Path, rng: Rng) -> None:
    data = bytearray(path.read_bytes())
    for place in rng.integers(len(data), size=int(rng.choice([1, 3, 30]))):
        data[place] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)


def flip_head_bits(path: Path, rng: Rng) -> None:
    data = bytearray(path.read_bytes())
    for place in rng.integers(min(400, len(data)), size=int(rng.choice([1, 4]))):
        data[place] = int(rng.integers(256))
    path.write_bytes(data)


def truncate(path: Path, rng: Rng) -> None:
    path.write_bytes(path.read_bytes()[: int(rng.integers(path.stat().st_size))])


def zero_block(path: Path, rng: Rng) -> None:
    data = bytearray(path.read_bytes())
    start = int(rng.integers(len(data)))
    n = min(len(data) - start, int(rng.choice([8, 512, 4096])))
    data[start : start + n] = bytes(n)
    path.write_bytes(data)


def empty(path: Path, _rng: Rng) -> None:
    path.write_bytes(b"")


def noise(path: Path, rng: Rng) -> None:
    path.write_bytes(rng.bytes(3000))


def repeated(path: Path, _rng: Rng) -> None:
    path.write_bytes(path.read_bytes() * 2)


BYTES: tuple[Damage, ...] = (
    flip_bits, flip_bits, flip_head_bits, truncate, zero_block, empty, noise, repeated,
)  # fmt: skip


# What stands in a file's place.


def _instead(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def pipe(path: Path, _rng: Rng) -> None:
    _instead(path)
    os.mkfifo(path)


def device(path: Path, rng: Rng) -> None:
    _instead(path)
    path.symlink_to(str(rng.choice(["/dev/zero", "/dev/full", "/dev/tty"])))


def link_loop(path: Path, _rng: Rng) -> None:
    _instead(path)
    path.symlink_to(path)


def folder(path: Path, _rng: Rng) -> None:
    _instead(path)
    path.mkdir()


def gone(path: Path, _rng: Rng) -> None:
    _instead(path)


PLACES: tuple[Damage, ...] = (pipe, device, link_loop, folder, gone)


# Texts.


def bad_number(path: Path, rng: Rng) -> None:
    data = path.read_bytes()
    found = list(NUMBER.finditer(data))
    one = found[int(rng.integers(len(found)))]
    bad = BAD_NUMBERS[int(rng.integers(len(BAD_NUMBERS)))]
    path.write_bytes(data[: one.start()] + bad + data[one.end() :])


def bad_column(path: Path, rng: Rng) -> None:
    """Every row's same number."""
    bad = BAD_NUMBERS[int(rng.integers(len(BAD_NUMBERS)))]
    lines = path.read_bytes().split(b"\n")
    k = int(rng.integers(12))
    for row, line in enumerate(lines[1:], start=1):
        found = list(NUMBER.finditer(line))
        if k < len(found):
            lines[row] = line[: found[k].start()] + bad + line[found[k].end() :]
    path.write_bytes(b"\n".join(lines))


def not_utf8(path: Path, rng: Rng) -> None:
    data = path.read_bytes()
    place = int(rng.integers(len(data)))
    path.write_bytes(data[:place] + b"\xff\xc3\x28\xed\xa0\x80" + data[place:])


def half_letter(path: Path, rng: Rng) -> None:
    data = path.read_bytes()
    words = list(re.finditer(rb"[A-Za-z0-9]+", data))
    one = words[int(rng.integers(len(words)))]
    path.write_bytes(data[: one.start()] + rb"\ud800\u0000" + data[one.end() :])


def deep(path: Path, rng: Rng) -> None:
    n = int(rng.choice([2000, 200_000]))
    sign = str(rng.choice(["[", '{"a":']))
    path.write_bytes((sign * n).encode())


def deep_inside(path: Path, rng: Rng) -> None:
    data = path.read_bytes()
    one = next(iter(NUMBER.finditer(data, int(rng.integers(len(data) // 2)))), None)
    if one is not None:
        path.write_bytes(data[: one.start()] + b"[" * 9000 + b"]" * 9000 + data[one.end() :])


def long_word(path: Path, rng: Rng) -> None:
    data = path.read_bytes()
    words = list(re.finditer(rb"[A-Za-z0-9]+", data))
    one = words[int(rng.integers(len(words)))]
    path.write_bytes(data[: one.start()] + b"n" * 10_000 + data[one.end() :])


TEXTS: tuple[Damage, ...] = (
    bad_number, bad_number, bad_column, not_utf8, half_letter, deep, deep_inside, long_word,
)  # fmt: skip


# Numpy's archives.

BAD_TYPES = ("O", "U7", "S5", "c8", "M8[s]", "V3", "f2", "i8", "u8", "?", "f8", ">f4")
BAD_VALUES = (np.nan, np.inf, -np.inf, 3e38, -3e38, 1e30, 1e5, -1.0, 2.0**63)


def _arrays(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def _some(arrays: dict[str, Any], rng: Rng) -> str:
    return str(rng.choice([name for name in arrays if name != "meta"]))


def _save(path: Path, arrays: dict[str, Any]) -> None:
    with path.open("wb") as file:
        np.savez(file, **arrays)


def bad_values(path: Path, rng: Rng) -> None:
    arrays = _arrays(path)
    name = _some(arrays, rng)
    array = np.array(arrays[name])
    if array.dtype.kind in "fiu" and array.size:
        with np.errstate(all="ignore"):
            bad = np.asarray(BAD_VALUES[int(rng.integers(len(BAD_VALUES)))]).astype(array.dtype)
        if rng.integers(2):
            array[...] = bad
        else:
            array.reshape(-1)[int(rng.integers(array.size))] = bad
    arrays[name] = array
    _save(path, arrays)


def all_3e38(path: Path, _rng: Rng) -> None:
    arrays = _arrays(path)
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not name.endswith("seconds"):
            arrays[name] = np.full_like(array, 3e38)
    _save(path, arrays)


def bad_type(path: Path, rng: Rng) -> None:
    arrays = _arrays(path)
    name = _some(arrays, rng)
    kind = str(rng.choice(BAD_TYPES))
    try:
        arrays[name] = arrays[name].astype(kind)
    except (TypeError, ValueError):
        arrays[name] = np.zeros(arrays[name].shape, kind)
    _save(path, arrays)


def bad_shape(path: Path, rng: Rng) -> None:
    arrays = _arrays(path)
    name = _some(arrays, rng)
    array = np.asarray(arrays[name])
    change = int(rng.integers(5))
    if change == 0:
        array = array[:0]
    elif change == 1:
        array = array[None]
    elif change == 2:
        array = np.zeros((), array.dtype)
    elif change == 3:
        array = np.repeat(array, 3, axis=0) if array.ndim else array
    else:
        arrays.pop(name)
    if change != 4:
        arrays[name] = array
    _save(path, arrays)


def _header(shape: tuple[int, ...], kind: str) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": kind, "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


def _with_member(path: Path, name: str, content: bytes) -> None:
    arrays = _arrays(path)
    arrays.pop(name, None)
    _save(path, arrays)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.npy", content)


def huge_header(path: Path, rng: Rng) -> None:
    shapes = ((2**40,), (2**62, 2**62), (2**31, 50), (-1, 4), (0, 2**60), (10**30,))
    shape = shapes[int(rng.integers(len(shapes)))]
    _with_member(path, _some(_arrays(path), rng), _header(shape, "<f4") + b"\0" * 64)


def zip_bomb(path: Path, rng: Rng) -> None:
    """An array of a few MB on disk that unpacks to a GB, of a shape like the others'."""
    n = int(rng.choice([50_000_000, 300_000_000]))
    name = _some(_arrays(path), rng)
    arrays = _arrays(path)
    arrays.pop(name)
    _save(path, arrays)
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(f"{name}.npy", "w", force_zip64=True) as member,
    ):
        member.write(_header((n, 4), "|i1"))
        for _ in range(n // 1_000_000):
            member.write(bytes(4_000_000))


def doubled_members(path: Path, _rng: Rng) -> None:
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0].filename
    import warnings

    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr(first, b"")
        archive.writestr("../outside.npy", b"x")


def bad_meta(path: Path, rng: Rng) -> None:
    """Another 'meta' text: not JSON, deep, of other kinds."""
    texts = (
        "", "[", "[" * 100_000, "{}", "null", "[1]", '{"format": "facedyn-session"}',
        '{"format": "facedyn-session", "version": 1, "head_id": 3}', "\x00", "9" * 5000,
    )  # fmt: skip
    arrays = _arrays(path)
    arrays["meta"] = np.array(texts[int(rng.integers(len(texts)))])
    _save(path, arrays)


NPZ: tuple[Damage, ...] = (
    bad_values, bad_values, bad_type, bad_shape, huge_header, doubled_members, bad_meta, all_3e38,
)  # fmt: skip


# Folders.


def in_recognizer(path: Path, rng: Rng) -> None:
    part = path / str(rng.choice(sorted(p.name for p in path.iterdir())))
    ways = (*BYTES, *PLACES, *(TEXTS if part.suffix == ".json" else (bad_tensors,) * 8))
    ways[int(rng.integers(len(ways)))](part, rng)


def bad_tensors(path: Path, rng: Rng) -> None:
    """Another type, shape or place in the head of a safetensors file."""
    data = path.read_bytes()
    (n,) = struct.unpack("<Q", data[:8])
    head = json.loads(data[8 : 8 + n])
    names = [name for name in head if name != "__metadata__"]
    entry = head[str(rng.choice(names))]
    change = int(rng.integers(5))
    if change < 3:
        kinds = [
            "BOOL",
            "U8",
            "I16",
            "U16",
            "U32",
            "U64",
            "BF16",
            "F8_E4M3",
            "F8_E5M2",
            "F4",
            "C64",
        ]
        old, new = entry["dtype"], str(rng.choice(kinds))
        wide = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "U8": 1, "BOOL": 1, "I16": 2}
        wide |= {"U16": 2, "U32": 4, "U64": 8, "F8_E4M3": 1, "F8_E5M2": 1, "C64": 8, "F4": 1}
        entry["dtype"] = new
        if entry["shape"] and rng.integers(2):  # the same bytes as other numbers
            entry["shape"][-1] = entry["shape"][-1] * wide[old] // wide[new]
    elif change == 3:
        entry["shape"] = [2**40] if rng.integers(2) else [-1]
    else:
        entry["data_offsets"] = [0, 2**50]
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + n :])


SQL = (
    "UPDATE sessions SET n_frames = 'many'",
    "UPDATE sessions SET n_frames = x'ff00'",
    "UPDATE sessions SET n_frames = 9e99",
    "UPDATE sessions SET n_frames = -5",
    "UPDATE sessions SET seconds = 'long'",
    "UPDATE sessions SET seconds = 9e999",
    "UPDATE sessions SET seconds = x'00'",
    "UPDATE sessions SET simulated = 'perhaps'",
    "UPDATE sessions SET simulated = 7",
    "UPDATE sessions SET name = x'fffe'",
    "UPDATE sessions SET name = 12",
    "UPDATE sessions SET name = CAST(x'ff41fe' AS TEXT)",
    "UPDATE sessions SET head_id = x'ff'",
    "UPDATE sessions SET file_name = x'ff' WHERE id = 1",
    "UPDATE sessions SET file_name = '../../../etc/passwd' WHERE id = 1",
    "UPDATE sessions SET file_name = '' WHERE id = 1",
    "UPDATE sessions SET file_name = 'a' || char(0) || 'b' WHERE id = 1",
    "UPDATE sessions SET added_at = 'yesterday'",
    "UPDATE sessions SET added_at = '0001-01-01T00:00:00+00:00'",
    "UPDATE sessions SET added_at = '9999-12-31T23:59:59+00:00'",
    "UPDATE sessions SET added_at = 5",
    "UPDATE sessions SET added_at = x'00'",
    "UPDATE sessions SET recorded_at = '0001-01-01T00:00:00+00:00'",
    "UPDATE sessions SET recorded_at = '9999-12-31T23:59:59-23:00'",
    "UPDATE sessions SET recorded_at = '0001-01-01'",
    "UPDATE sessions SET recorded_at = 'soon'",
    "UPDATE sessions SET recorded_at = 17",
    "UPDATE sessions SET source_name = x'ff'",
    "UPDATE sessions SET source_sha256 = 3.5",
    "UPDATE speakers SET consented_at = 'once'",
    "UPDATE speakers SET created_at = '9999-99-99'",
    "UPDATE speakers SET created_at = '0001-01-01T00:00:00'",
    "UPDATE speakers SET consent = x'00ff'",
    "UPDATE speakers SET name = x'00ff' WHERE id = 1",
    "UPDATE speakers SET name = CAST(x'c328' AS TEXT) WHERE id = 1",
    "UPDATE speakers SET id = 9223372036854775807 WHERE id = 1",
    "INSERT INTO consents VALUES (1, 1, 'sale', '2020-01-01', NULL, NULL, '')",
    "INSERT INTO consents VALUES (1, 1, 'training', 'once', NULL, NULL, '')",
    "INSERT INTO consents VALUES (1, 1, 'training', '2020-01-01', 'later', NULL, '')",
    "INSERT INTO consents VALUES (1, 1, 'training', '2020-01-01', NULL, x'ff', '')",
    "INSERT INTO consents VALUES (1, 99, 'training', '2020-01-01', NULL, NULL, '')",
    "DROP TABLE consents",
    "UPDATE sessions SET speaker_id = 99",
    "UPDATE sessions SET speaker_id = 'Ada'",
    "UPDATE audit SET at = 'when'",
    "UPDATE audit SET at = '0001-01-01T00:00:00+00:00'",
    "UPDATE audit SET who = x'ff'",
    "UPDATE audit SET what = char(2) || '99999999999' || char(3)",
    "UPDATE audit SET id = 9007199254740991 WHERE id = 1",
    "UPDATE audit_chain SET facts = '[' || hex(zeroblob(50000))",
    'UPDATE audit_chain SET facts = \'{"merged": [7, 7], "erased": {"x": 1}}\'',
    'UPDATE audit_chain SET facts = \'{"merged": [1e999, -1e999], "erased": [1]}\'',
    "UPDATE audit_chain SET hash = x'ff'",
    "UPDATE audit_chain SET line_id = -line_id",
    "DELETE FROM audit_chain",
    "DROP TABLE audit_chain",
    "UPDATE settings SET value = x'ff'",
    "UPDATE settings SET value = '../../..'",
    "UPDATE settings SET value = '/dev'",
    "CREATE TRIGGER bad BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'no'); END",
    "CREATE TRIGGER bad AFTER INSERT ON audit BEGIN DELETE FROM sessions; END",
    "CREATE TRIGGER bad AFTER INSERT ON enrolments BEGIN INSERT INTO nowhere VALUES (1); END",
    "CREATE VIEW other AS SELECT * FROM sessions",
    "ALTER TABLE sessions RENAME TO kept; CREATE VIEW sessions AS SELECT * FROM kept",
    "ALTER TABLE speakers RENAME TO kept; CREATE VIEW speakers AS WITH RECURSIVE n(i) AS "
    "(SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 'x' || i AS name, 'c' AS consent, "
    "'2020-01-01' AS consented_at, '2020-01-01' AS created_at FROM n",
    "ALTER TABLE sessions ADD COLUMN extra NOT NULL DEFAULT 3",
    "ALTER TABLE sessions DROP COLUMN seconds",
    "ALTER TABLE sessions RENAME COLUMN n_valid TO n_right",
    "DROP TABLE audit",
    "DROP TABLE settings",
    "DROP TABLE enrolments",
    "PRAGMA user_version = 99",
    "PRAGMA user_version = 0",
    "PRAGMA user_version = -3",
    "PRAGMA journal_mode = WAL",
    "PRAGMA encoding = 'UTF-16'",
    "CREATE TABLE kept AS SELECT * FROM sessions; DROP TABLE sessions; "
    "CREATE TABLE sessions (id ANY, speaker_id, name, file_name, source_name, source_sha256, "
    "head_id, recorded_at, added_at, n_frames, n_valid, seconds, simulated); "
    "INSERT INTO sessions SELECT * FROM kept; UPDATE sessions SET id = 'one' WHERE id = 1",
    "CREATE TABLE kept AS SELECT * FROM sessions; DROP TABLE sessions; "
    "CREATE TABLE sessions (id, speaker_id, name, file_name, source_name, source_sha256, "
    "head_id, recorded_at, added_at, n_frames, n_valid, seconds, simulated); "
    "INSERT INTO sessions SELECT * FROM kept; UPDATE sessions SET name = NULL, seconds = NULL, "
    "n_frames = NULL, added_at = NULL, file_name = NULL, head_id = NULL",
)


def tampered(statements: str) -> Damage:
    """A database changed by somebody else."""

    def damage(path: Path, _rng: Rng) -> None:
        connection = sqlite3.connect(path / "library.sqlite", isolation_level=None)
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.executescript(statements)
        connection.close()

    return damage


def damaged_pages(path: Path, rng: Rng) -> None:
    database = path / "library.sqlite"
    data = bytearray(database.read_bytes())
    for place in rng.integers(100, len(data), size=int(rng.choice([1, 5, 200]))):
        data[place] = int(rng.integers(256))
    database.write_bytes(data)


def in_library(path: Path, rng: Rng) -> None:
    session = next(iter(sorted((path / "sessions").glob("*.npz"))))
    parts = (path / "library.sqlite", session, path / "sessions", path / "recognizers")
    part = parts[int(rng.integers(len(parts)))]
    ways = PLACES if part.is_dir() else (*BYTES, *PLACES)
    ways[int(rng.integers(len(ways)))](part, rng)


def in_corpus(path: Path, rng: Rng) -> None:
    """One folder or file of three is bad."""
    bad = os.fsencode(path / "bert")
    change = int(rng.integers(8))
    if change == 0:
        os.rename(bad, os.fsencode(path) + b"/b\xffrt")
    elif change == 1:
        os.rename(bad + b"/one.npz", bad + b"/o\xffe.npz")
    elif change == 2:
        os.rename(bad, os.fsencode(path) + b"/" + b"b\x1b]0;x\x07\n\xe2\x80\xae")
    elif change == 3:
        os.rename(bad, os.fsencode(path) + b"/" + b"n" * 240)
    elif change == 4:
        shutil.rmtree(path / "bert")
        (path / "bert").symlink_to(path / "bert")
    elif change == 5:
        (path / "bert" / "in").symlink_to(path)
    else:
        ways = (*BYTES, *PLACES, *NPZ)
        ways[int(rng.integers(len(ways)))](path / "bert" / "one.npz", rng)


def in_candor(path: Path, rng: Rng) -> None:
    ways = (*BYTES, *PLACES, *TEXTS[3:])
    ways[int(rng.integers(len(ways)))](path / "talk" / "processed" / "channel_map.json", rng)


def badly_named(path: Path, _rng: Rng) -> None:
    os.rename(
        os.fsencode(path),
        os.fsencode(path.with_name("x")) + b"\xff\x1b[2J\n" + path.suffix.encode(),
    )
