import io

from facedyn_app.cli.output import SPARSE_SECONDS, ProgressLine
from facedyn_app.progress import Progress


class Clock:
    """Seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        """What the lines look like after every rewriting."""
        lines = []
        for line in self.getvalue().split("\n"):
            shown = ""
            for part in line.split("\r"):
                shown = part + shown[len(part) :]
            lines.append(shown.rstrip())
        return lines


def test_a_terminal_shows_one_line_that_rewrites_itself() -> None:
    clock, terminal = Clock(), Terminal()
    line = ProgressLine(terminal, clock)
    for done in range(5):
        clock.now += 1.0
        line.show(Progress("fitting the head", 10 * done, 40))
    assert terminal.screen() == ["fitting the head · 100 % · 0:00 left"]


def test_time_left_follows_from_the_stage() -> None:
    clock, terminal = Clock(), Terminal()
    line = ProgressLine(terminal, clock)
    line.show(Progress("reading", 0, 100))
    clock.now += 30.0
    line.show(Progress("reading", 25, 100))
    assert terminal.screen() == ["reading · 25 % · 1:30 left"]


def test_an_unknown_total_shows_what_is_done() -> None:
    clock, terminal = Clock(), Terminal()
    line = ProgressLine(terminal, clock)
    clock.now += 1.0
    line.show(Progress("reading", 250))
    assert terminal.screen() == ["reading · 250 done"]
    clock.now += 1.0
    line.show(Progress("reading the head", 0))
    assert terminal.screen() == ["reading the head"]


def test_a_sentence_stands_alone() -> None:
    clock, terminal = Clock(), Terminal()
    line = ProgressLine(terminal, clock)
    clock.now += 1.0
    line.show(Progress("fitting the head with a long name", 1, 2))
    line.say("Careful.")
    assert terminal.screen() == ["Careful.", ""]


def test_reports_in_quick_succession_are_not_all_shown() -> None:
    clock, terminal = Clock(), Terminal()
    line = ProgressLine(terminal, clock)
    for done in range(1000):
        clock.now += 0.001
        line.show(Progress("reading", done, 1000))
    assert 5 <= terminal.getvalue().count("reading") <= 11


def test_a_log_gets_few_lines_and_short_work_none() -> None:
    clock, stream = Clock(), io.StringIO()
    line = ProgressLine(stream, clock)
    for _ in range(int(SPARSE_SECONDS) - 1):
        clock.now += 1.0
        line.show(Progress("reading", 1, 2))
    assert stream.getvalue() == ""
    for _ in range(25):
        clock.now += 1.0
        line.show(Progress("reading", 1, 2))
    assert stream.getvalue().count("\n") == 3
    assert "\r" not in stream.getvalue()


def test_control_characters_of_a_file_name_stay_out() -> None:
    clock, terminal = Clock(), Terminal()
    line = ProgressLine(terminal, clock)
    clock.now += 1.0
    line.show(Progress("a\x1b[2Jb.mp4: reading", 1, 2))
    assert terminal.screen() == ["a?[2Jb.mp4: reading · 50 %"]
