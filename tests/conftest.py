"""What all tests share: the leak check, tiny synthetic material, and the folder of real data."""

from __future__ import annotations

import gc
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.model import HeadModel, LandmarkEmbedding
from facedyn_app.library.protection.held import lock_all
from facedyn_app.records import ByteArray
from facedyn_app.video import read_frames, write_video

if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# as facedyn_app.__main__ does it: OpenMP's threads shall not wait busily on a loaded machine
os.environ.setdefault("GOMP_SPINCOUNT", "2000")

VIDEO_WIDTH, VIDEO_HEIGHT, VIDEO_FPS, VIDEO_FRAMES = 96, 64, 25, 30
SQUARE = 16


def _running_threads() -> set[threading.Thread]:
    """Threads started through `threading`; threads of Qt appear as dummies and never leave."""
    return {
        thread
        for thread in threading.enumerate()
        if thread.is_alive() and not isinstance(thread, threading._DummyThread)
    }


def _top_level_widgets() -> dict[int, str]:
    """Address and class of every top-level widget."""
    widgets: Any = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return {}
    shown = widgets.QApplication.topLevelWidgets()
    return {id(widget): f"{type(widget).__name__} {widget.objectName()!r}" for widget in shown}


def _sweep_out_widgets() -> None:
    """Let deleted widgets go; half a second late in the suite, so only where some are left."""
    core: Any = sys.modules["PySide6.QtCore"]
    gc.collect()
    core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)


@pytest.fixture(autouse=True)
def _no_leak() -> Iterator[None]:
    """Fail a test that leaves a thread, a pool job or a top-level widget behind."""
    threads = _running_threads()
    widgets = set(_top_level_widgets())
    yield
    left = _running_threads() - threads
    for thread in left:
        thread.join(timeout=2.0)
    running = sorted(thread.name for thread in left if thread.is_alive())
    assert not running, f"the test left threads running: {running}"
    core: Any = sys.modules.get("PySide6.QtCore")
    if core is not None:
        assert core.QThreadPool.globalInstance().activeThreadCount() == 0
    if _top_level_widgets().keys() - widgets:
        _sweep_out_widgets()
    open_widgets = [name for key, name in _top_level_widgets().items() if key not in widgets]
    assert not open_widgets, f"the test left top-level widgets: {open_widgets}"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the checkout; the test is skipped where there is none."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data" / "videos").is_dir():
        pytest.skip("the folder ../shared with the real recordings is absent")
    return folder


