"""The three networks of the landmarker's bundle: LiteRT runs them on the CPU, torch anywhere."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from facedyn_app.assets import model_file
from facedyn_app.device import THREADS_VARIABLE, n_cores
from facedyn_app.errors import InputError
from facedyn_app.records import N_BLENDSHAPES, N_LANDMARKS, ByteArray, FloatArray
from facedyn_app.topology import NOSE_BRIDGE, RINGS

FloatInput = npt.NDArray[np.float32]
# glibc gives a freed block that is larger than any before back to the system, and the next one
# comes in pages that are cleared one by one, which costs a fifth of the time. Having freed one of
# this size, it keeps what is smaller.
_KEPT_BYTES = 31 << 20
# LiteRT and MediaPipe write these from C++ when a model is loaded;
# they have no setting that keeps them quiet.
_NOTICES = (
    b"All log messages before absl::InitializeLog()",
    b"Sets FaceBlendshapesGraph acceleration to xnnpack",
    b"Created TensorFlow Lite XNNPACK delegate for CPU",
    b"Feedback manager requires a model with a single signature",
    b"Successfully initialized EGL",
    b"GL version: ",
)
_STDERR = 2
_lock = threading.Lock()
MODEL = "face_landmarker.task"
_FILES = ("face_detector", "face_landmarks_detector", "face_blendshapes")
# The points that the network of blendshape scores is given, in order of their numbers.
_SCORED = sorted({1, 8, 468, 473, *NOSE_BRIDGE, *(n for ring in RINGS.values() for n in ring)})
_MOST_WORKERS = 8


class Runner(Protocol):
    """Runs a network; may be called from several threads."""

    def __call__(self, batch: FloatInput) -> list[FloatInput]:
        """The outputs in the file's order, (N, ...) each, for an input (N, ...)."""


class TorchRunner:
    """Runs a network in torch, a whole batch at once.

    Args:
        data: The bytes of a `.tflite` file.
        name: What to call it in an error.
        device: Where to compute.

    Raises:
        InputError: The bytes are no model that is known here.
    """

    def __init__(self, data: bytes, name: str, device: torch.device) -> None:
        # the schema's 1,100 classes take 0.3 s to import, which the processor does without
        from facedyn_app.landmarks.network import GraphNetwork
        from facedyn_app.landmarks.tflite import read_graph

        torch.empty(_KEPT_BYTES, dtype=torch.uint8)  # freed at once
        self._network = GraphNetwork(read_graph(data, name)).to(device).eval()
        self._device = device

    @torch.inference_mode()
    def __call__(self, batch: FloatInput) -> list[FloatInput]:
        """See `Runner`."""
        outputs = self._network(torch.from_numpy(batch).to(self._device))
        return [output.cpu().numpy() for output in outputs]


