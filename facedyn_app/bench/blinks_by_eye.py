"""Agreement of the blinks found in recordings with those that were noted by eye.

A blink that was found and one that was noted are the same where they overlap or their deepest
moments lie near, nearest pairs first, one to one. Where the eye was not sure, a found blink is
neither right nor wrong; where it saw a long closure, a found blink is wrong.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.blink_pairs import Blink
from facedyn_app.dynamics.clinical.blinks import ClosureKind
from facedyn_app.errors import MismatchError, unreadable, unusable
from facedyn_app.files import read_plain
from facedyn_app.progress import OnProgress
from facedyn_app.records import FloatArray
from facedyn_app.workflows.measure import MeasureOptions, measure_recordings

COLUMNS: Final = ("video", "first_frame", "closed_frame", "last_frame", "kind", "closure")
MOST_BYTES: Final = 2**20
LEAST_DRAWS: Final = 50
NEAR_S: Final = 0.15
"""Distance of the deepest moments up to which two blinks can be the same, s."""


class SeenKind(StrEnum):
    """What a closure of the eyes looked like."""

    BLINK = "blink"
    LONG = "long"
    UNCLEAR = "unclear"


class SeenClosure(StrEnum):
    """How far the eyes closed, as it looked."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class SeenBlink:
    """A closure of the eyes that was noted by eye; frames count from 1.

    Attributes:
        video: Name of the recording's file.
        first: Frame in which the lids visibly come down.
        closed: Frame in which the eyes are narrowest.
        last: Last frame before they are open again.
        kind: What it is.
        closure: How far they close.
    """

    video: str
    first: int
    closed: int
    last: int
    kind: SeenKind
    closure: SeenClosure


