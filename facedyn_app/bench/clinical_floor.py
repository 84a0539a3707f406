"""The program's own left-right difference, from recordings that were fitted mirrored, too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from facedyn_app.clinical_settings import ClinicalSettings
from facedyn_app.dynamics.clinical.asymmetry import FLOOR_FORMAT, size_of
from facedyn_app.dynamics.clinical.excursions import find_rest, motion_range, rest_level
from facedyn_app.dynamics.clinical.measures import FROM_REST, MEASURES, face_points, trace_all
from facedyn_app.dynamics.clinical.scale import scale_of
from facedyn_app.dynamics.clinical.session import RANGE, REST_LEVEL
from facedyn_app.files import atomic_text
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.records import FloatArray, Session

COMMAND = "facedyn bench clinical SESSION… --mirror MIRRORED… --floor FILE"
Sides = dict[tuple[str, str], FloatArray]
PARTS, PART_S = 2, 1.0
"""Every other second is of one half, so that both halves show about the same."""


def side_values(head: HeadModel, session: Session, mirrored: Session, part: int | None) -> Sides:
    """Left and right, then left and right of the mirror image, by statistic and measure.

    Args:
        head: Of both.
        session: A recording's fit.
        mirrored: That of its mirror image, frame by frame the same.
        part: Which half of the seconds; None for all.
    """
    settings = ClinicalSettings()
    usable = session.motion.valid & mirrored.motion.valid
    if part is not None:
        usable = usable & ((session.motion.seconds // PART_S).astype(np.int64) % PARTS == part)
    rest = find_rest(session, usable, (), settings).frames
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


def measure_floors(
    head: HeadModel, pairs: Sequence[tuple[Session, Session]]
) -> dict[str, dict[str, dict[str, float]]]:
    """The program's own difference over recordings, and what mirroring leaves of it.

    What is left is taken from the halves of each recording, each of them corrected by its own
    mirror image: a difference of the face is the same in both, so that half of theirs is the
    program's.

    Args:
        head: Of all.
        pairs: Each recording's fit and that of its mirror image.
    """
    units = {measure.name: measure.unit for measure in MEASURES}
    whole = [side_values(head, *pair, None) for pair in pairs]
    halves = [[side_values(head, *pair, part) for part in range(PARTS)] for pair in pairs]
    floors: dict[str, dict[str, dict[str, float]]] = {REST_LEVEL: {}, RANGE: {}}
    for statistic, name in whole[0]:
        key = (statistic, name)

        def own(values: Sides, key: tuple[str, str] = key) -> tuple[float, float]:
            """The program's and the face's difference, over the size of what is measured."""
            left, right, other_left, other_right = values[key]
            size = size_of(left, right, units[key[1]])
            one, other = left - right, other_left - other_right
            return 0.5 * (one + other) / size, 0.5 * (one - other) / size

        biases = np.array([own(values)[0] for values in whole])
        left_over = np.array([own(pair[0])[1] - own(pair[1])[1] for pair in halves])
        floors[statistic][name] = {
            "bias": round(float(biases.mean()), 5),
            "sd": round(float(biases.std(ddof=1)), 5),
            "residual": round(float(0.5 * np.sqrt(np.mean(left_over**2))), 5),
        }
    return floors


def write_floors(
    floors: dict[str, dict[str, dict[str, float]]], n_recordings: int, path: Path
) -> None:
    """Write the file that comes with the program.

    Raises:
        OutputError: It cannot be written.
    """
    content = {
        "format": FLOOR_FORMAT,
        "version": 1,
        "command": COMMAND,
        "n_recordings": n_recordings,
        "floors": floors,
    }
    with atomic_text(path) as text:
        text.write(json.dumps(content, indent=1) + "\n")
