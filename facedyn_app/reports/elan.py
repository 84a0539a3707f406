"""ELAN annotation files (.eaf): the events of a recording, written and read back equal.

Format 3.0 of the Max Planck Institute for Psycholinguistics (EAFv3.0.xsd). A kind of event is a
tier, an event's name the value of an annotation; its text and side are those of dependent tiers
(`KIND@text`, `KIND@side`). Events of a kind that overlap stand in further tiers (`KIND@2`), since
annotations of a tier cannot, and moments, which ELAN does not have, last a millisecond
(`KIND@moment`).
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree as ET

from facedyn_app.errors import OutputError, unreadable, unusable
from facedyn_app.events import LONGEST_NAME, Event, Events, check_number, in_order
from facedyn_app.files import atomic_file, read_plain

ENDING: Final = ".eaf"
MOST_BYTES: Final = 32 * 2**20
MOMENT, TEXT, SIDE = "moment", "text", "side"
HINT: Final = "Save it in ELAN again, as .eaf."
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA: Final = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_EVENT, _ATTRIBUTE, _STEREOTYPE = "event", "attribute of an event", "Symbolic_Association"


def write_elan(events: Sequence[Event], path: Path, media: str | None = None) -> None:
    """Write events for ELAN; the file appears whole or not at all.

    Args:
        events: The events.
        path: The file.
        media: Name of the recording, which ELAN looks for beside the file.

    Raises:
        OutputError: It cannot be written; or an event lies before 0, which ELAN does not have.
    """
    if any(event.start < 0.0 for event in events):
        raise OutputError("ELAN has no times before 0, and an event has one.", "Write a CSV table.")
    ET.register_namespace("xsi", _XSI)
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "facedyn",
            "DATE": datetime.now(UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            f"{{{_XSI}}}noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if media is not None:
        kind = mimetypes.guess_type(media)[0] or "video/unknown"
        address = f"./{quote(media)}"
        ET.SubElement(
            header,
            "MEDIA_DESCRIPTOR",
            MEDIA_URL=address,
            MIME_TYPE=kind,
            RELATIVE_MEDIA_URL=address,
        )
    _Writer(root).write(in_order(events))
    ET.SubElement(root, "LINGUISTIC_TYPE", LINGUISTIC_TYPE_ID=_EVENT, TIME_ALIGNABLE="true")
    ET.SubElement(
        root,
        "LINGUISTIC_TYPE",
        LINGUISTIC_TYPE_ID=_ATTRIBUTE,
        TIME_ALIGNABLE="false",
        CONSTRAINTS=_STEREOTYPE,
    )
    ET.SubElement(
        root,
        "CONSTRAINT",
        STEREOTYPE=_STEREOTYPE,
        DESCRIPTION="1-1 association with a parent annotation",
    )
    with atomic_file(path) as file:
        ET.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)


class _Writer:
    """Puts times and tiers into a document, with the numbers that they refer to each other by."""

    def __init__(self, root: ET.Element) -> None:
        self._root = root
        self._n_annotations = 0

    def write(self, events: Sequence[Event]) -> None:
        order = ET.SubElement(self._root, "TIME_ORDER")
        spans = [_span(event) for event in events]
        slots = {ms: f"ts{k}" for k, ms in enumerate(sorted({ms for span in spans for ms in span}))}
        for ms, slot in slots.items():
            ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(ms))
        tiers: dict[str, list[tuple[Event, str, str]]] = {}
        ends: dict[str, int] = {}
        for event, (first, last) in zip(events, spans, strict=True):
            tier = _free_tier(event, first, ends)
            ends[tier] = last
            tiers.setdefault(tier, []).append((event, slots[first], slots[last]))
        for name, rows in tiers.items():
            self._tier(name, rows)

    def _tier(self, name: str, rows: Sequence[tuple[Event, str, str]]) -> None:
        tier = ET.SubElement(self._root, "TIER", TIER_ID=name, LINGUISTIC_TYPE_REF=_EVENT)
        numbers = []
        for event, first, last in rows:
            numbers.append(self._next())
            self._annotation(
                tier,
                "ALIGNABLE_ANNOTATION",
                event.name,
                ANNOTATION_ID=numbers[-1],
                TIME_SLOT_REF1=first,
                TIME_SLOT_REF2=last,
            )
        for attribute in (TEXT, SIDE):
            values = [str(getattr(event, attribute)) for event, _, _ in rows]
            if not any(values):
                continue
            child = ET.SubElement(
                self._root,
                "TIER",
                TIER_ID=f"{name}@{attribute}",
                LINGUISTIC_TYPE_REF=_ATTRIBUTE,
                PARENT_REF=name,
            )
            for number, value in zip(numbers, values, strict=True):
                if value:
                    ids = {"ANNOTATION_ID": self._next(), "ANNOTATION_REF": number}
                    self._annotation(child, "REF_ANNOTATION", value, **ids)

    def _annotation(self, tier: ET.Element, kind: str, value: str, **attributes: str) -> None:
        of_tier = ET.SubElement(ET.SubElement(tier, "ANNOTATION"), kind, attributes)
        ET.SubElement(of_tier, "ANNOTATION_VALUE").text = value

    def _next(self) -> str:
        self._n_annotations += 1
        return f"a{self._n_annotations}"


def _span(event: Event) -> tuple[int, int]:
    """Begin and end, ms; a moment lasts one."""
    first, last = (round(1000.0 * time) for time in event.times)
    return first, max(last, first + 1)


def _free_tier(event: Event, first: int, ends: Mapping[str, int]) -> str:
    name = f"{event.kind}@{MOMENT}" if event.start == event.end else event.kind
    tier, number = name, 1
    while ends.get(tier, 0) > first:
        number += 1
        tier = f"{name}@{number}"
    return tier


@dataclass(slots=True)
class _Read:
    """An annotation as it stands in the file, with what dependent tiers say of it."""

    tier: str
    value: str
    start_ms: int
    end_ms: int
    further: dict[str, str] = field(default_factory=dict)

    def event(self) -> Event:
        """The event; what is too long for a name is a text."""
        kind, *marks = self.tier.split("@")
        name, text = self.value, self.further.get(TEXT, "")
        if len(name) > LONGEST_NAME and not text:
            name, text = "", name
        side = self.further.get(SIDE, "")
        end_ms = self.start_ms if MOMENT in marks else self.end_ms
        return Event(
            kind.strip() or "annotation", self.start_ms / 1000, end_ms / 1000, name, text, side
        )


def read_elan(path: Path) -> Events:
    """Read the annotations of an ELAN file: a tier is a kind of events.

    Those of tiers that depend on others without times of their own stand at their parents' times;
    those without any time are left out.

    Raises:
        InputError: It cannot be read, is larger than MOST_BYTES, declares a document type or
            entities, or is no ELAN file.
    """
    try:
        content = read_plain(path, MOST_BYTES).decode("utf-8-sig")
        if "<!DOCTYPE" in content or "<!ENTITY" in content:
            raise unusable(path, "it declares a document type, which no ELAN file does", HINT)
        root = ET.fromstring(content)  # of a text, so that no declared encoding counts
        found = _annotations(root)
        check_number(len(found))
        return in_order(one.event() for one in found)
    except OSError as error:
        raise unreadable(path, error) from error
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise unusable(path, "it is no XML in UTF-8", HINT) from error
    except (ValueError, OverflowError) as error:
        raise unusable(path, str(error), HINT) from error


def _annotations(root: ET.Element) -> list[_Read]:
    if root.tag != "ANNOTATION_DOCUMENT":
        raise ValueError("it is no ELAN file")
    slots = {
        str(slot.get("TIME_SLOT_ID")): int(str(slot.get("TIME_VALUE")))
        for slot in root.iterfind("TIME_ORDER/TIME_SLOT")
        if slot.get("TIME_VALUE") is not None
    }
    known: dict[str, _Read] = {}
    waiting: list[tuple[str, str, str, str]] = []
    for tier, number, one in _elements(root):
        value = (one.findtext("ANNOTATION_VALUE") or "").strip()
        begin, end = (slots.get(str(one.get(f"TIME_SLOT_REF{k}"))) for k in (1, 2))
        if one.tag == "REF_ANNOTATION":
            waiting.append((tier, number, value, str(one.get("ANNOTATION_REF"))))
        elif begin is not None and end is not None:
            known[number] = _Read(tier, value, begin, end)
    return [*known.values(), *_dependent(known, waiting)]


def _elements(root: ET.Element) -> Iterator[tuple[str, str, ET.Element]]:
    for tier in root.iterfind("TIER"):
        name = str(tier.get("TIER_ID", ""))
        for one in tier.iterfind("ANNOTATION/*"):
            yield name, str(one.get("ANNOTATION_ID")), one


def _dependent(
    known: dict[str, _Read], waiting: Sequence[tuple[str, str, str, str]]
) -> list[_Read]:
    """Give texts and sides to their events; the others become events at their parents' times."""
    found = []
    placed: dict[str, _Read] = dict(known)
    while waiting:
        left = []
        for tier, number, value, of in waiting:
            parent = placed.get(of)
            attribute = tier.rpartition("@")[2]
            if parent is None:
                left.append((tier, number, value, of))
            elif tier == f"{parent.tier}@{attribute}" and attribute in (TEXT, SIDE):
                parent.further[attribute] = value
            else:
                placed[number] = _Read(tier, value, parent.start_ms, parent.end_ms)
                found.append(placed[number])
        if len(left) == len(waiting):  # their parents have no times or are not there
            break
        waiting = left
    return found
