"""How sessions were fitted, as far as their measures in mm hang on it."""

from __future__ import annotations

from collections.abc import Iterable

from facedyn_app.records import Session

LANDMARKS, SKIN = "landmarks", "landmarks and skin"
ALONE = (
    "Fitted to the landmarks alone: with the skin followed, too, movements in mm are nearer to the "
    "truth."
)


def how_fitted(session: Session) -> str:
    """What a session's head was fitted to, in words; empty where the session does not say."""
    if not isinstance((session.info.settings or {}).get("landmarks"), dict):
        return ""
    words = SKIN if session.optical_flow else LANDMARKS
    return words if session.mirrored_mean else f"{words}, not of the mirrored picture"


def unlike_fits(sessions: Iterable[Session]) -> str:
    """A sentence where sessions are fitted in ways that differ; empty where none is known to be."""
    ways = sorted({how_fitted(one) for one in sessions} - {""})
    if len(ways) < 2:
        return ""
    return (
        f"The sessions are fitted in different ways ({'; '.join(ways)}), which alone moves an "
        "excursion by up to a millimetre (simulated faces): fit all alike to compare them."
    )
