"""Choice of a speaker of the library."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker

from facedyn_app.gui.formatting import simulated_label
from facedyn_app.gui.widgets.long_names import NameChoice
from facedyn_app.workflows.records import ListedSpeaker


class SpeakerChoice(NameChoice):
    """A list of speakers to choose from; the data of an entry is the name.

    Args:
        tip: What the choice is for.
    """

    def __init__(self, tip: str) -> None:
        super().__init__("Speaker", tip)

    def show_speakers(self, speakers: Sequence[ListedSpeaker], chosen: str | None) -> None:
        """Offer speakers, one of them chosen, without telling of it as of a user's choice."""
        with QSignalBlocker(self):
            self.clear()
            for speaker in speakers:
                text = simulated_label(speaker.name, simulated=speaker.simulated)
                self.addItem(text, speaker.name)
            self.setCurrentIndex(self.findData(chosen))
        self.setEnabled(bool(speakers))
