"""`facedyn bench repeat`: clinical measures of recordings beside those of their mirror images."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import number, table

if TYPE_CHECKING:
    from facedyn_app.bench.clinical_repeat import MirroredAnswers, RepeatResult

_ANSWERS = ("mirrored answers", "values", "value", "two values", "mean of both", "sign turned")
_HALVES = ("measure", "of", "unit", "pairs", "rms", "SEM", "correlation")
_LEGEND = """\
value: the mirror image's lies within the recording's interval, although it errs to the other side.
two values: both lie as near as two measurements with such intervals should. mean of both: it is
free of the program's own difference and lies within the recording's interval.
rms: of the difference of the recordings' halves. SEM: of a whole recording."""


def repeat(
    sessions: Annotated[
        list[Path], typer.Argument(metavar="SESSION…", help="Session files of recordings.")
    ],
    mirror: Annotated[
        list[Path] | None,
        typer.Option(
            "--mirror", metavar="SESSION", show_default=False,
            help="A recording fitted with --mirrored; one for each, or none.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Measure how well clinical measures repeat: of mirror images and of the recordings' halves."""
    with answering(as_json) as answer:
        from facedyn_app.bench.clinical_repeat import measure_repeat
        from facedyn_app.settings import Settings

        found = measure_repeat(sessions, mirror or [], Settings().clinical, answer.on_progress)
        answer.outcome = Outcome(asdict(found), _text(found))


def _text(found: RepeatResult) -> str:
    parts = []
    if found.plain:
        groups = (("", found.plain), (" with --mirror", found.with_mirror))
        rows = [_answers_row(one, how) for how, answers in groups for one in answers]
        parts.append(table(_ANSWERS, rows, right=range(1, 6)))
    rows = [
        [
            one.measure,
            one.statistic,
            one.unit,
            str(one.n),
            number(one.rms, 3),
            number(one.sem, 3),
            number(one.correlation, 2),
        ]
        for one in found.halves
    ]
    parts.append(table(_HALVES, rows, right=range(3, 7)))
    return "\n\n".join([f"{found.n_recordings} recordings", *parts, _LEGEND])


def _answers_row(one: MirroredAnswers, how: str) -> list[str]:
    shares = [f"{100.0 * n / max(one.n, 1):.0f} %" for n in _within(one)]
    turned = str(one.turned) if one.what == "differences" else ""
    return [one.what + how, str(one.n), *shares, turned]


def _within(one: MirroredAnswers) -> tuple[int, int, int]:
    return one.value_within, one.both_within, one.mean_within
