"""Tables that cannot be used: one clear sentence each."""

from pathlib import Path

import pytest

from facedyn_app.errors import FacedynError, InputError, MismatchError, TooLittleError
from facedyn_app.tracks.reading import kind_of, read_sessions
from tests.tracks.tables import OPENFACE_NAMES, openface_rows, write_table


def refused(path: Path) -> str:
    """The sentence on a file."""
    with pytest.raises(FacedynError) as caught:
        read_sessions([path])
    sentence = caught.value.sentence
    assert path.name in sentence or isinstance(caught.value, TooLittleError)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda rows: rows[4].__setitem__(5, "often"),
            "'AU01_r' holds 'often', which is no number",
        ),
        (lambda rows: rows[4].pop(), "a row of 6 cells where its head line names 7"),
        (lambda rows: rows[4].append(1), "a row of 8 cells where its head line names 7"),
        (lambda rows: rows[9].__setitem__(2, "0.1"), "times run backwards, from 0.32 s to 0.1 s"),
        (lambda rows: rows[4].__setitem__(2, ""), "row 5 has no time"),
        (lambda rows: rows[4].__setitem__(1, 0.5), "not whole numbers"),
        (lambda rows: rows[-1].__setitem__(2, 1e9), "its times span 1.16e+04 days"),
        (
            lambda rows: [row.__setitem__(2, k / 1e7) for k, row in enumerate(rows)],
            "0.0001 s apart",
        ),
        (
            lambda rows: [row.__setitem__(2, 600.0 * k) for k, row in enumerate(rows)],
            "rows are more than 100 s apart",
        ),
        (lambda rows: [row.__setitem__(1, k) for k, row in enumerate(rows)], "numbers 90 faces"),
        (lambda rows: rows.clear(), "a head line and no rows"),
        (lambda rows: [row.__setitem__(4, 0) for row in rows], "None of the 90 rows"),
        (lambda rows: [row.__setitem__(5, "NaN") for row in rows], "None of the 90 rows"),
        (lambda rows: [row.__setitem__(5, 1e300) for row in rows], "None of the 90 rows"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, change: object, reason: str) -> None:
    rows = openface_rows(90)
    change(rows)  # type: ignore[operator]
    assert reason in refused(write_table(tmp_path / "bad.csv", OPENFACE_NAMES, rows))


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = write_table(tmp_path / "cut.csv", OPENFACE_NAMES, openface_rows(90))
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b", 2.5")])
    assert "cut off" in refused(path)


def test_a_million_columns_are_no_table(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"AU{k}_r" for k in range(1_000_000)) + "\n")
    assert "longer than 1 MiB" in refused(path)
    path.write_text(",".join("a" for _ in range(30_000)) + "\n" + "1," * 29_999 + "1\n")
    assert "30,000 columns" in refused(path)


def test_what_is_no_table_is_said(tmp_path: Path) -> None:
    for name, content in (
        ("empty.csv", b""),
        ("bytes.csv", bytes(range(256)) * 9),
        ("utf16.csv", "frame,AU01_r\n1,2\n".encode("utf-16")),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert kind_of(path) is None
        assert "no column that is known" in refused(path)
    with pytest.raises(InputError, match="cannot be opened"):
        read_sessions([tmp_path / "missing.csv"])


def test_a_table_saved_by_a_spreadsheet_in_german_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\ufeffframe;timestamp;AU01_r\n1;0,00;2,5\n2;0,04;5\n", encoding="utf-8")
    (session,) = read_sessions([path])
    assert session.motion.seconds.tolist() == [0.0, 0.04]
    assert session.motion.expression[:, 0].tolist() == [0.5, 1.0]


def test_files_of_several_programs_are_no_recording(tmp_path: Path) -> None:
    one = write_table(tmp_path / "a.csv", OPENFACE_NAMES, openface_rows(3))
    two = write_table(tmp_path / "b.csv", ("frame", "AU01_r"), [[1, 2]])
    with pytest.raises(MismatchError, match=r"a\.csv' .* b\.csv|has channels of"):
        read_sessions([one, two])


@pytest.mark.parametrize("fps", [0.0, -3.0, float("nan"), 1e9])
def test_a_rate_must_be_one(tmp_path: Path, fps: float) -> None:
    path = write_table(tmp_path / "a.csv", OPENFACE_NAMES, openface_rows(3))
    with pytest.raises(InputError, match="no rate of a recording"):
        read_sessions([path], fps=fps)
