"""The program's own left-right difference, from recordings that were fitted mirrored, too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from facedyn_app.bench.clinical_rendered import (
    SYMMETRIC_FPS,
    TASKS,
    both_fits,
    rendered_video,
)
from facedyn_app.bench.clinical_script import Script
from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.asymmetry import (
    FLOOR_FORMAT,
    FLOOR_VERSION,
    floor_factor,
    size_of,
)
from facedyn_app.dynamics.clinical.excursions import find_rest, motion_range, rest_level
from facedyn_app.dynamics.clinical.how_fitted import LANDMARKS, SKIN
from facedyn_app.dynamics.clinical.light import EVEN, NOT_KNOWN, ONE_SIDE, light_kind, light_ratio
from facedyn_app.dynamics.clinical.measures import (
    BY_NAME,
    FROM_REST,
    MEASURES,
    face_points,
    trace_all,
)
from facedyn_app.dynamics.clinical.scale import scale_of
from facedyn_app.dynamics.clinical.session import RANGE, REST_LEVEL
from facedyn_app.errors import TooLittleError
from facedyn_app.events import Event
from facedyn_app.files import atomic_text
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.library.session_file import load_session
from facedyn_app.progress import OnProgress, ignore
from facedyn_app.records import FloatArray, Session

COMMAND = (
    "facedyn bench clinical --work DIR --film HEAD --session S.npz --mirror S-mirrored.npz … "
    "--floor FILE"
)
SETTINGS = ClinicalSettings()
Sides = dict[tuple[str, str], FloatArray]
Floors = dict[str, dict[str, dict[str, float]]]
"""By statistic and measure."""
Pairs = Sequence[tuple[Session, Session]]
"""Recordings' fits, each with that of its mirror image."""


def side_values(
    head: HeadModel, session: Session, mirrored: Session, events: Sequence[Event] = ()
) -> Sides:
    """Left and right, then left and right of the mirror image, by statistic and measure.

    Args:
        head: Of both.
        session: A recording's fit.
        mirrored: That of its mirror image, frame by frame the same.
        events: Of the recording.
    """
    usable = session.motion.valid & mirrored.motion.valid
    rest = find_rest(session, usable, events, SETTINGS).frames
    frames = {REST_LEVEL: np.flatnonzero(rest)[None], RANGE: np.flatnonzero(usable)[None]}
    found: Sides = {}
    for one in (session, mirrored):
        traces = trace_all(face_points(head, one, scale_of(head, one.shape, None)), rest)
        for measure in MEASURES:
            for statistic, of in ((REST_LEVEL, rest_level), (RANGE, motion_range)):
                if not measure.sided or (statistic == REST_LEVEL and measure.name in FROM_REST):
                    continue
                value = of(traces[measure.name], frames[statistic]).draws[0]
                key = (statistic, measure.name)
                found[key] = np.concatenate([found.get(key, np.zeros(0)), value])
    return found


def measure_floors(head: HeadModel, people: Pairs, symmetric: Sequence[Pairs]) -> Floors:
    """The program's own difference over recordings, and what mirroring leaves of it.

    Light from one side and the face's own look fool the landmarker in the mirror image as in the
    recording: that is no part of b, and shows only where the face is known to be symmetric.

    Args:
        head: That was fitted.
        people: They tell b.
        symmetric: Rendered faces of both sides alike, of each head that was filmed: what those
            leave that leave most is `residual`.
    """
    of_people = [_own(side_values(head, *pair)) for pair in people]
    events = Script(tasks=TASKS).events
    left_over = [[_own(side_values(head, *pair, events)) for pair in of] for of in symmetric]
    floors: Floors = {REST_LEVEL: {}, RANGE: {}}
    for statistic, name in of_people[0]:
        biases = np.array([one[statistic, name][0] for one in of_people])
        residual = max(
            _residual(np.abs([one[statistic, name][1] for one in of])) for of in left_over
        )
        floors[statistic][name] = {
            "bias": round(float(biases.mean()), 5),
            "sd": round(float(np.hypot(biases.std(ddof=1), residual)), 5),
            "residual": round(residual, 5),
        }
    return floors


