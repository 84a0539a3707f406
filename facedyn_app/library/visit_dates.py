"""Dates in the names of visits' folders."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final

from facedyn_app.records import Session

FIRST_DAY: Final = date(1900, 1, 1)
"""There were hardly any films before."""
NOON: Final = time(12)
"""The time of a session of which only the day is known."""
MONTHS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_BEFORE, _AFTER = r"(?<!\d)(?<!\d[.\-])", r"(?!\d)(?![.\-]\d)"
_YEAR_FIRST = re.compile(
    rf"{_BEFORE}(\d{{4}})(?:(\d\d)(\d\d)|([-._ ])(\d{{1,2}})\4(\d{{1,2}}))(?!\d)"
)
_YEAR_LAST = re.compile(rf"{_BEFORE}(\d{{1,2}})([-._ ])(\d{{1,2}})\2(\d{{4}}){_AFTER}")
_NAMED = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DAY_MONTH = re.compile(rf"(?<!\d)(\d{{1,2}})[-._ ]*{_NAMED}[-._, ]*(\d{{4}})(?!\d)", re.I)
_MONTH_DAY = re.compile(rf"(?<![a-z]){_NAMED}[-._ ]*(\d{{1,2}})[-._, ]+(\d{{4}})(?!\d)", re.I)
_YEAR_MONTH = re.compile(rf"(?<!\d)(\d{{4}})[-._ ]*{_NAMED}[-._ ]*(\d{{1,2}})(?!\d)", re.I)


def date_in(name: str) -> date | None:
    """The day that a folder's name tells; None where it tells none, two, or one that cannot be.

    Read are 2024-03-05, 2024_3_5, 20240305, 05.03.2024 and names of months, alone or among
    other words and with a time behind. With dots the day stands first; with other signs between
    them day and month are told apart only where one is above 12 or both are equal.

    Args:
        name: The folder's.
    """
    found = {day for day in _stated(name) if day is not None}
    day = found.pop() if len(found) == 1 else None
    return day if day is not None and FIRST_DAY <= day <= date.today() else None


def is_day_alone(name: str) -> bool:
    """Whether a folder's name tells a day and nothing else, but for a time."""
    return date_in(name) is not None and not any(letter.isalpha() for letter in name)


def with_day(session: Session, day: date | None) -> Session:
    """A session with the day of its visit's folder: what its file states may be an export's.

    Args:
        session: The session.
        day: As the folder's name tells; None leaves the session as it is.
    """
    info = session.info
    stated = None if info.recorded_at is None else info.recorded_at.astimezone().date()
    if day is None or day == stated:
        return session
    notes = info.notes
    if stated is not None:
        notes += (f"Dated {day} by the folder of the visit; the file states {stated}.",)
    when = datetime.combine(day, NOON)
    return replace(session, info=replace(info, recorded_at=when, notes=notes))


def _stated(name: str) -> list[date | None]:
    days = [
        _day(year, month or single_month, day or single_day)
        for year, month, day, _, single_month, single_day in _YEAR_FIRST.findall(name)
    ]
    for first, sign, second, year in _YEAR_LAST.findall(name):
        either = {_day(year, second, first)}
        if sign != ".":
            either.add(_day(year, first, second))
        days += either  # two days are none
    days += [_day(year, _month(month), day) for day, month, year in _DAY_MONTH.findall(name)]
    days += [_day(year, _month(month), day) for month, day, year in _MONTH_DAY.findall(name)]
    days += [_day(year, _month(month), day) for year, month, day in _YEAR_MONTH.findall(name)]
    return days


def _month(name: str) -> int:
    return MONTHS.index(name.lower()) + 1


def _day(year: str, month: str | int, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
