"""ELAN files: what is written comes back equal, and nothing in one from elsewhere is trusted."""

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from facedyn_app.errors import InputError, OutputError
from facedyn_app.events import Event
from facedyn_app.reports.elan import read_elan, write_elan

EVENTS = (
    Event("exclude", 0.0333667, 0.5),
    Event("exclude", 0.2, 1.0, "cough", "hand <over> & face\nline 2"),
    Event("note", 0.25, 0.25),
    Event("note", 0.25, 0.25, "again"),
    Event("task", 1.0, 2.5, "smile", "wide", "left"),
    Event("task", 2.5, 4.0, "rest", "", "right"),
    Event("own kind", 3.0, 3.0, "tic"),
)

OF_ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-03-05T10:00:00+01:00" FORMAT="3.0" VERSION="3.0">
  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
  <TIME_ORDER>
    <TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="1500"/>
    <TIME_SLOT TIME_SLOT_ID="ts2"/>
    <TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="2000"/>
  </TIME_ORDER>
  <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="smiles">
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts3">
      <ANNOTATION_VALUE>broad</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
      <ANNOTATION_VALUE>when?</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
  </TIER>
  <TIER LINGUISTIC_TYPE_REF="comment" PARENT_REF="smiles" TIER_ID="comment">
    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1">
      <ANNOTATION_VALUE>at the joke</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
    <ANNOTATION><REF_ANNOTATION ANNOTATION_ID="a4" ANNOTATION_REF="a9">
      <ANNOTATION_VALUE>lost</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
  </TIER>
</ANNOTATION_DOCUMENT>
"""


def test_what_is_written_comes_back_equal(tmp_path: Path) -> None:
    write_elan(EVENTS, tmp_path / "e.eaf", "visit 1.mp4")
    assert read_elan(tmp_path / "e.eaf") == EVENTS


def test_annotations_of_a_tier_do_not_overlap_and_last(tmp_path: Path) -> None:
    write_elan(EVENTS, tmp_path / "e.eaf")
    root = ET.parse(tmp_path / "e.eaf").getroot()
    at = {one.get("TIME_SLOT_ID"): int(one.get("TIME_VALUE", "")) for one in root.iter("TIME_SLOT")}
    n_seen = 0
    for tier in root.iter("TIER"):
        rows = [
            (at[one.get("TIME_SLOT_REF1")], at[one.get("TIME_SLOT_REF2")])
            for one in tier.iter("ALIGNABLE_ANNOTATION")
        ]
        n_seen += len(rows)
        assert all(end > begin for begin, end in rows)
        assert all(next_[0] >= last[1] for last, next_ in pairwise(rows))
    assert n_seen == len(EVENTS)


def test_a_file_of_elan_gives_its_tiers_as_kinds(tmp_path: Path) -> None:
    (tmp_path / "e.eaf").write_text(OF_ELAN, encoding="utf-8")
    assert read_elan(tmp_path / "e.eaf") == (
        Event("comment", 1.5, 2.0, "at the joke"),
        Event("smiles", 1.5, 2.0, "broad"),
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><ANNOTATION_DOCUMENT/>', "document type"),
        ('<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a>'.encode("utf-16"), "no XML"),
        (b"<ANNOTATION_DOCUMENT>", "no XML"),
        (b"<html/>", "no ELAN file"),
        (OF_ELAN.replace('"2000"', '"1000"').encode(), "before it begins"),
        (OF_ELAN.replace('"2000"', '"soon"').encode(), "soon"),
        (OF_ELAN.replace('"2000"', '"' + "9" * 400 + '"').encode(), "cannot be used"),
    ],
)
def test_what_is_no_elan_file_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "e.eaf").write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_elan(tmp_path / "e.eaf")


def test_times_before_the_recording_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="before 0"):
        write_elan([Event("note", -1.0, 0.0)], tmp_path / "e.eaf")
    assert list(tmp_path.iterdir()) == []
