"""Two faces at the same task side by side, and how far their movements lie apart in mm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from facedyn_app.dynamics.clinical.task_values import align_task, measured_tasks, measures_of
from facedyn_app.headmodel.forward import HeadTensors, head_to_tensors
from facedyn_app.headmodel.landmark_embedding.synthetic_views import view_placement
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.headmodel.part_meshes import seen_vertices
from facedyn_app.headmodel.rendering.colour_scale import UNSEEN_RGB, round_top, scale_colours
from facedyn_app.headmodel.rendering.paint import PaintedHead, paint_head
from facedyn_app.headmodel.rendering.render import Camera, HeadRenderer
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import ByteArray, FloatArray, Session
from facedyn_app.reports.clinical_rows import MeasuredSession
from facedyn_app.reports.head_pictures import posed_vertices

SIZE_PX, DISTANCE_M = 360, 0.72
LEAST_TOP_MM = 2.0
"""The colours end here or beyond it: less than a fit can tell shall look like little."""
_CAMERA = Camera(SIZE_PX, SIZE_PX, 3.3 * SIZE_PX)


@dataclass(frozen=True, slots=True, eq=False)
class TaskFaces:
    """A task in two sessions.

    Attributes:
        task: Its id.
        pictures: (SIZE_PX, SIZE_PX, 3) uint8 RGB: the first session at its peak, the second at its
            peak, both on the first one's shape, and the second coloured by the difference.
        rms_mm: Root mean square of the difference over what is seen of the face, mm.
        most_mm: Its largest, mm.
        top_mm: At the dark end of the colours.
    """

    task: str
    pictures: tuple[ByteArray, ByteArray, ByteArray]
    rms_mm: float
    most_mm: float
    top_mm: float


def common_tasks(sessions: Sequence[MeasuredSession]) -> list[str]:
    """Ids of the tasks that all of them have measured, in the order of the first."""
    each = [measured_tasks(one.measures) for one in sessions]
    return [task for task in each[0] if all(task in one for one in each)] if each else []


def draw_task_faces(
    head: HeadModel,
    first: MeasuredSession,
    second: MeasuredSession,
    tasks: Sequence[str],
    paper: tuple[int, int, int],
    on_progress: OnProgress,
) -> list[TaskFaces]:
    """Draw tasks of two sessions.

    What is compared is the movement, peak less rest, of each session's head: how a shape or a
    place was fitted is no difference of movement.

    Args:
        head: The head of both.
        first: The earlier session.
        second: The later one.
        tasks: Ids of tasks that both have measured.
        paper: (R, G, B) behind the heads.
        on_progress: Called for every task; may raise Cancelled.
    """
    scale = first.measures.scale
    if scale is None or not tasks:
        return []
    painted, seen, tensors = paint_head(head), seen_vertices(head), head_to_tensors(head)
    found = []
    with HeadRenderer(painted, _CAMERA, background=paper) as renderer:
        for number, task in enumerate(tasks):
            on_progress(Progress("drawing the faces", number, len(tasks)))
            (rest, peak), (other_rest, other_peak) = (
                _rest_and_peak(head, tensors, one, first.session.shape, task)
                for one in (first, second)
            )
            moved, other = peak - rest, other_peak - other_rest
            apart = scale.factor * np.linalg.norm(other - moved, axis=1)
            top = round_top(max(float(apart[seen].max()), LEAST_TOP_MM))
            coloured = replace(painted, colours=_coloured(painted, apart / top, seen))
            with HeadRenderer(coloured, _CAMERA, background=paper) as of_difference:
                pictures = (
                    _draw(head, renderer, peak),
                    _draw(head, renderer, rest + other),
                    _draw(head, of_difference, rest + other),
                )
            rms = float(np.sqrt(np.mean(apart[seen] ** 2)))
            found.append(TaskFaces(task, pictures, rms, float(apart[seen].max()), top))
    return found


def _rest_and_peak(
    head: HeadModel, tensors: HeadTensors, one: MeasuredSession, shape: FloatArray, task: str
) -> tuple[FloatArray, FloatArray]:
    """(V, 3) twice: a session's median face at rest, and its face at the task's peak, m."""
    session, measures = one.session, one.measures
    seconds = session.motion.seconds
    repeat = measured_tasks(measures)[task][0]
    at = align_task(measures, seconds, repeat, measures_of(task)[0]).peak
    frame = int(np.abs(seconds - at).argmin())
    rest = np.flatnonzero(measures.rest)
    poses = [_pose(session, rest), _pose(session, np.array([frame]))]
    resting, moved = (posed_vertices(head, tensors, shape, *pose) for pose in poses)
    return resting, moved


def _pose(session: Session, frames: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Median expression (E,) and jaw (3,) over some frames."""
    motion = session.motion
    return np.nanmedian(motion.expression[frames], axis=0), np.nanmedian(motion.jaw[frames], axis=0)


def _coloured(painted: PaintedHead, shares: FloatArray, seen: np.ndarray) -> ByteArray:
    colours = np.where(seen[:, None], scale_colours(shares), UNSEEN_RGB)
    return np.rint(painted.mesh.vertices(colours.astype(np.float64))).astype(np.uint8)


def _draw(head: HeadModel, renderer: HeadRenderer, vertices: FloatArray) -> ByteArray:
    rotation, translation = view_placement(head, (0.0, 0.0, 0.0), DISTANCE_M)
    return renderer.render(vertices, rotation, translation).copy()
