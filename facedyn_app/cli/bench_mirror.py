"""`facedyn bench mirror`: videos against their mirror images, as text and as facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from facedyn_app.bench.agreement import LEAST_RANGE, Agreement, pooled
from facedyn_app.bench.mirror import MirrorResult, check_sides, measure_mirror
from facedyn_app.cli.output import NONE, Outcome, number, table
from facedyn_app.files import check_output_folder
from facedyn_app.progress import OnProgress
from facedyn_app.workflows.heads import read_ready_head
from facedyn_app.workflows.path_checks import check_input_file, naming
from facedyn_app.workflows.recordings import numbered

_WHAT = {
    "fit": "mirrored video, fit",
    "scores": "mirrored video, scores",
    "by_hand": "landmarks mirrored by hand, fit",
    "encoding": "encoded anew, not mirrored, fit",
    "mean_fit": "mirrored video, mean of both, fit",
    "mean_scores": "mirrored video, mean of both, scores",
}
_HEADS = ("video", "compared", "channels", "median %", "90 %", "r", "largest bias", "of")
_LEGEND = f"""\
Left of the one against right of the other, over the frames that are valid in both. median %, 90 %:
each channel's median absolute difference in percent of its range (5th to 95th percentile), the
median and the 90th percentile over the channels whose range is {LEAST_RANGE:g} or more. r: median
correlation. largest bias: mean difference of a channel, in activations (of the jaw in rad).
scores: the landmarker's blendshape scores. by hand: the landmarks of the plain version, mirrored
and fitted again. mean of both: each version followed with --mirrored-mean."""


def bench_mirror(
    videos: Sequence[Path], head: str, work: Path | None, on_progress: OnProgress
) -> Outcome:
    """Measure whether mirrored videos give mirrored answers.

    Args:
        videos: The videos.
        head: Id or file of the head.
        work: Where the encoded versions are kept; None for a folder that goes again.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: A video or the head cannot be read, or a video shows no face.
        MismatchError: The head's expressions are not named by sides.
        OutputError: The folder cannot be written.
        TooLittleError: A face is seen in too few frames.
    """
    for video in videos:
        check_input_file(video, "video")
    if work is not None:
        check_output_folder(work)
        work.mkdir(parents=True, exist_ok=True)
    ready = read_ready_head(head, on_progress)
    check_sides(ready)
    with ExitStack() as stack:
        folder = work or Path(stack.enter_context(TemporaryDirectory(prefix="facedyn-mirror-")))
        found = []
        for count, video in enumerate(videos, 1):
            told = numbered(on_progress, video, count, len(videos))
            with naming(video):
                found.append(measure_mirror(ready, video, folder, told))
    together = {name: pooled(getattr(one, name) for one in found) for name in _WHAT}
    facts = {
        "head": ready.head_id,
        "videos": [asdict(one) for one in found],
        "all": {name: _without_channels(one) for name, one in together.items()},
    }
    return Outcome(facts, _text(ready.head_id, found, together))


def _without_channels(one: Agreement) -> dict[str, object]:
    return {name: value for name, value in asdict(one).items() if name != "channels"}


def _text(head: str, found: Sequence[MirrorResult], together: Mapping[str, Agreement]) -> str:
    rows = [
        _row(one.video, what, getattr(one, name)) for one in found for name, what in _WHAT.items()
    ]
    if len(found) > 1:
        rows += [_row("all", what, together[name]) for name, what in _WHAT.items()]
    invalid = [f"{one.video}: {_invalid(one)}" for one in found]
    parts = [f"head {head}", table(_HEADS, rows, right=range(2, 7)), "\n".join(invalid), _LEGEND]
    return "\n\n".join(parts)


def _row(video: str, what: str, one: Agreement) -> list[str]:
    return [
        video,
        what,
        str(one.n_channels),
        number(one.median_percent, 1),
        number(one.p90_percent, 1),
        number(one.r),
        number(one.largest_bias),
        one.largest_bias_of or NONE,
    ]


def _invalid(one: MirrorResult) -> str:
    reasons = {
        version: ", ".join(f"{reason} {n}" for reason, n in counts.items()) or "none"
        for version, counts in one.invalid.items()
    }
    versions = "; ".join(f"{version} {text}" for version, text in reasons.items())
    return f"{one.n_compared} of {one.n_frames} frames compared; not valid: {versions}"
