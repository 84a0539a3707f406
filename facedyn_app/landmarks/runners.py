"""Runners of a network: LiteRT on the processor, where it is quickest, torch on any device."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from typing import IO, Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

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
