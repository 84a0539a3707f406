"""Reads damaged inputs, each in a process of its own with limits: a line of JSON for each.

Started as `python tests/fuzz/run_readers.py CASES`, a file of JSON lines `{"reader", "path"}`.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.errors import FacedynError
from facedyn_app.headmodel.files.io import load_head
from facedyn_app.headmodel.files.known_heads import KnownHeads
from facedyn_app.library.importers import Layout
from facedyn_app.library.library import Library
from facedyn_app.library.recognizers import list_recognizers
from facedyn_app.library.records import in_order
from facedyn_app.library.session_file import write_session
from facedyn_app.path_checks import naming
from facedyn_app.progress import ignore
from facedyn_app.recognizer.files import load_recognizer
from facedyn_app.records import Session
from facedyn_app.settings_file import read_settings
from facedyn_app.workflows.import_ import import_folder
from facedyn_app.workflows.options import FitOptions, ImportStatement
from facedyn_app.workflows.recordings import read_kept

OPTIONS = FitOptions(head="open-head-2")
LONGEST_S, MOST_BYTES, LIMIT_BYTES = 60.0, 2 * 2**30, 3 * 2**30


def use(session: Session, folder: Path, speaker: str) -> None:
    """Whatever is accepted can be written again, enrolled and listed."""
    write_session(session, BytesIO())
    with np.errstate(all="raise"), Library.open(folder / "use") as library:
        library.enrol(speaker, session, "given")
        _list(library)


def _list(library: Library) -> None:
    library.speakers()
    for entry in in_order(library.sessions()):
        json.dumps([entry.date_words, entry.name, entry.n_frames + 0, entry.seconds + 0.0])
        library.load(entry)
    library.gallery("tiny-head")
    library.audit.lines()
    library.audit.check()
    list_recognizers(library)


def read_recording(path: Path) -> None:
    with naming(path):
        for k, session in enumerate(read_kept([path])):
            use(session, path.parent, f"Ada {k}")


def read_library(path: Path) -> None:
    with Library.open(path, create=False) as library:
        errors = []
        for step in (
            lambda: _list(library),
            lambda: library.set_setting("recognizer", ""),
            lambda: library.audit.record("identify", "x"),
            lambda: [library.add_session(library.load(one)) for one in library.sessions()[:1]],
            lambda: library.forget("Ben"),
        ):
            try:
                step()
            except FacedynError as error:
                errors.append(error)
        if errors:
            raise errors[0]


def read_recognizer(path: Path) -> None:
    recognizer = load_recognizer(path)
    names = recognizer.expression_names
    rng = np.random.default_rng(0)
    n = 500
    from tests.sessions import resting_session

    session = resting_session(
        np.arange(n) / 25.0,
        expression=rng.uniform(size=(n, len(names))).astype(np.float32),
        names=names,
        head_id=recognizer.head_id,
    )
    embedding = recognizer.embed(session)
    if not np.isfinite(embedding.vectors).all():
        raise ArithmeticError("an embedding that is not finite")


def read_corpus(path: Path) -> None:
    statement = ImportStatement(consent="given", permission="given")
    found = import_folder(
        path,
        path.parent / "library",
        Layout.AUTO,
        statement,
        OPTIONS,
        ignore,
    )
    json.dumps([str(one) for one in found.left_out])
    if found.n_added < 2:
        raise ArithmeticError(f"good recordings were lost: {found.n_added} of 2")
    with Library.open(path.parent / "library") as library:
        _list(library)


def read_candor(path: Path) -> None:
    statement = ImportStatement(consent="given", permission="given")
    import_folder(
        path,
        path.parent / "library",
        Layout.CANDOR,
        statement,
        OPTIONS,
        ignore,
    )


READERS: dict[str, Callable[[Path], Any]] = {
    "session": read_recording,
    "track": read_recording,
    "head": load_head,
    "recognizer": read_recognizer,
    "library": read_library,
    "settings": read_settings,
    "known_heads": lambda path: KnownHeads(path.parent).entries(),
    "import": read_corpus,
    "candor": read_candor,
}


def outcome(reader: str, path: Path) -> tuple[str, str]:
    """ "good", "refused" or "fault", and what was said."""
    try:
        READERS[reader](path)
    except FacedynError as error:
        return "refused", error.sentence
    except BaseException as error:  # noqa: BLE001 (of every kind, to be told)
        last = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in last if "facedyn_app" in frame.filename] or last
        place = f"{Path(own[-1].filename).name}:{own[-1].name}"
        return "fault", f"{type(error).__name__} {str(error)[:120]!r} in {place}"
    return "good", ""


def limited(reader: str, path: Path) -> dict[str, Any]:
    """The outcome in a child process with limits of time and memory."""
    read_end, write_end = os.pipe()
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        with open("/proc/self/statm", encoding="ascii") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + LIMIT_BYTES, taken + LIMIT_BYTES))
        what, words = outcome(reader, path)
        os.write(write_end, json.dumps([what, words[:3000]]).encode())
        os._exit(0)
    os.close(write_end)
    ready, _, _ = select.select([read_end], [], [], LONGEST_S)
    if not ready:
        os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    said = os.read(read_end, 2**16) if ready else b""
    os.close(read_end)
    if not ready:
        what, words = "fault", f"more than {LONGEST_S:g} s"
    elif not said:
        what, words = "fault", f"the process died ({status})"
    else:
        what, words = json.loads(said)
    peak = usage.ru_maxrss * 1024
    if peak > MOST_BYTES and what != "fault":
        what, words = "fault", f"{peak / 2**30:.1f} GB of memory"
    return {"outcome": what, "words": words, "peak": peak, "seconds": time.monotonic() - begun}


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    for case in cases:
        path = Path(os.fsdecode(bytes.fromhex(case["path"])))
        print(json.dumps({**case, **limited(case["reader"], path)}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
