"""`facedyn bench blinks`: blinks found in recordings beside those that were noted by eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.cli.options import AsJson
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import number, table

if TYPE_CHECKING:
    from facedyn_app.bench.blinks_by_eye import BlinkAgreement

_COUNTS = ("seen", "found", "both")
_HEADS = ("video", *_COUNTS, "precision", "recall", "F1", "onset", "off by", "complete")
_LEGEND = """\
both: blinks that were found and seen. onset: right to a frame. off by: frames from the onset seen
to the onset found, median (least to most). complete: told complete or partial as it was seen,
where the eye was sure."""


def blinks(
    seen: Annotated[
        Path, typer.Argument(metavar="TABLE", help="Blinks that were noted by eye, as CSV.")
    ],
    sessions: Annotated[
        list[Path],
        typer.Argument(metavar="SESSION…", help="Session files of the table's videos."),
    ],
    as_json: AsJson = False,
) -> None:
    """Compare the blinks found in recordings with those that were noted by eye."""
    with answering(as_json) as answer:
        from facedyn_app.bench.blinks_by_eye import measure_blinks, pooled_blinks, read_seen_blinks
        from facedyn_app.settings import Settings

        noted = read_seen_blinks(seen)
        found = measure_blinks(sessions, noted, Settings().clinical, answer.on_progress)
        total = pooled_blinks(found)
        facts = {"table": seen, "videos": [_facts(one) for one in found], "all": _facts(total)}
        answer.outcome = Outcome(facts, _text([*found, total]))


def _facts(one: BlinkAgreement) -> dict[str, object]:
    rates = {"precision": one.precision, "recall": one.recall, "f1": one.f1}
    return {**asdict(one), **rates, "n_near": one.n_near, "n_complete_right": one.n_complete_right}


def _off(onsets: Sequence[int]) -> str:
    if not onsets:
        return ""
    return f"{median(onsets):g} ({min(onsets)} to {max(onsets)})"


def _text(found: list[BlinkAgreement]) -> str:
    rows = [
        [
            one.video,
            *(str(n) for n in (one.n_seen, one.n_found, one.n_hits)),
            *(number(share, 2) for share in (one.precision, one.recall, one.f1)),
            f"{one.n_near} of {one.n_hits}",
            _off(one.onsets),
            f"{one.n_complete_right} of {len(one.complete)}",
        ]
        for one in found
    ]
    frames = [
        f"{one.video}: {what} at frame {', '.join(map(str, numbers))}"
        for one in found
        for what, numbers in (("missed", one.missed), ("found, not seen,", one.wrong))
        if numbers
    ]
    text = table(_HEADS, rows, right=range(1, 10))
    return "\n\n".join(filter(None, [text, "\n".join(frames), _LEGEND]))
