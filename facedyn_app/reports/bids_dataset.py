"""A library in the Brain Imaging Data Structure (BIDS): who, when, and what the columns hold.

People stand under pseudonyms, the numbers that the library gave them, and dates as days from each
person's first one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from facedyn_app import __version__
from facedyn_app.reports.bids_recording import (
    CHANNEL_COLUMNS,
    CHANNELS_STEM,
    EVENT_COLUMNS,
    EVENTS_STEM,
    NOT_KNOWN,
    write_json,
    write_tsv,
)
from facedyn_app.reports.code_book import Column

BIDS_VERSION: Final = "1.10.0"
PARTICIPANT_COLUMNS: Final = (
    Column("participant_id", "", "pseudonym, the person's number in the library"),
    Column("n_sessions", "", "visits in the dataset"),
    Column("simulated", "", "1 for a simulated speaker, 0 for a person"),
)
SESSION_COLUMNS: Final = (
    Column("session_id", "", "the visit, in the order of the dates"),
    Column("days", "d", "days since the person's first visit of a known date"),
)
_AXES: Final = {
    "camera": ("RDF", "of the camera: x right in the picture, y down, z away from the camera"),
    "head": ("LUF", "of the head: x to the subject's left, y up, z out of the face"),
}
_README: Final = """\
Motion of faces, measured on videos by facedyn {version} and laid out after BIDS {bids} with its
motion extension. One folder a person, in it one a visit. `*_motion.tsv` has a row a frame and no
head; `*_channels.tsv` names its columns. `HeadShape` in `*_motion.json` is the shape of the face.

People stand under pseudonyms, visits without their dates, events without their free text, and no
name of a video is told. That makes nobody anonymous: how a face moves, and its shape, can tell who
it is. Names of events stand as the user wrote them.
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """A day on which somebody was recorded.

    Attributes:
        label: Of the visit, such as "01".
        day: When it was; None where that is not known.
    """

    label: str
    day: datetime | None


@dataclass(frozen=True, slots=True)
class Participant:
    """A person of the dataset.

    Attributes:
        label: The pseudonym, such as "007".
        visits: In their order.
        simulated: Whether they are a simulated speaker.
    """

    label: str
    visits: tuple[Visit, ...]
    simulated: bool

    @property
    def id(self) -> str:
        """The label with its prefix."""
        return f"sub-{self.label}"


def write_dataset(folder: Path, name: str, people: Sequence[Participant]) -> None:
    """Write what a dataset has beside its recordings.

    Args:
        folder: The dataset's, with the folders of all people in it.
        name: What it is called.
        people: Who is in it.

    Raises:
        OSError: A file cannot be written.
    """
    about = {
        "Name": name,
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "facedyn", "Version": __version__}],
    }
    write_json(folder / "dataset_description.json", about)
    text = _README.format(version=__version__, bids=BIDS_VERSION)
    (folder / "README").write_text(text, encoding="utf-8")
    rows = [[one.id, str(len(one.visits)), str(int(one.simulated))] for one in people]
    names = [column.name for column in PARTICIPANT_COLUMNS]
    write_tsv(folder / "participants.tsv", [names, *rows])
    for person in people:
        names = [column.name for column in SESSION_COLUMNS]
        path = folder / person.id / f"{person.id}_sessions.tsv"
        write_tsv(path, [names, *_session_rows(person.visits)])
    write_json(folder / "participants.json", _described(PARTICIPANT_COLUMNS))
    write_json(folder / "sessions.json", _described(SESSION_COLUMNS))
    write_json(folder / f"{EVENTS_STEM}_events.json", _described(EVENT_COLUMNS))
    channels = _described(CHANNEL_COLUMNS)
    channels["reference_frame"]["Levels"] = {
        frame: {
            "SpatialAxes": axes,
            "RotationRule": "right-hand",
            "RotationOrder": NOT_KNOWN,
            "Description": f"axes {what}",
        }
        for frame, (axes, what) in _AXES.items()
    }
    write_json(folder / f"{CHANNELS_STEM}_channels.json", channels)


def _session_rows(visits: Sequence[Visit]) -> list[list[str]]:
    days = [visit.day.date() for visit in visits if visit.day is not None]
    return [
        [
            f"ses-{visit.label}",
            NOT_KNOWN if visit.day is None else str((visit.day.date() - min(days)).days),
        ]
        for visit in visits
    ]


def _described(columns: Sequence[Column]) -> dict[str, dict[str, Any]]:
    return {
        column.name: {
            "Description": column.meaning,
            **({"Units": column.unit} if column.unit else {}),
        }
        for column in columns
    }