@pytest.fixture(scope="session")
def simcorpus(shared: Path) -> Iterator[Any]:
    """The module that makes the simulated corpus; the test is skipped where it is absent."""
    script = shared / "simcorpus" / "simcorpus.py"
    if not script.is_file():
        pytest.skip("the simulated corpus is absent from ../shared")
    spec = importlib.util.spec_from_file_location("simcorpus", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["simcorpus"] = module  # its dataclass looks itself up by this name
    spec.loader.exec_module(module)
    yield module
    del sys.modules["simcorpus"]


@pytest.fixture(scope="session")
def several_faces(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of 40 frames, 25 frames/s: two faces all the time, a third for ten frames."""
    path = tmp_path_factory.mktemp("faces") / "several.mp4"
    videos = [read_frames(shared / f"data/videos/talk_{name}.mp4") for name in "abc"]

    def pictures() -> Iterator[ByteArray]:
        for index, parts in enumerate(islice(zip(*videos, strict=False), 40)):
            images = [part.image[::2, ::2] for part in parts]
            if not 15 <= index < 25:
                images[2] = np.full_like(images[2], 90)
            yield np.hstack([image[: min(map(len, images))] for image in images])

    write_video(path, pictures(), 25.0)
    return path


@pytest.fixture(scope="session")
def head() -> HeadModel:
    """The head that comes with the program."""
    return load_head("open-head-2")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """torch computes on one thread in the tests of a module."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def square_left(index: int) -> int:
    """Left edge of the white square in frame `index` of `moving_video`, px."""
    return 2 * index


def moving_image(index: int) -> ByteArray:
    """Frame `index` of `moving_video`: a white square on grey, 2 px further right each frame."""
    image = np.full((VIDEO_HEIGHT, VIDEO_WIDTH, 3), 60, dtype=np.uint8)
    left = square_left(index)
    image[24 : 24 + SQUARE, left : left + SQUARE] = 255
    return image


@pytest.fixture(scope="session")
def moving_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of 30 frames, 96x64, 25 frames/s, keyframes every 10 frames (`moving_image`)."""
    path = tmp_path_factory.mktemp("video") / "moving.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=VIDEO_FPS)
        stream.width, stream.height = VIDEO_WIDTH, VIDEO_HEIGHT
        stream.pix_fmt, stream.bit_rate, stream.gop_size = "yuv420p", 2_000_000, 10
        for index in range(VIDEO_FRAMES):
            frame = av.VideoFrame.from_ndarray(moving_image(index), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _ellipsoid(n_around: int, n_rings: int) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (V, 3) of a head-sized ellipsoid, m, and its triangles seen from outside."""
    polar = np.pi * np.arange(1, n_rings + 1) / (n_rings + 1)
    around = 2 * np.pi * np.arange(n_around) / n_around
    ring = np.stack(
        [
            np.sin(polar)[:, None] * np.sin(around),
            np.repeat(np.cos(polar)[:, None], n_around, axis=1),
            np.sin(polar)[:, None] * np.cos(around),
        ],
        axis=-1,
    ).reshape(-1, 3)
    unit = np.concatenate([ring, [[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]]])
    top, bottom = len(ring), len(ring) + 1
    faces = []
    for j in range(n_around):
        k = (j + 1) % n_around
        faces.append((top, j, k))
        for i in range(n_rings - 1):
            a, b = i * n_around, (i + 1) * n_around
            faces += [(a + j, b + j, b + k), (a + j, b + k, a + k)]
        last = (n_rings - 1) * n_around
        faces.append((bottom, last + k, last + j))
    return unit * np.array([0.075, 0.11, 0.09]), np.array(faces, dtype=np.int32)


@pytest.fixture(scope="session")
def tiny_head() -> HeadModel:
    """A head of FLAME's kind: 62 vertices, 3 shapes, 4 expressions, 5 joints, landmarks."""
    v, faces = _ellipsoid(10, 6)
    n = len(v)
    x, y, z = (v / 0.1).T
    lower = 1 / (1 + np.exp(12 * (y + 0.3))) * (z > 0)
    zero = np.zeros(n)
    shapedirs = 0.004 * np.stack(
        [
            np.stack([x, zero, zero], 1),
            np.stack([zero, y, 0.3 * z * y], 1),
            np.stack([zero, 0.2 * x**2, z], 1),
        ],
        axis=2,
    )
    exprdirs = 0.01 * np.stack(
        [
            np.stack([zero, -np.exp(-8 * ((x - side) ** 2 + (y - 0.3) ** 2)) * (z > 0), zero], 1)
            for side in (0.35, -0.35)
        ]
        + [
            np.stack([side * lower, lower, -0.5 * lower], 1) * (side * x > 0)[:, None]
            for side in (1.0, -1.0)
        ],
        axis=2,
    )
    centres = np.array(
        [[0, -0.1, -0.03], [0, -0.06, -0.02], [0, 0, 0.01], [0.03, 0.03, 0.06], [-0.03, 0.03, 0.06]]
    )
    distance = np.linalg.norm(v[None] - centres[:, None], axis=2)
    J_regressor = np.exp(-((distance / 0.05) ** 2))
    weights = np.zeros((n, 5))
    weights[:, 2] = lower
    weights[:, 1] = 1 - lower
    centroid_z = v[faces].mean(axis=1)[:, 2]
    front = np.flatnonzero(centroid_z > 0.02)
    return HeadModel(
        head_id="tiny-head",
        v_template=v,
        faces=faces,
        shapedirs=shapedirs,
        exprdirs=exprdirs,
        posedirs=1e-4 * np.random.default_rng(0).normal(size=(n, 3, 36)),
        J_regressor=J_regressor / J_regressor.sum(axis=1, keepdims=True),
        parents=np.array([-1, 0, 1, 1, 1]),
        weights=weights,
        expression_names=("eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight"),
        joint_names=("root", "neck", "jaw", "left_eye", "right_eye"),
        activations=True,
        landmarks=LandmarkEmbedding(
            index=np.arange(len(front)) * 10,
            face=front,
            bary=np.full((len(front), 3), 1 / 3),
            weight=np.ones(len(front)),
        ),
        meta={"family": "made", "licence": "Apache-2.0", "origin": "tests", "simulated": True},
    )


@pytest.fixture
def no_keys_held() -> Iterator[None]:
    """No keys of protected libraries in memory, before the test and after it."""
    lock_all()
    yield
    lock_all()


@pytest.fixture(autouse=True)
def _signals_as_in_the_foreground() -> Iterator[None]:
    """Ctrl+C works in every test, also where a shell runs the tests in the background."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
