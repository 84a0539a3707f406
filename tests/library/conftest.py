"""A small session for the library's tests."""

from collections.abc import Callable

import numpy as np
import pytest

from facedyn_app.records import Motion, Session, SessionInfo, SourceFile


def _made_session(
    *, seed: int = 0, sha256: str | None = "ab" * 32, head_id: str = "tiny-head", n: int = 60
) -> Session:
    """Two seconds of noise with two frames without a face; source "visit.mov" when it has one."""
    rng = np.random.default_rng(seed)
    valid = np.ones(n, dtype=bool)
    valid[[5, 6]] = False

    def frames(width: int) -> np.ndarray:
        values = rng.normal(size=(n, width)).astype(np.float32)
        values[~valid] = np.nan
        return values

    source = None if sha256 is None else SourceFile("visit.mov", sha256)
    return Session(
        motion=Motion(
            seconds=np.arange(n) / 30.0,
            valid=valid,
            expression=frames(4),
            names=("blinkLeft", "blinkRight", "smileLeft", "smileRight"),
            jaw=frames(3),
            rotation=frames(3),
            translation=frames(3),
        ),
        shape=rng.normal(size=5).astype(np.float32),
        shape_chunks=rng.normal(size=(n // 30, 5)).astype(np.float32),
        shape_chunk_seconds=np.arange(n // 30) + 0.5,
        error_px=frames(1)[:, 0],
        face_px=frames(1)[:, 0] + 200,
        info=SessionInfo(head_id=head_id, source=source, fps=30.0, width=640),
    )


@pytest.fixture(scope="session")
def make_session() -> Callable[..., Session]:
    """Makes a session of two seconds; see `_made_session` for what may be chosen."""
    return _made_session
