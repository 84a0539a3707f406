"""Dates in the names of visits' folders."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from facedyn_app.library.visit_dates import date_in

FIFTH = date(2024, 3, 5)


@pytest.mark.parametrize(
    "name",
    [
        "2024-03-05",
        "20240305",
        "05.03.2024",
        "5.3.2024",
        "2024_03_05",
        "2024.03.05",
        "2024-3-5",
        "2024_3_05 second try",
        "2024-03-05 baseline",
        "visit2_20240305",
        "20240305_1430",
        "2024-03-05T14-30",
        "V1 05.03.2024, before surgery",
        "5 March 2024",
        "05Mar2024",
        "March 5, 2024",
        "2024-Mar-05",
        "2024-03-05 (20240305)",
    ],
)
def test_a_day_is_read(name: str) -> None:
    assert date_in(name) == FIFTH


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("25-03-2024", date(2024, 3, 25)),
        ("03-25-2024", date(2024, 3, 25)),
        ("04_04_2024", date(2024, 4, 4)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_day_and_month_are_told_apart_where_they_can_be(name: str, day: date) -> None:
    assert date_in(name) == day


@pytest.mark.parametrize(
    "name",
    [
        "baseline",
        "visit 2",
        "2024",
        "2024-03",
        "240305",
        "05-03-2024",  # of March in one land, of May in another
        "2024-02-30",
        "20241305",
        "2024-03-05 to 2024-03-06",
        "1234567890",
        "patient 120240305",
        "v1.05.03.2024.7",
        "1875-03-05",
        "",
    ],
)
def test_what_is_no_day_is_none(name: str) -> None:
    assert date_in(name) is None


def test_a_day_to_come_is_none() -> None:
    assert date_in(f"{date.today():%Y-%m-%d}") == date.today()
    assert date_in(f"{date.today() + timedelta(days=2):%Y-%m-%d}") is None
