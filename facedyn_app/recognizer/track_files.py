"""Names and format of the files that hold tracks for training.

They stand apart from what reads the tracks, so that clearing up after a training does not load
torch, of which half of an import's start would be.
"""

from __future__ import annotations

from typing import Final

ROWS: Final = "tracks.f16"
INDEX: Final = "tracks.json"
FORMAT: Final = "facedyn-tracks"
VERSION: Final = 3
MOST_INDEX_BYTES: Final = 1 << 30
SALT: Final = "salt"
"""Key of the index: what the key of the rows is derived with, where they are encrypted."""
NOWHERE: Final = -1
"""In the index: the feature of a column that is left out."""
