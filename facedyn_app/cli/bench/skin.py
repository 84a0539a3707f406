"""`facedyn bench skin`: whether skin that was left out stays nearer to itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.cli.bench import cells
from facedyn_app.cli.options import AsJson, HeadName
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.formatting import table
from facedyn_app.path_checks import check_input_file, naming

if TYPE_CHECKING:
    from facedyn_app.bench.skin import SkinResult

_HEADS = ("video", "frames", "landmarks", "skin", "variance")
_LEGEND = """\
Half of the skin is followed (--optical-flow), the other half is compared: root mean square
difference of its contrast from the person's own, the head fitted to the landmarks alone and with
the first half followed, and the square of the second over that of the first."""


def skin(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO…", help="The videos.")],
    head: HeadName = DEFAULT_HEAD,
    as_json: AsJson = False,
) -> None:
    """Measure whether following the skin brings the head nearer to the face, without a truth."""
    with answering(as_json) as answer:
        from facedyn_app.bench.skin import measure_skin
        from facedyn_app.workflows.heads import read_ready_head
        from facedyn_app.workflows.recordings import numbered

        for video in videos:
            check_input_file(video, "video")
        ready = read_ready_head(head, answer.on_progress)
        found = []
        for count, video in enumerate(videos, 1):
            told = numbered(answer.on_progress, video, count, len(videos))
            with naming(video):
                found.append(measure_skin(ready, video, told))
        facts = {"head": ready.head_id, "videos": [asdict(one) for one in found]}
        answer.outcome = Outcome(facts, _text(ready.head_id, found))


def _text(head: str, found: Sequence[SkinResult]) -> str:
    rows = [
        [one.video, *cells(one, n_compared=0, landmarks=3, skin=3, variance_ratio=2)]
        for one in found
    ]
    return "\n\n".join([f"head {head}", table(_HEADS, rows, right=range(1, 5)), _LEGEND])
