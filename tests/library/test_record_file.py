"""Record files: appended to, mended after a kill at any byte, erased with nothing left."""

from pathlib import Path

import numpy as np
import pytest

from facedyn_app.library.record_file import RecordFile

FIRST = {"a": b"aaaaaaaa", "b": b"bbbb", "empty": b""}
SECOND = {"c": b"cccccccccccc"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    RecordFile(tmp_path / "x").append(FIRST)
    return tmp_path / "x"


def files(path: Path) -> tuple[Path, Path]:
    return path.with_name("x.rows"), path.with_name("x.bytes")


def content(path: Path) -> dict[str, bytes | None]:
    kept = RecordFile(path)
    return {name: kept.read(name) for name in kept.places}


def test_what_was_there_is_not_written_again(path: Path) -> None:
    before = [file.read_bytes() for file in files(path)]
    RecordFile(path).append(SECOND)
    for file, old in zip(files(path), before, strict=True):
        assert file.read_bytes().startswith(old)
    assert content(path) == {**FIRST, **SECOND}


def test_a_kill_at_any_byte_loses_at_most_what_was_being_added(path: Path) -> None:
    rows, numbers = files(path)
    before = [file.read_bytes() for file in (rows, numbers)]
    RecordFile(path).append(SECOND)
    whole = [file.read_bytes() for file in (rows, numbers)]
    # the bytes come first, and then the row
    cuts = [(len(before[0]), n) for n in range(len(before[1]), len(whole[1]) + 1)]
    cuts += [(n, len(whole[1])) for n in range(len(before[0]), len(whole[0]))]
    for n_rows, n_bytes in cuts:
        rows.write_bytes(whole[0][:n_rows])
        numbers.write_bytes(whole[1][:n_bytes])
        assert content(path) == FIRST
        RecordFile(path).append({"d": b"dd"})
        assert content(path) == {**FIRST, "d": b"dd"}
        assert b"cc" not in numbers.read_bytes()


def test_a_row_without_its_bytes_counts_as_missing(path: Path) -> None:
    numbers = files(path)[1]
    numbers.write_bytes(numbers.read_bytes()[:9])
    assert content(path) == {"a": FIRST["a"]}
    RecordFile(path).append({"b": FIRST["b"]})
    assert content(path)["b"] == FIRST["b"]
    damaged = bytearray(numbers.read_bytes())
    damaged[0] ^= 1
    numbers.write_bytes(damaged)
    assert RecordFile(path).read("a") is None


def test_erased_ones_are_overwritten_and_the_others_stay(path: Path) -> None:
    kept = RecordFile(path)
    kept.append({"a": b"AAAA"})  # in place of the first
    assert kept.read("a") == b"AAAA"
    kept.erase(["a", "nobody"])
    assert content(path) == {"b": FIRST["b"], "empty": b""}
    assert b"a" not in files(path)[1].read_bytes().lower()
    kept.append(SECOND)
    assert content(path) == {"b": FIRST["b"], "empty": b"", **SECOND}


def test_an_erasure_that_was_killed_is_done_at_the_next(path: Path) -> None:
    rows = files(path)[0].read_bytes()
    RecordFile(path).erase(["a"])
    files(path)[0].write_bytes(rows)  # the bytes were overwritten, the row was still there
    assert content(path) == {"a": None, "b": FIRST["b"], "empty": b""}
    RecordFile(path).erase(["a"])
    assert "a" not in content(path)


def test_rows_of_one_length_are_mapped_as_a_matrix(tmp_path: Path) -> None:
    numbers = np.arange(12, dtype=np.float32).reshape(4, 3)
    kept = RecordFile(tmp_path / "m", 12)
    kept.append({f"r{k}": row.tobytes() for k, row in enumerate(numbers)})
    found = kept.matrix(["r2", "r0"], 3)
    assert found is not None
    np.testing.assert_array_equal(found[0][found[1]], numbers[[2, 0]])
    kept.erase(["r3"])
    np.testing.assert_array_equal(found[0][found[1]], numbers[[2, 0]])
    kept.append({"r4": numbers[3].tobytes()})
    again = kept.matrix(["r0", "r4"], 3)
    assert again is not None
    np.testing.assert_array_equal(again[0][again[1]], numbers[[0, 3]])
    assert kept.matrix(["r3"], 3) is None
    assert kept.matrix(["r0"], 4) is None
    assert kept.matrix([], 3) is None
