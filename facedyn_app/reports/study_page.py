"""The page of a study: headline, table, figures, and what it was made with."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from facedyn_app.recognizer.accuracy import Accuracy
from facedyn_app.recognizer.study import Study
from facedyn_app.reports.page import NOTE, html_table, page, paragraph

READ = ("top1_window", "top5_window", "top1_session", "mrr", "dir_far1", "dir_far10", "eer")


def study_page(
    study: Study, about: Mapping[str, Any], drawn: Sequence[tuple[str, str]], place: Path
) -> str:
    """The page of a study, its figures within it.

    Args:
        study: What was found.
        about: What it was found on and with.
        drawn: Name and title of each figure.
        place: Where the figures are.
    """
    found = study.assessment
    accuracy = found.accuracy
    made = "simulated speakers" if found.simulated else "speakers"
    title = f"Recognition by facial motion: {accuracy.n_speakers} {made}"
    rows = [
        [name.replace("_", " "), *(_share(one, key) for key in READ)]
        for name, one in found.compared.items()
    ]
    figures = "".join(
        f"<figure>{_inline(place / f'{name}.svg')}"
        f'<figcaption class="note">{html.escape(caption)}: '
        f'<a href="{name}.png">PNG</a>, <a href="{name}.svg">SVG</a></figcaption></figure>'
        for name, caption in drawn
    )
    body = [
        paragraph(_headline(accuracy, made)),
        "<h2>Recognizer, parts, baselines and controls</h2>",
        html_table(["", *(f"{key.replace('_', ' ')} %" for key in READ)], rows),
        '<p class="note">In brackets the 90 % interval from drawing the speakers anew. Controls '
        "are the recognizer on the same windows with the frames shuffled, with nothing but the "
        "session's mean, with velocities only, with the session's mean put back, and with noise of "
        "each channel's amplitude in its place. The parts say what network and descriptors bring "
        "alone; descriptors B are the baseline to beat. A recognizer "
        "that stays good with shuffled frames, or with the mean alone, has not learnt motion. "
        "DIR: sessions detected and identified where 1 or 10 % of strangers raise an alarm.</p>",
        f'<h2>Figures</h2><div class="figures">{figures}</div>',
        "<h2>Made with</h2>",
        html_table(["", ""], [[str(key), str(value)] for key, value in about.items()]),
        paragraph("The numbers are in study.json and the CSV files beside this page.", NOTE),
    ]
    return page(title, body)


def _headline(accuracy: Accuracy, made: str) -> str:
    right, session = 100 * accuracy.top1_window, 100 * accuracy.top1_session
    low, high = (100 * bound for bound in accuracy.intervals["top1_window"])
    uniform, majority = 100 * accuracy.chance_uniform, 100 * accuracy.chance_majority
    return (
        f"{right:.1f} % of {accuracy.n_windows} windows are given to the right one of "
        f"{accuracy.n_speakers} {made} (90 % interval {low:.1f} to {high:.1f} %), and "
        f"{session:.1f} % of {accuracy.n_probes} sessions. By chance it would be {uniform:.2f} %, "
        f"or {majority:.2f} % by always naming the most frequent one: the windows' share is "
        f"{accuracy.lift_uniform:.3g} and {accuracy.lift_majority:.3g} times that."
    )


def _share(accuracy: Accuracy, key: str) -> str:
    low, high = accuracy.intervals[key]
    return f"{100 * getattr(accuracy, key):.1f} ({100 * low:.1f} to {100 * high:.1f})"


def _inline(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return text[text.index("<svg") :]
