"""Grading sheets that a clinician fills in: House-Brackmann, Sunnybrook and eFACE.

The program fills in nothing: it keeps what was judged and adds it up as published.

- J. W. House and D. E. Brackmann, Facial nerve grading system, Otolaryngol. Head Neck Surg. 93
  (1985).
- B. G. Ross, G. Fradet and J. M. Nedzelski, Development of a sensitive clinical facial grading
  system, Otolaryngol. Head Neck Surg. 114 (1996): the Sunnybrook system.
- C. A. Banks, P. K. Bhama, J. Park, C. R. Hadlock and T. A. Hadlock, Clinician-graded electronic
  facial paralysis assessment: the eFACE, Plast. Reconstr. Surg. 136 (2015). Its scores are weighted
  by a regression whose equation is not repeated here: no sum of it is formed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from facedyn_app.records import Session

SHEETS_KEY: Final = "grading_sheets"
"""Where a session keeps the sheets, among what is further in its `meta`."""
Judged = Mapping[str, int]
"""The choice of each item that was judged, from 0, by the item's key."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to judge.

    Attributes:
        key: In files.
        title: For people.
        choices: Value and words of each.
    """

    key: str
    title: str
    choices: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A grading system; `key` in files, `title` for people, `source` where it is published."""

    key: str
    title: str
    source: str
    items: tuple[Item, ...]


_GRADES = (
    "I, normal", "II, mild dysfunction", "III, moderate dysfunction",
    "IV, moderately severe dysfunction", "V, severe dysfunction", "VI, total paralysis",
)  # fmt: skip
HOUSE_BRACKMANN = Sheet(
    "house_brackmann",
    "House-Brackmann",
    "House and Brackmann, Otolaryngol. Head Neck Surg. 93 (1985)",
    (Item("grade", "Grade", tuple(enumerate(_GRADES, start=1))),),
)
_AT_REST = (
    Item(
        "rest_eye", "At rest: eye",
        ((0, "normal"), (1, "narrow"), (1, "wide"), (1, "eyelid surgery")),
    ),
    Item(
        "rest_cheek", "At rest: cheek (nasolabial fold)",
        ((0, "normal"), (2, "absent"), (1, "less pronounced"), (1, "more pronounced")),
    ),
    Item(
        "rest_mouth", "At rest: mouth",
        ((0, "normal"), (1, "corner dropped"), (1, "corner pulled up or out")),
    ),
)  # fmt: skip
_EXPRESSIONS = (
    ("forehead_wrinkle", "Forehead wrinkle"), ("gentle_eye_closure", "Gentle eye closure"),
    ("open_mouth_smile", "Open mouth smile"), ("snarl", "Snarl"), ("lip_pucker", "Lip pucker"),
)  # fmt: skip
_MOVEMENT = (
    "unable to initiate movement", "initiates slight movement",
    "initiates movement with mild excursion", "movement almost complete", "movement complete",
)  # fmt: skip
_SYNKINESIS = ("none", "mild", "moderate", "severe")
_VOLUNTARY = tuple(
    Item(f"movement_{key}", f"{title}: movement", tuple(enumerate(_MOVEMENT, start=1)))
    for key, title in _EXPRESSIONS
)
_WITH_IT = tuple(
    Item(f"synkinesis_{key}", f"{title}: synkinesis", tuple(enumerate(_SYNKINESIS)))
    for key, title in _EXPRESSIONS
)
SUNNYBROOK = Sheet(
    "sunnybrook",
    "Sunnybrook",
    "Ross, Fradet and Nedzelski, Otolaryngol. Head Neck Surg. 114 (1996)",
    (*_AT_REST, *_VOLUNTARY, *_WITH_IT),
)
_ANALOGUE = tuple((value, "balanced" if value == 100 else "") for value in range(201))
"""Each value of a visual analogue scale, read by the clinician."""
_EFACE_ITEMS = (
    ("rest_brow", "At rest: brow"),
    ("rest_fissure", "At rest: palpebral fissure"),
    ("rest_fold", "At rest: nasolabial fold, depth"),
    ("rest_commissure", "At rest: oral commissure"),
    ("brow_elevation", "Movement: brow elevation"),
    ("gentle_closure", "Movement: gentle eye closure"),
    ("full_closure", "Movement: full eye closure"),
    ("smile_fold_depth", "Movement: nasolabial fold, depth with smile"),
    ("smile_fold_orientation", "Movement: nasolabial fold, orientation with smile"),
    ("smile_commissure", "Movement: oral commissure with smile"),
    ("lower_lip", "Movement: lower lip with a long E"),
    ("synkinesis_ocular", "Synkinesis: ocular"),
    ("synkinesis_midfacial", "Synkinesis: midfacial"),
    ("synkinesis_mentalis", "Synkinesis: mentalis"),
    ("synkinesis_platysmal", "Synkinesis: platysmal"),
)
EFACE = Sheet(
    "eface",
    "eFACE",
    "Banks et al., Plast. Reconstr. Surg. 136 (2015): values as read on its scales, 100 for a "
    "balanced face. No composite is formed: the published one is a regression.",
    tuple(Item(key, title, _ANALOGUE) for key, title in _EFACE_ITEMS),
)
SHEETS = (HOUSE_BRACKMANN, SUNNYBROOK, EFACE)


@dataclass(frozen=True, slots=True)
class SunnybrookScore:
    """The score of a whole sheet: 5 times the sum at rest, 4 times that of movement, synkinesis."""

    resting: int
    voluntary: int
    synkinesis: int

    @property
    def composite(self) -> int:
        """`voluntary - resting - synkinesis`, 100 for a normal face."""
        return self.voluntary - self.resting - self.synkinesis


def sunnybrook_score(judged: Judged) -> SunnybrookScore | None:
    """The score of a sheet; None while an item is not judged."""
    sums = [_sum(items, judged) for items in (_AT_REST, _VOLUNTARY, _WITH_IT)]
    resting, voluntary, synkinesis = sums
    if resting is None or voluntary is None or synkinesis is None:
        return None
    return SunnybrookScore(5 * resting, 4 * voluntary, synkinesis)


def sheets_of(session: Session) -> dict[str, dict[str, int]]:
    """What was judged, by sheet and item; what is no choice of a sheet is left out."""
    stored = session.info.further.get(SHEETS_KEY)
    found = {}
    for sheet in SHEETS if isinstance(stored, Mapping) else ():
        values = stored.get(sheet.key) if isinstance(stored, Mapping) else None
        judged = {
            item.key: place
            for item in sheet.items
            if isinstance(values, Mapping)
            and isinstance(place := values.get(item.key), int)
            and 0 <= place < len(item.choices)
        }
        if judged:
            found[sheet.key] = judged
    return found


def with_sheet(session: Session, sheet: str, judged: Judged) -> Session:
    """A session that keeps what was judged on a sheet."""
    sheets = {**sheets_of(session), sheet: dict(judged)}
    further = {**session.info.further, SHEETS_KEY: sheets}
    return replace(session, info=replace(session.info, further=further))


def _sum(items: tuple[Item, ...], judged: Judged) -> int | None:
    if any(item.key not in judged for item in items):
        return None
    return sum(item.choices[judged[item.key]][0] for item in items)
