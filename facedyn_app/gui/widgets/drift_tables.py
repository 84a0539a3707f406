"""Drift tables: the sessions of a speaker by date, and the components that moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTableView, QWidget

from facedyn_app.dynamics.drift import DriftComponents, interval_words
from facedyn_app.formatting import number
from facedyn_app.gui.formatting import simulated_label
from facedyn_app.gui.widgets.long_names import MOST_NAME_PX
from facedyn_app.gui.widgets.table import (
    Interval,
    IntervalDelegate,
    RowsModel,
    ShareBarDelegate,
    lay_out_table,
)
from facedyn_app.library.records import SessionEntry
from facedyn_app.records import SessionDrift
from facedyn_app.workflows.drift_detail import DriftDetail

SESSION_COLUMNS: Final = ("", "Session", "Date", "DNR", "90 % interval", "Noise (sd)")
COMPONENT_COLUMNS: Final = (
    "Component",
    "Moved (sd)",
    "On the face (mm)",
    "Over noise",
    "Between sessions (share)",
)
MOST_COMPONENTS: Final = 20
_INTERVAL, _SHARE = 4, 4


class SessionsTable(QTableView):
    """A row a session, with its drift-to-noise ratio."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = RowsModel(SESSION_COLUMNS, numeric=(0, 3, 5))
        self._intervals = IntervalDelegate(self)
        lay_out_table(self, self.rows, _INTERVAL)
        self.horizontalHeader().setMaximumSectionSize(MOST_NAME_PX)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setItemDelegateForColumn(_INTERVAL, self._intervals)
        self.setToolTip(
            "DNR, the drift-to-noise ratio of a session: how far its shape lies from the mean of "
            "the others', over how much the shape wanders within a session"
        )

    def show_detail(self, detail: DriftDetail) -> None:
        """Show the sessions."""
        sessions = detail.report.sessions
        ends = [one.dnr_interval[1] for one in sessions if one.dnr_interval is not None]
        top = max(ends, default=0.0)
        pairs = list(zip(sessions, detail.entries, strict=True))
        self.rows.set_rows(
            [_session_row(place, *pair) for place, pair in enumerate(pairs, start=1)],
            [_interval(session, top) for session in sessions],
        )


class ComponentsTable(QTableView):
    """The components of the shape, the one that moved most against its noise first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = RowsModel(COMPONENT_COLUMNS, numeric=(0, 1, 2, 3))
        self._bars = ShareBarDelegate(self)
        lay_out_table(self, self.rows, _SHARE)
        self.setItemDelegateForColumn(_SHARE, self._bars)
        self.setToolTip(
            "The head model's shape components. Moved: mean difference between two sessions, in "
            "standard deviations of people's heads. On the face: what that comes to, root mean "
            "square over the face. Over noise: how far it moved, over how much it wanders within "
            "a session. Between sessions: share of its variance that lies between the sessions, "
            "not within them (intraclass correlation), 0 to 1"
        )

    def show_detail(self, detail: DriftDetail) -> None:
        """Show the components that moved most."""
        moves = detail.moves
        order = moved_most(moves)
        self.rows.set_rows(
            [
                (
                    str(k + 1),
                    number(float(moves.drift[k])),
                    "-" if detail.faces is None else number(float(detail.faces.moved_mm[k])),
                    number(float(moves.dnr[k])),
                    number(float(moves.icc[k])),
                )
                for k in order
            ],
            [float(moves.icc[k]) for k in order],
        )


def moved_most(moves: DriftComponents) -> list[int]:
    """The components with a ratio of drift and noise, the largest first; a screenful of them."""
    known = np.flatnonzero(np.isfinite(moves.dnr) & np.isfinite(moves.icc))
    order = known[np.argsort(-moves.dnr[known], kind="stable")]
    return [int(k) for k in order[:MOST_COMPONENTS]]


def _session_row(place: int, session: SessionDrift, entry: SessionEntry) -> Sequence[str]:
    return (
        str(place),
        simulated_label(session.name, simulated=entry.simulated),
        entry.date_words,
        number(session.dnr),
        interval_words(session.dnr_interval),
        number(session.noise),
    )


def _interval(session: SessionDrift, top: float) -> Interval | None:
    if session.dnr is None or session.dnr_interval is None:
        return None
    low, high = session.dnr_interval
    return Interval(low, session.dnr, high, top)
