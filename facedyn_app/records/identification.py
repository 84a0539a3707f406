"""Embeddings of sessions, and the answers to whose a recording is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from facedyn_app.records.arrays import FloatArray, check_length
from facedyn_app.records.consent import LeftOut, Purpose
from facedyn_app.records.session import Quality


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """Where a session's motion windows lie in the recognizer's space.

    Attributes:
        vectors: (W, D) float32 coordinates, of any length.
        window_seconds: (W, 2) start and end of each window, s.
    """

    vectors: FloatArray
    window_seconds: FloatArray

    def __post_init__(self) -> None:
        """Check that there is a vector per window."""
        check_length(self, ("vectors",), len(self.window_seconds))


OF_THE_PROBE = "The recording: "
"""Beginning of the reasons that are the probe's own, where they stand beside the match's."""


@dataclass(frozen=True, slots=True)
class MatchTrust:
    """How far a match can be believed.

    Attributes:
        verdict: "good", "caution" or "do not use".
        probe_reasons: Sentences on the probe's measurement, and so the same for every match.
        match_reasons: Sentences on the speaker's sessions and on how the probe goes with them.
        shape_distance: How far the probe's shape lies from the speaker's, over its noise; NaN
            where that is not known.
    """

    verdict: str
    probe_reasons: tuple[str, ...]
    match_reasons: tuple[str, ...]
    shape_distance: float

    @property
    def reasons(self) -> tuple[str, ...]:
        """All sentences behind the verdict; empty when good."""
        return (*(OF_THE_PROBE + reason for reason in self.probe_reasons), *self.match_reasons)


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """One enrolled speaker as an answer to "who is it?".

    Attributes:
        name: The speaker.
        score: Cosine of the probe's windows together with the speaker's, -1..1.
        probability: Calibrated probability that the probe is this speaker, 0..1.
        window_scores: (W,) the score of each window of the probe.
        trust: How far it can be believed; None where that was not looked at.
    """

    name: str
    score: float
    probability: float
    window_scores: FloatArray
    trust: MatchTrust | None = None


@dataclass(frozen=True, slots=True)
class KnownRecording:
    """A session of a library that is of the very recording in question.

    Attributes:
        key: Number of the session in the library.
        session: Its name.
        speaker: Whose it is.
        correlation: Of the motion, where the file is another one or is not known; None where it
            is the same.
    """

    key: int
    session: str
    speaker: str
    correlation: float | None = None

    @property
    def words(self) -> str:
        """A sentence on it."""
        of = f"session '{self.session}' of '{self.speaker}'"
        if self.correlation is None:
            return f"This recording is {of}."
        return (
            f"By its motion this recording is the same take as {of} "
            f"(correlation {self.correlation:.2f})."
        )


def left_out_words(known: Sequence[KnownRecording], ranked: Collection[str]) -> str:
    """What leaving the recording's own sessions out of a comparison means; empty without any.

    Args:
        known: These sessions.
        ranked: The speakers who are compared with.
    """
    if not known:
        return ""
    others = [name for name in dict.fromkeys(one.speaker for one in known) if name not in ranked]
    these = "It is" if len(known) == 1 else "They are"
    if not others:
        return f"{these} left out of the comparison: speakers are compared by their other sessions."
    names = " and ".join(f"'{name}'" for name in others)
    has = "has" if len(others) == 1 else "have"
    return (
        f"{these} left out of the comparison, and {names} {has} no other session to compare with."
    )


NOBODY = LeftOut(Purpose.RECOGNITION)
"""Nobody is left out for want of consent."""
NOT_IN_GALLERY = "Not in the gallery"
SMALL_GALLERY = 5
"""Speakers below which a ranking says little."""
LEAST_SHOWN = 0.01
"""Smallest difference of probabilities that two decimals are sure to show."""


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """The answer to "who is it?".

    Attributes:
        matches: The enrolled speakers, best first.
        known: Whether the best one's probability reaches the threshold.
        threshold: The probability below which the answer is "not in the gallery".
        window_seconds: (W, 2) start and end of the probe's windows, s.
        quality: Quality of the probe's session.
        calibrated_on: What the probabilities were calibrated on, in words.
        caution: Why the probabilities cannot be relied on here, a sentence; empty where they can.
        recordings: Sessions of the library that are of this very recording, which the matches
            leave out.
        left_out: How many are not compared with for want of consent.
    """

    matches: Sequence[Match]
    known: bool
    threshold: float
    window_seconds: FloatArray
    quality: Quality
    calibrated_on: str
    caution: str = ""
    recordings: tuple[KnownRecording, ...] = ()
    left_out: LeftOut = NOBODY

    @property
    def name(self) -> str:
        """The answer: who it is; nobody where no probability reaches the threshold."""
        return self.matches[0].name if self.known and self.matches else ""

    @property
    def calibrated(self) -> bool:
        """Whether the probabilities can be relied on for this recording."""
        return not self.caution

    def probability_words(self, probability: float) -> str:
        """A probability with two decimals, or more where the best one would equal the threshold."""
        best = self.matches[0].probability if self.matches else 0.0
        near = abs(best - self.threshold) < LEAST_SHOWN
        return f"{probability:.4f}" if near else f"{probability:.2f}"

    def words(self, label: str = "") -> str:
        """The answer as it is said everywhere.

        Args:
            label: What `shown_name` is called, if it is more than the name.
        """
        if not self.shown_name:
            return NOT_IN_GALLERY
        if self.recordings:
            return f"Enrolled already: {label or self.shown_name}"
        nearest = "" if self.calibrated else "Nearest: "
        return f"{nearest}{label or self.shown_name}"

    @property
    def shown_name(self) -> str:
        """Whom `words` names: whose recording it is, the answer, or the nearest.

        The nearest is named where no answer is calibrated.
        """
        if self.recordings:
            return self.recordings[0].speaker
        return self.name if self.calibrated or not self.matches else self.matches[0].name

    @property
    def recording_words(self) -> str:
        """Which sessions of the library this very recording is, in sentences; empty for none."""
        told = [one.words for one in self.recordings]
        names = [match.name for match in self.matches]
        return " ".join([*told, left_out_words(self.recordings, names)]).strip()

    @property
    def gallery_words(self) -> str:
        """What a ranking of so few people means, a sentence; empty for SMALL_GALLERY and more."""
        n_enrolled = len(self.matches)
        if n_enrolled >= SMALL_GALLERY or not n_enrolled:
            return ""
        if n_enrolled == 1:
            return "Only one speaker is enrolled: every recording ranks them first."
        return (
            f"Only {n_enrolled} speakers are enrolled: by chance alone the right one is first "
            f"in {100 / n_enrolled:.0f} %."
        )


class SameSpeaker(StrEnum):
    """The answer to "is it this speaker?"."""

    SAME = "same"
    OTHER = "not the same"
    OPEN = "cannot be told"


@dataclass(frozen=True, slots=True, eq=False)
class Verification:
    """One recording compared with one speaker.

    Attributes:
        answer: Whether it is the speaker.
        reason: Why it cannot be told, or what the answer rests on, a sentence.
        match: The speaker's match; None where no other session of theirs can be compared with.
        false_accept_rate: Share of strangers who reach this score with one speaker, 0.001..0.5;
            None where the probabilities are not calibrated for such a recording.
        quality: Quality of the recording's session.
        calibrated_on: What the probabilities were calibrated on, in words.
        recordings: Sessions of the library that are of this very recording; they are not compared
            with.
        left_out: How many others are not compared with for want of consent.
    """

    answer: SameSpeaker
    reason: str
    match: Match | None
    false_accept_rate: float | None
    quality: Quality
    calibrated_on: str
    recordings: tuple[KnownRecording, ...] = ()
    left_out: LeftOut = NOBODY
