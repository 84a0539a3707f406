"""Consent of a person: for which purposes, since when, until when, and withdrawn when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Purpose(StrEnum):
    """What a person can consent to."""

    RESEARCH = "research"
    CLINICAL = "clinical"
    RECOGNITION = "recognition"
    TRAINING = "training"


class ConsentState(StrEnum):
    """Whether a consent to one purpose holds."""

    GIVEN = "given"
    NEVER = "not given"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Grant:
    """A consent to one purpose.

    Attributes:
        purpose: What for.
        given_at: When it was given.
        until: The last day on which it holds; None without an end.
        withdrawn_at: When it was withdrawn; None where it was not.
        given_by: Who gave it, such as "the person"; may be empty.
    """

    purpose: Purpose
    given_at: datetime
    until: date | None = None
    withdrawn_at: datetime | None = None
    given_by: str = ""

    def state(self, today: date) -> ConsentState:
        """Whether it holds on a day; what was withdrawn and has expired is withdrawn."""
        if self.withdrawn_at is not None:
            return ConsentState.WITHDRAWN
        ended = self.until is not None and today > self.until
        return ConsentState.EXPIRED if ended else ConsentState.GIVEN


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person has consented to; without grants it was given as text, for every purpose.

    Attributes:
        text: Who gave it, when, for what, in words; a later one on a line of its own.
        recorded_at: When the last text was recorded.
        grants: One of each purpose that was ever consented to, in the order of `Purpose`.
    """

    text: str
    recorded_at: datetime
    grants: tuple[Grant, ...] = ()

    @property
    def as_text(self) -> bool:
        """Whether it was given as text alone."""
        return not self.grants

    def of(self, purpose: Purpose) -> Grant | None:
        """The grant of a purpose; of a consent given as text one without an end."""
        if self.as_text:
            return Grant(purpose, self.recorded_at)
        return next((grant for grant in self.grants if grant.purpose is purpose), None)

    def state(self, purpose: Purpose, today: date | None = None) -> ConsentState:
        """Whether the consent to a purpose holds today, or on the given day."""
        grant = self.of(purpose)
        return ConsentState.NEVER if grant is None else grant.state(today or date.today())

    def in_force(self, today: date | None = None) -> dict[Purpose, date | None]:
        """The purposes that hold, each with its last day."""
        if self.as_text:
            return dict.fromkeys(Purpose)
        today = today or date.today()
        return {
            grant.purpose: grant.until
            for grant in self.grants
            if grant.state(today) is ConsentState.GIVEN
        }

    def expired(self) -> tuple[Purpose, ...]:
        """The purposes whose last day has passed."""
        return tuple(one for one in Purpose if self.state(one) is ConsentState.EXPIRED)

    def has_ended(self) -> bool:
        """Whether nothing holds any more: all that was consented to is expired or withdrawn."""
        return not self.in_force()

    def words(self, today: date | None = None) -> str:
        """What holds and what does not, purpose by purpose."""
        if self.as_text:
            return "given as text, for every purpose"
        return "; ".join(_words(grant, today or date.today()) for grant in self.grants)


def _words(grant: Grant, today: date) -> str:
    if grant.withdrawn_at is not None:
        return f"{grant.purpose} withdrawn {grant.withdrawn_at.astimezone():%Y-%m-%d}"
    if grant.until is None:
        return str(grant.purpose)
    expired = grant.state(today) is ConsentState.EXPIRED
    return f"{grant.purpose} {'expired' if expired else 'until'} {grant.until}"


@dataclass(frozen=True, slots=True)
class ConsentTerms:
    """What a consent that is given is for.

    Attributes:
        purposes: What for.
        until: The last day on which it holds; None without an end.
        given_by: Who gave it; may be empty.
    """

    purposes: frozenset[Purpose] = frozenset(Purpose)
    until: date | None = None
    given_by: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many speakers are left out for want of a consent, and why; never who.

    Attributes:
        purpose: What they have not consented to.
        n_never: Those who never did.
        n_expired: Those whose consent has expired.
        n_withdrawn: Those who have withdrawn it.
    """

    purpose: Purpose
    n_never: int = 0
    n_expired: int = 0
    n_withdrawn: int = 0

    @classmethod
    def of(cls, purpose: Purpose, states: Iterable[ConsentState]) -> LeftOut:
        """Count the states of those who are left out."""
        found = list(states)
        return cls(
            purpose,
            found.count(ConsentState.NEVER),
            found.count(ConsentState.EXPIRED),
            found.count(ConsentState.WITHDRAWN),
        )

    @property
    def n(self) -> int:
        """All of them."""
        return self.n_never + self.n_expired + self.n_withdrawn

    @property
    def words(self) -> str:
        """A sentence on them; empty for nobody."""
        if not self.n:
            return ""
        counts = {
            "not given": self.n_never,
            "expired": self.n_expired,
            "withdrawn": self.n_withdrawn,
        }
        told = ", ".join(f"{why} ({n})" for why, n in counts.items() if n)
        people = "1 speaker is" if self.n == 1 else f"{self.n} speakers are"
        return f"{people} left out: consent to {self.purpose} {told}."

    def facts(self) -> Mapping[str, int]:
        """The counts, for scripts."""
        return {
            "n": self.n,
            "not_given": self.n_never,
            "expired": self.n_expired,
            "withdrawn": self.n_withdrawn,
        }


def stricter(one: Grant | None, other: Grant | None) -> Grant | None:
    """What holds for two people's recordings together: withdrawn, else never, else the earlier end.

    Args:
        one: One person's grant of a purpose; None where they never gave it.
        other: The other's.
    """
    for grant in (one, other):
        if grant is not None and grant.withdrawn_at is not None:
            return grant
    if one is None or other is None:
        return None
    return min(one, other, key=lambda grant: grant.until or date.max)
