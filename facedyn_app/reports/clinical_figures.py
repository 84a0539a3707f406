"""Tasks of two sessions as a figure: traces from the onset, the faces at the peak, in mm."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure

from facedyn_app.dynamics.clinical.measures import BY_NAME, SIDES
from facedyn_app.dynamics.clinical.task_values import align_repeats, measures_of
from facedyn_app.headmodel.rendering.colour_scale import STOPS
from facedyn_app.reports.clinical_course_words import ClinicalVisit
from facedyn_app.reports.clinical_words import capital, task_title
from facedyn_app.reports.page import BLUE, GREY, INCHES, ORANGE, new_figure, png_of
from facedyn_app.reports.task_faces import TaskFaces

ROW_INCHES = 1.05
COLOURS = (BLUE, ORANGE)
SMALL = 6.5


def task_figure(
    pair: Sequence[ClinicalVisit], tasks: Sequence[str], faces: Sequence[TaskFaces]
) -> bytes:
    """A row a task: its traces in both sessions, both faces at its peak, what lies between them.

    Args:
        pair: The earlier and the later session.
        tasks: Ids of tasks that both have measured; at least one.
        faces: Of these tasks, as far as they could be drawn.
    """
    drawn = {one.task: one for one in faces}
    n_columns = 5 if faces else 2
    with new_figure((INCHES, ROW_INCHES * len(tasks) + 0.3)) as figure:
        grid = figure.subplots(len(tasks), n_columns, squeeze=False)
        for row, task in enumerate(tasks):
            _draw_pair(list(grid[row, :2]), pair, task)
            for column, visit in enumerate(pair):
                if row == 0:
                    grid[0, column].set_title(visit.label, fontsize=SMALL)
            if faces:
                _draw_faces(figure, list(grid[row, 2:]), drawn.get(task), pair if row == 0 else ())
        for axes in grid[-1, :2]:
            axes.set_xlabel("from the onset, s", fontsize=SMALL)
        grid[0, 0].legend(fontsize=SMALL - 1, loc="upper right", handlelength=1, frameon=False)
        return png_of(figure)


def _draw_pair(row: Sequence[Axes], pair: Sequence[ClinicalVisit], task: str) -> None:
    for axes, visit in zip(row, pair, strict=True):
        seconds = visit.measured.session.motion.seconds
        repeats = align_repeats(visit.measured.measures, seconds, task)
        for number, repeat in enumerate(repeats):
            for side, label in enumerate(SIDES):
                axes.plot(
                    repeat.seconds,
                    repeat.values[:, side],
                    color=COLOURS[side],
                    lw=0.9,
                    label=label if number == 0 else None,
                )
        axes.axvline(0.0, color=GREY, lw=0.6, ls=":")
        axes.tick_params(labelsize=SMALL - 1, length=2)
    low = min(axes.get_ylim()[0] for axes in row)
    high = max(axes.get_ylim()[1] for axes in row)
    for axes in row:
        axes.set_ylim(low, high)
    unit = BY_NAME[measures_of(task)[0]].unit or "ratio"
    row[0].set_ylabel(f"{capital(task_title(task))},\n{unit}", fontsize=SMALL)


def _draw_faces(
    figure: Figure, row: Sequence[Axes], drawn: TaskFaces | None, pair: Sequence[ClinicalVisit]
) -> None:
    for axes in row:
        axes.set_axis_off()
    if drawn is None:
        row[0].text(0.0, 0.5, "not drawn", fontsize=SMALL, color=GREY)
        return
    titles = [*(visit.date_words or visit.name for visit in pair), "difference"] if pair else []
    for axes, picture in zip(row, drawn.pictures, strict=True):
        edge = picture.shape[1] // 8
        axes.imshow(picture[:, edge:-edge])
    for axes, title in zip(row, titles, strict=False):
        axes.set_title(title, fontsize=SMALL)
    scale = figure.colorbar(_scale(drawn.top_mm), ax=row[-1], fraction=0.05, pad=0.02)
    scale.set_label("mm", fontsize=SMALL)
    scale.ax.tick_params(labelsize=SMALL - 1, length=2)


def _scale(top: float) -> ScalarMappable:
    colours = LinearSegmentedColormap.from_list("distance", STOPS)
    return ScalarMappable(Normalize(0.0, top), colours)
