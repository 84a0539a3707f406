"""Log entries without the names of files: what happened where in the program, and to nothing."""

from __future__ import annotations

import logging
import traceback


class NamelessFormatter(logging.Formatter):
    """An entry's words without what was put into them, and a fault without its sentences."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The entry as it stands in the program's text."""
        bare = logging.makeLogRecord({**record.__dict__, "args": None, "stack_info": None})
        bare.exc_text = None
        return super().format(bare)

    def formatException(self, ei: object) -> str:  # noqa: N802
        """The kinds of the errors, each caused by the next, and where they were raised."""
        error = ei[1] if isinstance(ei, tuple) else None
        lines: list[str] = []
        while error is not None:
            lines += [type(error).__name__, *traceback.format_tb(error.__traceback__)]
            error = error.__cause__ or error.__context__
        return "\n".join(line.rstrip() for line in lines)


def leave_out_names() -> None:
    """Let no file of the log name a file from now on, as long as this process lives."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            handler.setFormatter(NamelessFormatter())
