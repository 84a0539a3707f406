"""Connection to a Ray cluster: looked for within seconds, and nothing told to anybody else."""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from facedyn_app.errors import InputError

AUTO: Final = "auto"
ANSWER_SECONDS: Final = 5.0
"""For so long an address is waited for, s."""
_CURRENT: Final = Path("/tmp/ray/ray_current_cluster")
_QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_gcs_server_request_timeout_seconds": "10",
    "RAY_gcs_rpc_server_connect_timeout_s": "5",
}
"""Nothing is reported to Ray's makers, and what does not answer is not waited for by the minute."""
_SETTINGS: Final = b"\0\0\0\4\0\0\0\0\0"
_GREETING: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _SETTINGS
"""How a client of HTTP/2, which Ray's services speak, begins; they answer with settings of theirs
(RFC 9113, section 3.4)."""
_HINT: Final = (
    "Start one with 'ray start --head --include-dashboard=false --disable-usage-stats', or name "
    "another address."
)

log = logging.getLogger(__name__)


def import_ray() -> Any:
    """The module ray, told to report nothing.

    Raises:
        InputError: It is not installed.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise InputError(
            f"Ray, which --engine ray works with, cannot be loaded: {error}.",
            "Install it with \"pip install 'facedyn-app[cluster]'\", or use --engine local.",
        ) from error
    return ray


def connect(address: str) -> Any:
    """Connect to a cluster; gives the module ray.

    Args:
        address: HOST:PORT, or "auto" for the cluster that this machine belongs to.

    Raises:
        InputError: None answers there, or none of these versions.
    """
    ray = import_ray()
    address = _current_address() if address == AUTO else address
    _check_answer(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        first = re.sub(r"\s+", " ", str(error)).strip().rstrip(".")[:300]
        raise InputError(f"The Ray cluster at '{address}' cannot be used: {first}.") from error
    _keep_stderr_clear()
    return ray


def _keep_stderr_clear() -> None:
    """Have Ray tell of each worker that is lost in the program's log, not by the page on stderr."""
    from ray._private import worker

    def note(data: Mapping[str, Any], *_further: Any, **_named: Any) -> None:
        log.info("ray: %s", " ".join(map(str, data.get("lines", ())))[:1000])

    worker.print_to_stdstream = note


def _current_address() -> str:
    address = os.environ.get("RAY_ADDRESS", "")
    noted = Path(os.environ.get("RAY_TMPDIR", "/tmp"), "ray", "ray_current_cluster")
    if not address and noted.is_file():
        address = noted.read_text(encoding="utf-8", errors="replace").strip()
    if not address:
        raise InputError("This machine belongs to no Ray cluster.", _HINT)
    return address


def _check_answer(address: str) -> None:
    """Make sure that somebody listens at an address: Ray itself would wait for minutes.

    Raises:
        InputError: Nobody does, or it is no address.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise InputError(
            f"'{address}' is no address of a Ray cluster.", "Write HOST:PORT, or auto."
        )
    try:
        with socket.create_connection((host, int(port)), ANSWER_SECONDS) as opened:
            opened.sendall(_GREETING)
            answer = opened.recv(len(_SETTINGS), socket.MSG_WAITALL)
    except OSError as error:
        reason = error.strerror or "there is no answer"
        raise InputError(f"No Ray cluster answers at '{address}': {reason}.", _HINT) from error
    if answer[3:4] != _SETTINGS[3:4] and os.environ.get("RAY_USE_TLS") != "1":
        raise InputError(f"What answers at '{address}' is no Ray cluster.", _HINT)
