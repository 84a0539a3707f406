"""Truth tables: what is read, what is matched, and what is refused with a sentence."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from facedyn_app.bench.recorded_truth import check_rate, read_truth, rows_of_frames
from facedyn_app.errors import InputError

N_ROWS, RATE = 20, 25.0


def table(
    folder: Path, names: str = "seconds,eyeBlink_L,jawOpen", cell: str = "0.5", start: float = 0.0
) -> Path:
    """A table of 20 rows at 25 rows/s, the same cell everywhere but in the times."""
    n_cells = names.count(",")
    rows = [f"{start + k / RATE:.4f}," + ",".join([cell] * n_cells) for k in range(N_ROWS)]
    path = folder / "truth.csv"
    path.write_text("\n".join([names, *rows]) + "\n", encoding="utf-8")
    return path


def test_both_spellings_and_lengths_are_read(tmp_path: Path) -> None:
    names = "seconds,eyeBlink_L,eyeBlinkRight,length: mouth width,length: any (1-2)"
    truth = read_truth(table(tmp_path, names))
    assert truth.channel_names == ("eyeBlinkLeft", "eyeBlinkRight")
    assert truth.length_names == ("mouth width", "any (1-2)")
    assert truth.length_points.tolist() == [[61, 291], [1, 2]]
    assert truth.channels.shape == truth.lengths.shape == (N_ROWS, 2)
    assert truth.rate == pytest.approx(RATE)


def test_a_table_without_lengths(tmp_path: Path) -> None:
    truth = read_truth(table(tmp_path))
    assert truth.lengths.shape == (N_ROWS, 0)
    assert truth.length_points.shape == (0, 2)
    assert np.issubdtype(truth.length_points.dtype, np.integer)  # numbers of landmarks, though none


def test_frames_get_the_nearest_row(tmp_path: Path) -> None:
    truth = read_truth(table(tmp_path))
    seconds = np.arange(N_ROWS + 1) / RATE + 0.3 / RATE
    rows = rows_of_frames(truth, seconds)
    np.testing.assert_array_equal(rows, [*range(N_ROWS), -1])
    np.testing.assert_array_equal(rows_of_frames(truth, seconds + 0.5 / RATE)[:3], [1, 2, 3])


def test_another_rate_is_refused(tmp_path: Path) -> None:
    truth = read_truth(table(tmp_path))
    check_rate(truth, 25.01)
    with pytest.raises(InputError, match=r"truth.csv' has 25.00 rows a second, the video 30.00"):
        check_rate(truth, 30.0)


def test_other_times_are_refused(tmp_path: Path) -> None:
    truth = read_truth(table(tmp_path, start=7.0))
    with pytest.raises(InputError, match=r"covers 7.00 to 7.76 s .* the video 0.00 to 0.76 s"):
        rows_of_frames(truth, np.arange(N_ROWS) / RATE)


@pytest.mark.parametrize(
    ("names", "cell", "why"),
    [
        ("seconds,blink", "0.5", "the column 'blink', which is no ARKit channel"),
        ("time,jawOpen", "0.5", "the column 'time'"),
        ("jawOpen,jawLeft", "0.5", "no column 'seconds'"),
        ("seconds,eyeBlink_L,eyeBlinkLeft", "0.5", "'eyeBlinkLeft' more than once"),
        ("seconds,length: mouth width", "0.5", "no column of an ARKit channel"),
        ("seconds,jawOpen,length: mouth", "0.5", "the length 'mouth', whose points"),
        ("seconds,jawOpen,length: mouth (1-478)", "0.5", "whose points"),
        ("seconds,jawOpen", "nan", "has 'nan' for 'jawOpen' in row 2"),
        ("seconds,jawOpen", "inf", "no number"),
        ("seconds,jawOpen", "1e999", "no number"),
        ("seconds,jawOpen", "wide", "has 'wide' for 'jawOpen' in row 2"),
        ("seconds,jawOpen", "", "no number"),
        ("seconds,jawOpen", "50", "'jawOpen' beyond activations"),
        ("seconds,jawOpen,length: mouth width", "-0.1", "below 0 for the length"),
    ],
)
def test_what_cannot_be_true_is_refused(tmp_path: Path, names: str, cell: str, why: str) -> None:
    with pytest.raises(InputError, match=r"truth file .*truth\.csv") as refused:
        read_truth(table(tmp_path, names, cell))
    assert why in refused.value.sentence


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "fewer than"),
        (b"seconds,jawOpen\n0,1\n", "fewer than"),
        (b"seconds,jawOpen\n" + b"0,0.5\n" * 20, "do not ascend"),
        (b"seconds,jawOpen\n" + b"0,0.5\n" * 20 + b"1,2,3\n", "3 cells in row 22 for 2 names"),
        (b"\xff\xfe\x00\x01" * 50, "no table of text"),
        (b'"' + b"a" * 200_000, "no table of text"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "truth.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"truth\.csv") as refused:
        read_truth(path)
    assert why in refused.value.sentence


def test_a_file_that_is_not_there_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_truth(tmp_path / "truth.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_truth(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "truth.csv"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="no ordinary file"):
        read_truth(pipe)
