"""Keep the runtime's start-up notices off the user's screen, and nothing else."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

# LiteRT, and MediaPipe where it is measured against, write these from C++ when a model is loaded;
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
