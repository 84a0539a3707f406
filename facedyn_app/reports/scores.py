"""Scores of several recordings against every enrolled speaker, as a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from facedyn_app.files import atomic_file
from facedyn_app.records import Identification
from facedyn_app.reports.table import safe_cell

SCORE_COLUMNS = ("recording", "speaker", "rank", "score", "probability", "threshold", "answer")


def write_scores(answers: Sequence[tuple[str, Identification]], path: Path) -> None:
    """Write a CSV table, a row a recording and speaker, best speakers first.

    `probability` and `threshold` are empty where they are not calibrated for the recording;
    `answer` is "yes" where the speaker is the answer. Nothing is left half-written.

    Args:
        answers: Each recording's name and its identification.
        path: The table.

    Raises:
        OutputError: It cannot be written.
    """
    with atomic_file(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(SCORE_COLUMNS)
        for name, answer in answers:
            writer.writerows(_rows(name, answer))
        text.detach()  # writes what is left, and does not close the file


def _rows(name: str, answer: Identification) -> list[tuple[str, ...]]:
    def told(value: float) -> str:
        return f"{value:.6g}" if answer.calibrated else ""

    return [
        (
            safe_cell(name),
            safe_cell(match.name),
            str(rank),
            f"{match.score:.6g}",
            told(match.probability),
            told(answer.threshold),
            "yes" if answer.calibrated and match.name == answer.name else "",
        )
        for rank, match in enumerate(answer.matches, start=1)
    ]