def _residual(left: FloatArray) -> float:
    """What differences (N,) of symmetric faces come to."""
    # errors have longer tails than a normal distribution: no face passed what is stated
    return float(max(np.sqrt(np.mean(left**2)), left.max() / floor_factor(SETTINGS)))


def _own(values: Sides) -> dict[tuple[str, str], tuple[float, float]]:
    """The program's and the face's difference, over the size of what is measured."""
    found = {}
    for key, (left, right, other_left, other_right) in values.items():
        size = size_of(left, right, BY_NAME[key[1]].unit)
        one, other = left - right, other_left - other_right
        found[key] = 0.5 * (one + other) / size, 0.5 * (one - other) / size
    return found


def floors_by_light(
    head: HeadModel, people: Pairs, symmetric: Sequence[Pairs]
) -> dict[str, Floors]:
    """The floors in even light, in light from one side, and where that is not known.

    Args:
        head: As in `measure_floors`.
        people: As in `measure_floors`.
        symmetric: As in `measure_floors`.

    Raises:
        TooLittleError: Of one of the heads no face is lit so.
    """
    by_light: dict[str, Sequence[Pairs]] = {NOT_KNOWN: symmetric}
    for kind in (EVEN, ONE_SIDE):
        lit = [
            [pair for pair in of if light_kind(light_ratio(pair[0])) == kind] for of in symmetric
        ]
        if not all(lit):
            raise TooLittleError(f"Of no symmetric face the light is '{kind}': take more faces.")
        by_light[kind] = lit
    return {kind: measure_floors(head, people, of) for kind, of in by_light.items()}


def write_floors(floors: Mapping[str, Mapping[str, Floors]], n_recordings: int, path: Path) -> None:
    """Write the file that comes with the program.

    Raises:
        OutputError: It cannot be written.
    """
    content = {
        "format": FLOOR_FORMAT,
        "version": FLOOR_VERSION,
        "command": COMMAND,
        "n_recordings": n_recordings,
        "floors": floors,
    }
    with atomic_text(path) as text:
        text.write(json.dumps(content, indent=1) + "\n")


def floors_of_files(
    head: HeadModel,
    film: HeadModel,
    pairs: Sequence[tuple[Path, Path]],
    n_symmetric: int,
    folder: Path,
    out: Path,
    on_progress: OnProgress = ignore,
) -> dict[str, dict[str, Floors]]:
    """Measure the floors of each way of fitting and kind of light, and write their file.

    Args:
        head: The open head.
        film: Another head that is filmed as well where the skin is followed: of its faces more are
            called different there than the open head's own floor states, and of the landmarks alone
            not. The open head for none.
        pairs: Session files of people, each with that of its mirror image.
        n_symmetric: Rendered symmetric faces of each head.
        folder: Where their videos are kept.
        out: The file.
        on_progress: Told of the progress; may raise Cancelled.

    Raises:
        InputError: A session cannot be read.
        TooLittleError: As in `floors_by_light`.
        OutputError: The file cannot be written.
    """
    people = [(load_session(one), load_session(other)) for one, other in pairs]
    script = Script(tasks=TASKS)

    def fits(filmed: HeadModel, *, optical_flow: bool) -> Pairs:
        videos = (
            rendered_video(filmed, script, face, SYMMETRIC_FPS, folder, on_progress)[0]
            for face in range(n_symmetric)
        )
        return [
            both_fits(video, head, optical_flow=optical_flow, on_progress=on_progress)
            for video in videos
        ]

    own, followed = fits(head, optical_flow=False), [fits(head, optical_flow=True)]
    if film.sha256 != head.sha256:
        followed.append(fits(film, optical_flow=True))
    floors = {
        LANDMARKS: floors_by_light(head, people, [own]),
        SKIN: floors_by_light(head, people, followed),
    }
    write_floors(floors, len(people), out)
    return floors
