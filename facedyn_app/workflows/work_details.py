"""Details of queued recordings, kept as JSON: consent, and how they are read and fitted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from types import NoneType
from typing import Any, Final

from facedyn_app.errors import InputError
from facedyn_app.limits import checked_settings
from facedyn_app.records import ConsentTerms, Purpose
from facedyn_app.settings import DEVICES
from facedyn_app.workflows.options import FitOptions, ImportStatement

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "str": (str,),
    "str | None": (str, NoneType),
    "bool": (bool,),
    "int": (int,),
    "int | None": (int, NoneType),
    "float | None": (float, int, NoneType),
}
"""The JSON values that a field of a type may have; a truth value is no number here."""


@dataclass(frozen=True, slots=True)
class WorkDetails:
    """What is said of recordings when they are put into the queue.

    Attributes:
        statement: Consent, and whether near names and known recordings are meant.
        options: How they are read and fitted.
        faces: Whether each face of a table is a person, as in OpenFace's.
    """

    statement: ImportStatement
    options: FitOptions
    faces: bool = False

    def text(self) -> str:
        """As the queue keeps it."""
        told: dict[str, Any] = {"faces": self.faces, "options": asdict(self.options)}
        statement = asdict(self.statement)
        terms = self.statement.terms
        if terms is not None:
            statement["terms"] = {
                "purposes": sorted(terms.purposes),
                "until": None if terms.until is None else terms.until.isoformat(),
                "given_by": terms.given_by,
            }
        return json.dumps({**told, "statement": statement}, ensure_ascii=False)


def read_details(text: str) -> WorkDetails:
    """The details of queued recordings.

    Raises:
        InputError: They are none, or not of this program.
    """
    try:
        told = json.loads(text)
        terms = told["statement"].pop("terms", None)
        given = None if terms is None else _terms(terms)
        statement = ImportStatement(**_checked(ImportStatement, told["statement"]), terms=given)
        options = FitOptions(**_checked(FitOptions, told["options"]))
        _check(options, told["faces"])
        return WorkDetails(statement, options, told["faces"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(
            "What was said of this recording when it was put into the queue cannot be read.",
            "Take it off the queue, and import or enrol it again.",
        ) from error


def _terms(told: Mapping[str, Any]) -> ConsentTerms:
    until, given_by = told["until"], told["given_by"]
    if not isinstance(given_by, str):
        raise TypeError(given_by)
    last = None if until is None else date.fromisoformat(until)
    return ConsentTerms(frozenset(map(Purpose, told["purposes"])), last, given_by)


def _checked(kind: type[Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record, each of its type; TypeError or KeyError where one is not."""
    types = {field.name: str(field.type) for field in fields(kind)}
    for name, value in told.items():
        if type(value) not in _KINDS[types[name]]:
            raise TypeError(name)
    return dict(told)


def _check(options: FitOptions, faces: object) -> None:
    """TypeError or ValueError where a choice is none that a user has."""
    settings = options.settings()
    for stage in (settings.video, settings.landmarks, settings.fit):
        checked_settings(type(stage), asdict(stage))
    if options.device not in DEVICES or options.face < 0:
        raise ValueError(options)
    if not isinstance(faces, bool):
        raise TypeError(faces)
