"""Columns of a study's tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from facedyn_app.reports.code_book import Column

MEASURES: Final = (
    Column("top1_window", "share", "windows given to the right speaker"),
    Column("top5_window", "share", "windows with the right speaker among the first five"),
    Column("top1_session", "share", "sessions given to the right speaker"),
    Column("top5_session", "share", "sessions with the right speaker among the first five"),
    Column("top10_session", "share", "sessions with the right speaker among the first ten"),
    Column("mrr", "", "mean of 1 / rank of the right speaker, over sessions"),
    Column("dir_far1", "share", "sessions detected and identified where 1 % of strangers pass"),
    Column("dir_far10", "share", "sessions detected and identified where 10 % of strangers pass"),
    Column("eer", "share", "equal error rate of comparing sessions with speakers"),
    Column("min_dcf", "", "least detection cost at 1 % same-speaker comparisons; 1 says nothing"),
    Column("cllr", "bit", "cost of the calibrated log likelihood ratios; empty if uncalibrated"),
)
_WHAT = Column("what", "", "recognizer, control or baseline that the row is of")
_LENGTH = Column("window_length", "s", "length of a window")
_SESSIONS = Column("sessions", "", "enrolled sessions of each speaker")
_SPEAKER = Column("speaker", "", "a speaker of the study")
_OWN = Column("top1_window", "share", "windows given to the right speaker")
_DNR = Column("dnr", "", "drift-to-noise ratio of the speaker's shape")
_CORRECTED = Column("dnr_corrected", "", "the same without the wandering of the means themselves")
_RANK = Column("rank", "", "place among all speakers, from 1")
_BY_SESSION = Column("sessions", "share", "sessions with the right speaker at this rank or before")
_BY_WINDOW = Column("windows", "share", "windows with the right speaker at this rank or before")
_THRESHOLD = Column("threshold", "", "score from which two are taken for the same")
_REFUSED = Column("refused", "share", "comparisons of the same speaker below it")
_ACCEPTED = Column("accepted", "share", "comparisons of different speakers from it on")
_SPOKEN: Final = {
    "descriptors_a": "descriptors A",
    "descriptors_b": "descriptors B",
    "eer": "EER",
    "mrr": "MRR",
}


def spoken(name: str) -> str:
    """What is said to people for the key of a classifier, a part, a control or a measure."""
    return _SPOKEN.get(name, name.replace("_", " "))


def _with_bounds(column: Column) -> tuple[Column, ...]:
    bounds = (
        Column(f"{column.name}_{end}", column.unit, f"{which} end of its 90 % interval")
        for end, which in (("low", "lower"), ("high", "upper"))
    )
    return (column, *bounds)


_ACCURACY = tuple(one for column in MEASURES for one in _with_bounds(column))
STUDY_TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "accuracy": (_WHAT, *_ACCURACY),
    "window_length": (_LENGTH, *_ACCURACY),
    "sessions": (_SESSIONS, *_ACCURACY),
    "drift": (_SPEAKER, _OWN, _DNR, _CORRECTED),
    "cmc": (_RANK, _BY_SESSION, _BY_WINDOW),
    "det": (_THRESHOLD, _REFUSED, _ACCEPTED),
}
"""The columns of each table, by the name of its file."""
