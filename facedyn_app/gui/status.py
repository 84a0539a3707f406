"""Status of a panel: empty, working, in error or done, with its sentences and its retry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from facedyn_app.errors import FacedynError


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
