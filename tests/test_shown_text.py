"""What comes from outside is shown as it is, and never acts: terminals, pages, tables."""

from __future__ import annotations

import csv
import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from facedyn_app.cli.app import _LogFormatter, make_app
from facedyn_app.cli.output import Outcome, ProgressLine, show
from facedyn_app.files import file_name
from facedyn_app.formatting import LONGEST_NAME, shown, shown_name, table
from facedyn_app.reports.cells import safe_cell
from facedyn_app.reports.page import _seen


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


def test_an_entry_of_the_log_is_one_line(tmp_path: Path) -> None:
    """Neither a name nor what a fault says begins a line of its own, or acts on a terminal."""
    formatter = _LogFormatter("%(levelname)s %(name)s: %(message)s")
    name = "Eve\n2020-01-01 INFO all well\x1b]0;owned\x07\u202e"
    try:
        int(name)
    except ValueError as error:
        fault = (OSError, OSError(name), error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "Left out: '%s'", (name,), fault)
    first, *lines = formatter.format(record).split("\n")
    assert first == (r"ERROR x: Left out: 'Eve\x0a2020-01-01 INFO all well\x1b]0;owned\x07\u202e'")
    assert lines[0].startswith("Traceback")
    assert all(shown(line) == line for line in lines)


@pytest.mark.parametrize("where", [["fit", "a.mp4"], [], ["bench"], ["fit", "a.mp4", "--device"]])
def test_an_error_of_usage_repeats_no_control_characters(where: list[str]) -> None:
    def unused(*_: object, **__: object) -> Any:
        raise AssertionError

    app = make_app(unused, unused, unused)
    done = CliRunner().invoke(app, [*where, "gpj.\u202e\x1b]0;x\x07\nfine" + "n" * 10_000])
    assert done.exit_code == 2
    assert "Error: " in done.stderr
    assert len(done.stderr) < 1500
    assert all(shown(line) == line for line in done.stderr.split("\n"))
    assert not any(line.startswith("fine") for line in done.stderr.split("\n"))
