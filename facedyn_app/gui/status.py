"""Status of a panel: empty, working, in error or done, with its sentences and its retry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from facedyn_app.errors import FacedynError
from facedyn_app.formatting import counted
from facedyn_app.workflows.records import LibrarySnapshot, Recording, session_key


@dataclass(frozen=True, slots=True)
class PanelStatus:
    """What stands in a panel.

    Attributes:
        kind: Which of the four states.
        sentence: What to do (empty), what is done (working), what went wrong (error).
        hint: A second line; may be empty.
        share: Share done, 0..1, while working; None when not known.
        retry: Does again what went wrong; None where nothing can.
    """

    kind: Literal["empty", "working", "error", "done"]
    sentence: str = ""
    hint: str = ""
    share: float | None = None
    retry: Callable[[], object] | None = field(default=None, compare=False)


DONE = PanelStatus("done")
EMPTY = PanelStatus("empty")
LOCKED = PanelStatus(
    "empty", "The library is locked.", "Retry in the panel “Library” asks for its passphrase."
)


def error_status(error: Exception, retry: Callable[[], object] | None = None) -> PanelStatus:
    """The status of a failure: a FacedynError's own sentences, plain ones for a defect of ours."""
    if isinstance(error, FacedynError):
        return PanelStatus("error", error.sentence, error.hint, retry=retry)
    return PanelStatus(
        "error",
        f"The program has made a mistake of its own: {type(error).__name__}: {error}.",
        "Try again; if it stays, send the log to the makers of the program.",
        retry=retry,
    )


def not_drawn_status(head_id: str, reason: Exception) -> PanelStatus:
    """What stands in place of the head of a session whose head is not at hand."""
    return PanelStatus(
        "empty",
        f"This session is of '{head_id}'. It can be matched and measured, but not drawn.",
        error_status(reason).sentence,
    )


def unanswered_status(recording: Recording | None, library: LibrarySnapshot) -> PanelStatus:
    """Why there is no answer yet to "who is it?", and what gives one.

    Args:
        recording: The one that is shown, if any; it has not been compared.
        library: With whose speakers it would be.
    """
    if library.locked:
        return LOCKED
    enrolled = [speaker for speaker in library.speakers if speaker.sessions]
    n_asked = sum(speaker.may_be_recognised for speaker in enrolled)
    if enrolled and not n_asked:
        return PanelStatus(
            "empty",
            "Nobody who is enrolled has consented to recognition, so nobody can be compared with.",
            "A right click on a speaker in the library, then Consent…, shows and changes that.",
        )
    if recording is None:
        hint = "It needs speakers who are enrolled: Session > Enrol as a speaker…"
        if n_asked:
            hint = f"Open a recording: it is compared with {counted(n_asked, 'enrolled speaker')}."
        return PanelStatus("empty", "Who is it? The answer appears here.", hint)
    if not enrolled:
        return PanelStatus(
            "empty",
            "Nobody is enrolled yet, so there is nobody to compare with.",
            "Session > Enrol as a speaker… makes this recording the first.",
        )
    if [session_key(library.folder, one.key) for one in library.sessions] == [recording.key]:
        return PanelStatus(
            "empty",
            "This is the only session in the library, so there is nothing to compare it with.",
            "Open and enrol another recording, of this person or of somebody else.",
        )
    return PanelStatus(
        "empty",
        "This recording has not been compared yet.",
        f"“Who is it?” compares it with {counted(n_asked, 'enrolled speaker')}.",
    )
