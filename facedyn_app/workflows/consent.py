"""Consent of a library's speakers: shown, changed and withdrawn; those whose consent has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from facedyn_app.errors import InputError
from facedyn_app.library.library import Library
from facedyn_app.library.people import change_consent
from facedyn_app.library.records import SpeakerEntry
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import Consent, Purpose
from facedyn_app.workflows.forget import Forgotten, forget_for_good, what_goes
from facedyn_app.workflows.library import list_library
from facedyn_app.workflows.records import LibrarySnapshot
from facedyn_app.workflows.speakers import SpeakerChange, changed_speaker


@dataclass(frozen=True, slots=True)
class ConsentWish:
    """What is to change of a consent; nothing by default.

    Attributes:
        purposes: What it holds for from now on; None for what it does.
        withdrawn: What it holds for no more.
        until: The last day of all that it holds for then; None leaves their days.
        endless: Whether all of it has no end then.
        given_by: Who gives what is given now; may be empty.
        text: A consent in words, put on record beside the others; may be empty.
    """

    purposes: frozenset[Purpose] | None = None
    withdrawn: frozenset[Purpose] = frozenset()
    until: date | None = None
    endless: bool = False
    given_by: str = ""
    text: str = ""

    def of(self, consent: Consent) -> dict[Purpose, date | None]:
        """What a consent holds for then, each purpose with its last day.

        An end that is given is the end of what has expired as well, which so holds again.
        """
        held, ends = consent.in_force(), self.endless or self.until is not None
        left = held.keys() | (frozenset(consent.expired()) if ends else frozenset())
        named = (left if self.purposes is None else self.purposes) - self.withdrawn
        return {one: self.until if ends else held.get(one) for one in Purpose if one in named}


def read_consent(folder: Path, name: str) -> SpeakerEntry:
    """A speaker with their consent.

    Raises:
        InputError: There is no such library or speaker.
    """
    with Library.open(folder, create=False) as library:
        return library.speaker(name)


def wish_consent(folder: Path, name: str, wish: ConsentWish) -> SpeakerChange:
    """Change a speaker's consent as it is wished.

    Raises:
        InputError: There is no such library or speaker; a day has passed, a text cannot be one, or
            an end is given to a consent that does not hold.
    """
    wanted = wish.of(read_consent(folder, name).agreed)
    if not wanted and wish.purposes is None and not wish.withdrawn:
        raise InputError(
            f"Nothing that '{name}' has consented to holds any more.",
            "Say what the new consent is for with '--for'.",
        )
    return set_consent(folder, name, wanted, wish.given_by, wish.text)


def set_consent(
    folder: Path,
    name: str,
    wanted: Mapping[Purpose, date | None],
    given_by: str = "",
    text: str = "",
    _on_progress: OnProgress = ignore,
) -> SpeakerChange:
    """Say what a speaker's consent holds for from now on; raises what `change_consent` does."""
    with Library.open(folder, create=False) as library:
        undo = change_consent(library, name, wanted, given_by=given_by, text=text)
        return changed_speaker(library, name, undo)


def expired_speakers(folder: Path) -> list[SpeakerEntry]:
    """Speakers of whose consent something has expired, or nothing holds any more.

    Raises:
        InputError: There is no such library.
    """
    with Library.open(folder, create=False) as library:
        found = library.speakers()
    return [one for one in found if one.agreed.expired() or one.agreed.has_ended()]


def what_goes_with_ended(folder: Path, _on_progress: OnProgress = ignore) -> list[str]:
    """What goes when everybody of whose consent nothing holds any more is forgotten, in lines.

    Raises:
        InputError: There is no such library.
    """
    return [line for name in _ended(folder) for line in what_goes(folder, name, None).lines()]


def forget_ended(folder: Path, on_progress: OnProgress) -> list[Forgotten]:
    """Forget everybody of whose consent nothing holds any more; there is no way back.

    Raises:
        FacedynError: As `forget_for_good`; who was forgotten before stays forgotten.
    """
    return [forget_for_good(folder, name, None, on_progress) for name in _ended(folder)]


def forget_ended_listed(
    folder: Path, on_progress: OnProgress
) -> tuple[LibrarySnapshot, list[Forgotten]]:
    """As `forget_ended`; returns what the library holds then, too."""
    forgotten = forget_ended(folder, on_progress)
    return list_library(folder, on_progress), forgotten


def _ended(folder: Path) -> list[str]:
    return [one.name for one in expired_speakers(folder) if one.agreed.has_ended()]