@dataclass(frozen=True, slots=True)
class BlinkAgreement:
    """Blinks that were found against those that were noted, of one recording or of several.

    Attributes:
        video: Of which recording; "all" for several.
        n_seen: Blinks noted.
        n_found: Blinks found, without those where the eye was not sure.
        onsets: Of each that is in both, the first frame behind the onset found less the noted one.
        complete: Of these, (found, noted) completeness where the eye was sure of it.
        missed: Frames in which the noted blinks begin that were not found.
        wrong: Frames in which the found blinks begin that were not noted.
    """

    video: str
    n_seen: int = 0
    n_found: int = 0
    onsets: tuple[int, ...] = ()
    complete: tuple[tuple[bool, bool], ...] = ()
    missed: tuple[int, ...] = ()
    wrong: tuple[int, ...] = ()

    @property
    def n_hits(self) -> int:
        """Blinks in both."""
        return len(self.onsets)

    @property
    def precision(self) -> float:
        """Share of the found ones that were noted; NaN where none was found."""
        return self.n_hits / self.n_found if self.n_found else float("nan")

    @property
    def recall(self) -> float:
        """Share of the noted ones that were found; NaN where none was noted."""
        return self.n_hits / self.n_seen if self.n_seen else float("nan")

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; NaN where there is no blink at all."""
        both = self.n_seen + self.n_found
        return 2.0 * self.n_hits / both if both else float("nan")

    @property
    def n_near(self) -> int:
        """Blinks whose onset is right to a frame."""
        return sum(abs(onset) <= 1 for onset in self.onsets)

    @property
    def n_complete_right(self) -> int:
        """Blinks told complete or partial as noted."""
        return sum(found == seen for found, seen in self.complete)


def read_seen_blinks(path: Path) -> tuple[SeenBlink, ...]:
    """Read a table of blinks noted by eye; lines that begin with # are its comment.

    Raises:
        InputError: It cannot be read, or is no such table; the sentence names the row.
    """
    hint = f"It is CSV with the columns {', '.join(COLUMNS)}."
    try:
        lines = read_plain(path, MOST_BYTES).decode("utf-8-sig").splitlines()
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise unusable(path, "it is no text in UTF-8", hint) from error
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        raise unusable(path, "it is no table of blinks", hint)
    seen = []
    for number, row in enumerate(rows, start=1):
        try:
            first, closed, last = (int(row[name]) for name in COLUMNS[1:4])
            kind, closure = SeenKind(row["kind"]), SeenClosure(row["closure"])
        except (ValueError, TypeError) as error:
            raise unusable(path, f"its row {number} is wrong ({error})", hint) from error
        if not 1 <= first <= closed <= last:
            raise unusable(path, f"the frames of its row {number} are in no order", hint)
        seen.append(SeenBlink(row["video"], first, closed, last, kind, closure))
    return tuple(seen)


def measure_blinks(
    sessions: Sequence[Path],
    seen: Sequence[SeenBlink],
    settings: ClinicalSettings,
    on_progress: OnProgress,
) -> tuple[BlinkAgreement, ...]:
    """Find the blinks of recordings and compare them with those noted by eye.

    Args:
        sessions: Session files of the videos.
        seen: What was noted, of these videos and perhaps of others.
        settings: What counts as a blink.
        on_progress: Called for every recording; may raise Cancelled.

    Raises:
        InputError: A file cannot be read, or is a video.
        MismatchError: A session is of none of the videos.
    """
    quick = replace(settings, n_draws=LEAST_DRAWS)  # intervals are of no account here
    measured = measure_recordings(sessions, [], None, MeasureOptions(), quick, on_progress)
    found = []
    for one in measured.sessions:
        video = one.session.info.source_name or ""
        noted = [other for other in seen if other.video == video]
        if not noted:
            raise MismatchError(
                f"'{one.name}' is of none of the videos in which blinks were noted.",
                f"They are {', '.join(sorted({other.video for other in seen}))}.",
            )
        seconds = one.session.motion.seconds
        found.append(compare_blinks(video, one.measures.blinks, noted, seconds))
    return tuple(found)


def compare_blinks(
    video: str, found: Sequence[Blink], seen: Sequence[SeenBlink], seconds: FloatArray
) -> BlinkAgreement:
    """Compare the blinks found in a recording with those noted by eye.

    Args:
        video: Its name.
        found: All closures that were found; those that are no blinks count for nothing.
        seen: All closures that were noted in it.
        seconds: (T,) times of its frames, s.
    """
    blinks = [blink for blink in found if blink.kind is ClosureKind.BLINK]
    pairs = _pairs(blinks, seen, seconds)
    numbers = np.arange(1, len(seconds) + 1)
    # an eye sees an onset in the first frame behind it
    onsets = [int(np.ceil(np.interp(blink.onset, seconds, numbers) - 1e-6)) for blink in blinks]
    hits = {i: seen[j] for i, j in sorted(pairs.items()) if seen[j].kind is SeenKind.BLINK}
    doubtful = {
        i
        for i, blink in enumerate(blinks)
        if i not in hits
        and any(
            one.kind is SeenKind.UNCLEAR and _gap(blink, one, seconds) is not None for one in seen
        )
    }
    noted = [j for j, one in enumerate(seen) if one.kind is SeenKind.BLINK]
    reached = set(pairs.values())
    return BlinkAgreement(
        video=video,
        n_seen=len(noted),
        n_found=len(blinks) - len(doubtful),
        onsets=tuple(onsets[i] - one.first for i, one in hits.items()),
        complete=tuple(
            (blinks[i].complete, one.closure is SeenClosure.COMPLETE)
            for i, one in hits.items()
            if one.closure is not SeenClosure.UNCLEAR
        ),
        missed=tuple(seen[j].first for j in noted if j not in reached),
        wrong=tuple(onsets[i] for i in range(len(blinks)) if i not in hits and i not in doubtful),
    )


def pooled_blinks(each: Sequence[BlinkAgreement]) -> BlinkAgreement:
    """The agreement over several recordings; frames are not kept."""
    return BlinkAgreement(
        video="all",
        n_seen=sum(one.n_seen for one in each),
        n_found=sum(one.n_found for one in each),
        onsets=tuple(onset for one in each for onset in one.onsets),
        complete=tuple(pair for one in each for pair in one.complete),
    )


def _pairs(
    blinks: Sequence[Blink], seen: Sequence[SeenBlink], seconds: FloatArray
) -> dict[int, int]:
    """Number of the noted closure for each found blink that has one, nearest first."""
    near = sorted(
        (gap, i, j)
        for i, blink in enumerate(blinks)
        for j, one in enumerate(seen)
        if (gap := _gap(blink, one, seconds)) is not None
    )
    pairs: dict[int, int] = {}
    for _, i, j in near:
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def _gap(blink: Blink, one: SeenBlink, seconds: FloatArray) -> float | None:
    """Distance of the deepest moments, s; None where they are not the same closure."""
    first, closed, last = (
        float(seconds[min(frame, len(seconds)) - 1]) for frame in (one.first, one.closed, one.last)
    )
    deepest = max(blink.sides, key=lambda side: side.depth).deepest
    gap = abs(deepest - closed)
    return gap if gap <= NEAR_S or first <= deepest <= last else None
