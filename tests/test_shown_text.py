"""What comes from outside is shown as it is, and never acts: terminals, pages, tables."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from facedyn_app.cli.output import Outcome, ProgressLine, show
from facedyn_app.files import file_name
from facedyn_app.formatting import LONGEST_NAME, shown, shown_name, table
from facedyn_app.reports.page import _seen
from facedyn_app.reports.tables import safe_cell


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Zoë Müller, 3 May", "Zoë Müller, 3 May"),
        ("王 и ع", "王 и ع"),
        ("no\u00a0break", "no\u00a0break"),
        ("\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07"),
        ("a\x9b31mb", r"a\x9b31mb"),
        ("gpj.\u202exe", r"gpj.\u202exe"),
        ("a\u2066b\u2069", r"a\u2066b\u2069"),
        ("half \ud800", r"half \ud800"),
        ("line\u2028end", r"line\u2028end"),
        ("b\udcff", r"b\xff"),
        ("two\nlines\ttab", r"two\x0alines\x09tab"),
    ],
)
def test_what_would_act_is_seen(text: str, seen: str) -> None:
    assert shown(text) == seen


def test_line_ends_may_stay_and_long_names_are_cut() -> None:
    assert shown("a\nb\x07", keep="\n") == "a\nb\\x07"
    name = shown_name("n" * 10_000)
    assert len(name) == LONGEST_NAME
    assert name.endswith("n…")


def test_a_file_name_that_is_no_utf8_has_a_name(tmp_path: Path) -> None:
    assert file_name(Path("/x/caf\udce9.npz")) == r"caf\xe9.npz"
    assert file_name(tmp_path / "café.npz") == "café.npz"


def test_a_terminal_is_told_nothing_but_text(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    show(Outcome(text="consent: \x1b]0;x\x07\nnext"), False, [])
    ProgressLine(sys.stderr).say("The file 'a\x1b[2J\nb' is none.")
    told = capsys.readouterr()
    assert told.out == "consent: \\x1b]0;x\\x07\nnext\n"
    assert told.err == "The file 'a\\x1b[2J\\x0ab' is none.\n"


def test_a_name_is_one_cell_of_a_table() -> None:
    lines = table(["name", "n"], [["a\nb", "1"], ["m" * 10_000, "2"]]).split("\n")
    assert len(lines) == 3
    assert lines[1].startswith(r"a\x0ab")
    assert max(map(len, lines)) <= LONGEST_NAME + 4


@pytest.mark.parametrize("text", ["=2", " =2", "\u00a0=2", "\t@x", "  +1", "-1", "\uff1d2", "\n=2"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert safe_cell(text).startswith("'")


def test_a_cell_that_is_none_stays() -> None:
    for text in ("anna", "a=2", "", " anna", "3 - 2"):
        assert safe_cell(text) == text
    assert next(csv.reader([safe_cell("a\x1bb")])) == [r"a\x1bb"]


def test_a_page_shows_overrides_of_direction() -> None:
    from markupsafe import Markup

    assert _seen("gpj.\u202exe\nb") == "gpj.\\u202exe\nb"
    assert _seen(Markup("<b>\u202e</b>")) == Markup("<b>\u202e</b>")
    assert _seen(3) == 3
    assert _seen(f"of {'n' * 10_000} and") == f"of {'n' * 199}… and"
    assert len(str(_seen("a b " * 10_000))) == 5000
