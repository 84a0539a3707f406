"""Small tables of other programs, made by the tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write_table(path: Path, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    """A CSV file as those programs write it."""
    lines = [", ".join(names), *(", ".join(str(cell) for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


OPENFACE_NAMES = ("frame", "face_id", "timestamp", "confidence", "success", "AU01_r", "AU12_r")


def openface_rows(n: int, face: int = 0, step_s: float = 0.04) -> list[list[Any]]:
    """Rows of OpenFace 2: AU01 rises from 0 by 0.01 a row, AU12 is 2.5."""
    return [[k + 1, face, f"{k * step_s:.3f}", 0.98, 1, 0.01 * k, 2.5] for k in range(n)]
