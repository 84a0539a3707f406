"""Following of the library by a window about one of its speakers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from facedyn_app.gui.status import LOCKED, PanelStatus
from facedyn_app.workflows.records import LibrarySnapshot, ListedSpeaker


class SpeakerWindow(Protocol):
    """A window in which one of the library's speakers is chosen."""

    def show_speakers(self, speakers: Sequence[ListedSpeaker], chosen: str | None) -> None:
        """Offer the speakers, and show which of them the window is about."""

    def show_status(self, status: PanelStatus) -> None:
        """Show a sentence in place of what is known of the speaker."""


def follow_library(window: SpeakerWindow, snapshot: LibrarySnapshot, speaker: str) -> str | None:
    """Show a window the speakers that there are now.

    Args:
        window: The window.
        snapshot: The library as it is now.
        speaker: Whom the window was about.

    Returns:
        Whom it is about now: the library's first where that one is gone; None where nobody is left,
        or the library is locked.
    """
    if snapshot.locked:
        window.show_speakers((), None)
        window.show_status(LOCKED)
        return None
    names = [one.name for one in snapshot.speakers]
    chosen = speaker if speaker in names else next(iter(names), None)
    window.show_speakers(snapshot.speakers, chosen)
    return chosen
