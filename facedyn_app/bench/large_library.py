"""Libraries of many simulated speakers, of which there are the rows and no session files."""

from __future__ import annotations

import numpy as np
from sqlalchemy import insert

from facedyn_app.library.library import Library
from facedyn_app.library.schema import EnrolmentRow, SessionRow, SpeakerRow

CONSENT = "simulated speakers need none"
_TIME = "2025-01-01T12:00:00+00:00"


def fill_rows(
    library: Library, n_speakers: int, n_sessions: int, head_id: str = "simulated"
) -> None:
    """Put speakers with enrolled sessions into an empty library, as rows alone.

    Args:
        library: The library.
        n_speakers: Speakers.
        n_sessions: Sessions, dealt out to the speakers in turn.
        head_id: The head that stands in the rows.
    """
    rng = np.random.default_rng(0)
    days = rng.integers(1, 29, n_sessions)
    speakers = [
        {"id": k + 1, "name": f"S-{k + 1:06d}", "consent": CONSENT}
        | {"consented_at": _TIME, "created_at": _TIME}
        for k in range(n_speakers)
    ]
    sessions = [
        {
            "id": k + 1,
            "speaker_id": k % n_speakers + 1,
            "name": f"visit {k // n_speakers + 1}",
            "file_name": f"{k:032x}.npz",
            "source_name": f"visit{k:06d}.mp4",
            "source_sha256": f"{k:064x}",
            "head_id": head_id,
            "recorded_at": f"2025-{k % 12 + 1:02d}-{days[k]:02d}T12:00:00+00:00",
            "added_at": _TIME,
            "n_frames": 1800,
            "n_valid": 1790,
            "seconds": 60.0,
            "simulated": True,
        }
        for k in range(n_sessions)
    ]
    enrolments = [
        {"speaker_id": one["speaker_id"], "session_id": one["id"], "enrolled_at": _TIME}
        for one in sessions
    ]
    with library.transaction() as orm:
        orm.execute(insert(SpeakerRow), speakers)
        orm.execute(insert(SessionRow), sessions)
        orm.execute(insert(EnrolmentRow), enrolments)