class LiteRunner:
    """Runs a network on the processor with LiteRT, which computes its layers in one pass.

    Args:
        data: The bytes of a `.tflite` file, whose sha256 was checked.
        n_threads: Calls that may run at the same time, each on one core.
    """

    def __init__(self, data: bytes, n_threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._free: SimpleQueue[Any] = SimpleQueue()
        with known_notices_removed():
            for _ in range(n_threads):
                interpreter = Interpreter(model_content=data, num_threads=1)
                interpreter.allocate_tensors()
                self._free.put(interpreter)
        self._input = interpreter.get_input_details()[0]["index"]
        self._outputs = [output["index"] for output in interpreter.get_output_details()]

    def __call__(self, batch: FloatInput) -> list[FloatInput]:
        """See `Runner`."""
        interpreter = self._free.get()
        try:
            rows = [self._one(interpreter, picture[None]) for picture in batch]
        finally:
            self._free.put(interpreter)
        return [np.stack(output) for output in zip(*rows, strict=True)]

    def _one(self, interpreter: Any, given: FloatInput) -> list[FloatInput]:
        interpreter.set_tensor(self._input, given)
        interpreter.invoke()
        return [interpreter.get_tensor(index) for index in self._outputs]


@contextmanager
def known_notices_removed() -> Iterator[None]:
    """Take the known notices out of what is written to the error stream meanwhile.

    Everything else comes out, in order, when the context ends. Where the process has no error
    stream, nothing is done.
    """
    with _lock, ExitStack() as stack:
        try:
            saved = os.dup(_STDERR)
        except OSError:
            yield
            return
        stack.callback(os.close, saved)
        caught = stack.enter_context(tempfile.TemporaryFile())
        _flush()
        os.dup2(caught.fileno(), _STDERR)
        try:
            yield
        finally:
            _flush()
            os.dup2(saved, _STDERR)
            _pass_on(caught)


def _pass_on(caught: IO[bytes]) -> None:
    caught.seek(0)
    for line in caught:
        if not any(notice in line for notice in _NOTICES):
            os.write(_STDERR, line)


def _flush() -> None:
    if sys.stderr is not None and not sys.stderr.closed:
        sys.stderr.flush()


def n_workers(device: torch.device) -> int:
    """Threads that are worth having on a device: one a core of the processor, one for a GPU.

    `OMP_NUM_THREADS` says that it shall be fewer, as it does for torch.
    """
    if device.type != "cpu":
        return 1
    said = os.environ.get(THREADS_VARIABLE, "")
    most = int(said) if said.isdecimal() and int(said) else _MOST_WORKERS
    return min(n_cores(), most, _MOST_WORKERS)


def bundled(name: str) -> bytes:
    """The bytes of a file in the landmarker's bundle.

    Raises:
        InputError: The bundle is missing or damaged, or holds no such file.
    """
    path = model_file(MODEL)
    try:
        with zipfile.ZipFile(path) as bundle:
            return bundle.read(name)
    except (KeyError, zipfile.BadZipFile) as error:
        raise InputError(f"The file '{path}' holds no '{name}'.") from error


class FaceModels:
    """The networks: where faces are, where their points are, what their actions score.

    They may be used from `n_workers(device)` threads at the same time.

    Args:
        device: Where to compute.

    Attributes:
        device: As given.
        runtime: What computes: "LiteRT" on a processor, else "torch".

    Raises:
        InputError: The bundle is missing or damaged.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.runtime = "LiteRT" if device.type == "cpu" else "torch"
        self._detector, self._points, self._scores = (self._runner(name) for name in _FILES)

    def _runner(self, name: str) -> Runner:
        data = bundled(f"{name}.tflite")
        if self.runtime == "LiteRT":
            return LiteRunner(data, n_workers(self.device))
        return TorchRunner(data, name, self.device)

    def points(self, crops: Sequence[ByteArray]) -> tuple[FloatArray, FloatArray]:
        """Points and certainty of the faces in crops.

        Args:
            crops: N (256, 256, 3) uint8 RGB pictures.

        Returns:
            (N, L, 3) float32 positions in the crops, px, the third a depth, smaller towards the
            camera, and (N,) how surely each crop shows a face, 0..1.
        """
        flat, sure, _ = self._points(_shades(crops, 0.0, 1 / 255))
        certainty = 1.0 / (1.0 + np.exp(-sure.reshape(-1).astype(np.float64)))
        return flat.reshape(len(crops), N_LANDMARKS, 3), certainty

    def scores(self, points: FloatArray) -> FloatArray:
        """The blendshape scores (N, A) float32, 0..1, of faces with points (N, L, 2), px."""
        (scores,) = self._scores(np.ascontiguousarray(points[:, _SCORED], dtype=np.float32))
        return scores.reshape(-1, N_BLENDSHAPES)

    def detections(self, pictures: Sequence[ByteArray]) -> tuple[FloatArray, FloatArray]:
        """What the detector says, not decoded.

        Args:
            pictures: N (128, 128, 3) uint8 RGB pictures.

        Returns:
            (N, 896, 16) float32 boxes and key points against the detector's grid, px, and
            (N, 896) float32 logits.
        """
        places, logits = self._detector(_shades(pictures, -1.0, 2 / 255))
        n = len(pictures)
        return places.reshape(n, -1, 16), logits.reshape(n, -1)


def _shades(pictures: Sequence[ByteArray], low: float, step: float) -> FloatInput:
    """(N, H, W, 3) float32: `low` for black, a `step` for each of 255 shades."""
    shades = np.stack(pictures).astype(np.float32)
    shades *= np.float32(step)
    if low:
        shades += np.float32(low)
    return shades
