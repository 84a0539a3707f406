"""`facedyn bench mirror`: agreement of videos with their mirror images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.cli.bench import cells, make_work_folder, reasons
from facedyn_app.cli.options import AsJson, HeadName
from facedyn_app.cli.output import Outcome, answering
from facedyn_app.folders import temporary_folder
from facedyn_app.formatting import NONE, table
from facedyn_app.path_checks import check_input_file, naming

if TYPE_CHECKING:
    from facedyn_app.bench.metrics import Agreement
    from facedyn_app.bench.mirror import MirrorResult

_WHAT = {
    "fit": "mirrored video, fit",
    "scores": "mirrored video, scores",
    "by_hand": "landmarks mirrored by hand, fit",
    "encoding": "encoded anew, not mirrored, fit",
    "mean_fit": "mirrored video, mean of both, fit",
    "mean_scores": "mirrored video, mean of both, scores",
}
_HEADS = ("video", "compared", "channels", "median %", "90 %", "r", "largest bias", "of")
_LEGEND = """\
Left of the one against right of the other, over the frames that are valid in both. median %, 90 %:
each channel's median absolute difference in percent of its range (5th to 95th percentile), the
median and the 90th percentile over the channels whose range is {least:g} or more. r: median
correlation. largest bias: mean difference of a channel, in activations (of the jaw in rad).
scores: the landmarker's blendshape scores. by hand: the landmarks of the plain version, mirrored
and fitted again. mean of both: as the program follows a video; the others are followed with
--no-mirrored-mean."""


def mirror(
    videos: Annotated[list[Path], typer.Argument(metavar="VIDEO…", help="The videos.")],
    head: HeadName = DEFAULT_HEAD,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            show_default="nowhere",
            help="Where the encoded versions are kept for the next time.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure whether a video and its mirror image give mirrored answers."""
    with answering(as_json) as answer:
        from facedyn_app.bench.metrics import pooled
        from facedyn_app.bench.mirror import check_sides, measure_mirror
        from facedyn_app.workflows.heads import read_ready_head
        from facedyn_app.workflows.recordings import numbered

        for video in videos:
            check_input_file(video, "video")
        if work is not None:
            make_work_folder(work)
        ready = read_ready_head(head, answer.on_progress)
        check_sides(ready)
        with ExitStack() as stack:
            folder = work or stack.enter_context(temporary_folder("mirror"))
            found = []
            for count, video in enumerate(videos, 1):
                told = numbered(answer.on_progress, video, count, len(videos))
                with naming(video):
                    found.append(measure_mirror(ready, video, folder, told))
        together = {name: pooled(getattr(one, name) for one in found) for name in _WHAT}
        facts = {
            "head": ready.head_id,
            "videos": [asdict(one) for one in found],
            "all": {name: _without_channels(one) for name, one in together.items()},
        }
        answer.outcome = Outcome(facts, _text(ready.head_id, found, together))


def _without_channels(one: Agreement) -> dict[str, object]:
    return {name: value for name, value in asdict(one).items() if name != "channels"}


def _text(head: str, found: Sequence[MirrorResult], together: Mapping[str, Agreement]) -> str:
    from facedyn_app.bench.metrics import LEAST_RANGE

    rows = [
        _row(one.video, what, getattr(one, name)) for one in found for name, what in _WHAT.items()
    ]
    if len(found) > 1:
        rows += [_row("all", what, together[name]) for name, what in _WHAT.items()]
    invalid = "\n".join(f"{one.video}: {_invalid(one)}" for one in found)
    legend = _LEGEND.format(least=LEAST_RANGE)
    return "\n\n".join([f"head {head}", table(_HEADS, rows, right=range(2, 7)), invalid, legend])


def _row(video: str, what: str, one: Agreement) -> list[str]:
    numbers = cells(one, n_channels=0, median_percent=1, p90_percent=1, r=2, largest_bias=2)
    return [video, what, *numbers, one.largest_bias_of or NONE]


def _invalid(one: MirrorResult) -> str:
    versions = "; ".join(f"{name} {reasons(n) or 'none'}" for name, n in one.invalid.items())
    return f"{one.n_compared} of {one.n_frames} frames compared; not valid: {versions}"
