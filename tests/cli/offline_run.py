"""Every verb of the command line run where sockets are refused; as a process of its own.

A filter of system calls (seccomp, Linux) ends whoever asks for a socket other than a local one, be
it Python, Qt or a library in C: the process dies of SIGSYS. Verbs that take minutes are ended after
some seconds, or run to their end with `whole`.

    python -m tests.cli.offline_run FOLDER RECOGNIZER cut|whole
"""

from __future__ import annotations

import ctypes
import json
import os
import pkgutil
import platform
import shutil
import signal
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

SYSTEM_CALLS = {"x86_64": (0xC000003E, 41, 425), "aarch64": (0xC00000B7, 198, 425)}
"""Of each machine: its number for the filter, those of `socket` and of `io_uring_setup`."""
AF_UNIX = 1
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUALS, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
CUT_SECONDS = 2.5
CONSENT = ("--consent", "consent of all, for this test")


def refuse_sockets() -> None:
    """End this process, and all that it starts, at the first socket that is not a local one.

    Raises:
        OSError: The system does not let it.
    """
    machine, socket, ring = SYSTEM_CALLS[platform.machine()]
    program = [
        (_LOAD, 0, 0, 4),  # the machine
        (_EQUALS, 0, 5, machine),
        (_LOAD, 0, 0, 0),  # the number of the call
        (_EQUALS, 3, 0, ring),
        (_EQUALS, 0, 3, socket),
        (_LOAD, 0, 0, 16),  # its first argument, the family
        (_EQUALS, 1, 0, AF_UNIX),
        (_RETURN, 0, 0, _KILL),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    lines = ctypes.create_string_buffer(code, len(code))
    whole = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program), ctypes.addressof(lines))
    )
    system = ctypes.CDLL(None, use_errno=True)
    for call in ((_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (_SECCOMP, _FILTER, whole, 0, 0)):
        if system.prctl(*call) != 0:
            raise OSError(ctypes.get_errno(), "the system does not refuse sockets")


@dataclass(frozen=True)
class Row:
    """A verb with arguments and how it ends; `cut` where it takes minutes, or never ends."""

    verb: str
    arguments: tuple[object, ...]
    cut: bool = False
    endless: bool = False
    code: int = 0

    @property
    def named(self) -> tuple[str, ...]:
        """The verb, with the verb below it where it is a group."""
        below = self.arguments[:1] if (self.verb, *self.arguments[:1]) in all_verbs() else ()
        return (self.verb, *map(str, below))


def all_verbs() -> set[tuple[str, ...]]:
    """Every verb of the command line, and each below a group, as the program lists them."""
    import typer

    from facedyn_app.cli.app import MODULES, VERBS

    found: set[tuple[str, ...]] = set()
    for verb in VERBS:
        module: Any = import_module(f"facedyn_app.cli.{MODULES.get(verb, verb)}")
        command: Any = typer.main.get_command(module.app)
        below = command.list_commands(None) if hasattr(command, "list_commands") else []
        found |= {(verb, name) for name in below} or {(verb,)}
        if below and getattr(command, "invoke_without_command", False):
            found.add((verb,))
    return found


def rows(folder: Path, recognizer: Path) -> list[Row]:
    """What is run, in this order; what one has written the next may read."""
    corpus, library, out = folder / "corpus", folder / "library", folder / "out"
    video, table, truth = folder / "video.mp4", folder / "table.csv", folder / "truth.csv"
    blinks = folder / "blinks.csv"
    to = ("--library", library)
    session = corpus / "speaker00000" / "session00.npz"
    probe = corpus / "speaker00001" / "session02.npz"
    head = "open-head-2"
    return [
        Row("import", (corpus, *to, *CONSENT)),
        Row("fit", (video, "-o", out / "fitted.npz")),
        Row("fit-corpus", (folder / "manifest.csv", "-o", out / "shard", "--workers", "1")),
        Row("corpus", ("status", out / "shard")),
        Row("merge", (out / "shard", "-o", out / "merged")),
        Row("enrol", ("Ada", out / "fitted.npz", *to, *CONSENT)),
        Row("convert", (table, "-o", out / "converted.npz")),
        Row("identify", (probe, *to, "--recognizer", recognizer)),
        Row("verify", ("speaker00001", probe, *to, "--recognizer", recognizer)),
        Row("dnr", to),
        Row("sessions", to),
        Row("sessions", ("date", "speaker00000", "session00", "2020-05-03", *to)),
        Row("speakers", ("list", *to)),
        Row("library", ("settings", "--file-names", *to)),
        Row("speakers", ("consent", "Ada", "--until", "2900-12-31", *to)),
        Row("speakers", ("expired", *to)),
        Row("speakers", ("tag", "Ada", "friend", *to)),
        Row("speakers", ("note", "Ada", "seen twice", *to)),
        Row("speakers", ("move", "Ada/video", "speaker00000", *to)),
        Row("speakers", ("rename", "speaker00000", "Bo", *to)),
        Row("export", (session, "-o", out / "table.csv")),
        Row("export", (session, "-o", out / "motion.glb", "--layout", "glb")),
        Row("export", (to[1], "-o", out / "bids", "--layout", "bids")),
        Row("export", (to[1], "-o", out / "store", "--layout", "tracks")),
        Row("report", ("--speaker", "Bo", *to, "-o", out / "page.html")),
        Row("report", (session, "-o", out / "page.pdf", "--clinical")),
        Row("measure", (session, probe, "--report", out / "course.html")),
        Row("recognizers", ("add", recognizer, *to)),
        Row("recognizers", ("use", recognizer.name, *to)),
        Row("recognizers", to),
        Row("evaluate", (recognizer, *to, "--gru-minutes", "0"), cut=True),
        Row("calibrate", (recognizer, *to, "-o", out / "calibrated"), cut=True),
        Row("study", (recognizer, *to, "-o", out / "study", "--gru-minutes", "0"), cut=True),
        # not among the library's own: what is cut there stands in the way of its protection
        Row("train", (*to, "-o", out / "mine", "--steps", "2"), cut=True),
        Row("queue", ("list", *to)),
        Row("queue", ("run", *to)),
        Row("queue", ("retry", *to)),
        Row("queue", ("cancel", *to)),
        Row("queue", ("clear", *to)),
        Row("train", ("--library", out / "store", "-o", out / "stored", "--steps", "2"), cut=True),
        Row("library", ("check", *to)),
        Row("library", ("relink", folder, *to)),
        Row("audit", ("list", *to)),
        Row("audit", ("verify", *to)),
        Row("backup", (*to, "-o", out / "library.backup")),
        Row("restore", (out / "library.backup", "--library", out / "restored")),
        Row("library", ("protect", *to)),
        Row("library", ("rekey", *to)),
        Row("library", ("recovery", *to)),
        Row("library", ("passphrase", *to, "--new-passphrase-file", folder / "new passphrase")),
        Row("library", ("unprotect", *to, "--passphrase-file", folder / "new passphrase")),
        Row("events", ("list", out / "fitted.npz")),
        Row("events", ("export", out / "fitted.npz", "-o", out / "events.eaf")),
        Row("events", ("import", out / "fitted.npz", out / "events.eaf")),
        Row("protocols", ()),
        Row("protocols", ("show", "facial-tasks")),
        Row("speakers", ("export", "Bo", *to, "-o", out / "bo.speakers")),
        Row("speakers", ("import", out / "bo.speakers", "--library", folder / "demo library")),
        Row("speakers", ("merge", "speaker00002", "Bo", *to)),
        Row("speakers", ("forget", "Bo", *to, "--yes")),
        Row("speakers", ("forget", "--expired", *to, "--yes")),
        Row("simulate", (out / "simulated", "--speakers", "2", "--seconds", "5")),
        Row("heads", ()),
        Row("heads", ("show", head, "-o", out / "head.png")),
        Row("heads", ("landmarks", head, "-o", out / "points.png")),
        Row("heads", ("mesh", head, "-o", out / "head.obj")),
        Row("heads", ("measure", head), code=3),
        Row("heads", ("forget", "nobody's"), code=3),
        Row("selftest", (), cut=True),
        Row("demo", ("--headless", "--library", folder / "demo"), cut=True),
        Row("gui", (video, *to), cut=True, endless=True),
        Row("bench", ("accuracy", "--quick", "--work", folder / "work"), cut=True),
        Row("bench", ("clinical", "--work", folder / "work"), cut=True),
        Row("bench", ("fit", "--quick"), cut=True),
        Row("bench", ("landmarks", "--quick", "--work", folder / "work"), cut=True),
        Row("bench", ("live", "--video", video, "--work", folder / "work"), cut=True),
        Row("bench", ("memory", "--minutes", "1"), cut=True),
        Row("bench", ("mirror", video), cut=True),
        Row("bench", ("skin", video), cut=True),
        Row("bench", ("blinks", blinks, out / "fitted.npz")),
        Row("bench", ("protection", "--sessions", "60", "--seconds", "5")),
        Row("bench", ("repeat", session)),
        Row("bench", ("realism", corpus), cut=True),
        Row("bench", ("recognizer",), cut=True),
        Row("bench", ("scale", "--quick"), cut=True),
        Row("bench", ("all", "--quick", "-o", out / "bench.html"), cut=True),
        Row("bench", ("truth", video, truth), cut=True),
        Row("bench", ("window", "--seconds", "1"), cut=True),
    ]


def prepare(folder: Path) -> None:
    """Sessions of simulated speakers, a video, another program's table, a table of true motion."""
    from facedyn_app.library.session_file import save_session
    from facedyn_app.simulate.corpus import write_corpus
    from facedyn_app.video import read_frames, write_video
    from facedyn_app.workflows.demo import demo_videos

    (folder / "out").mkdir()
    (folder / "new passphrase").write_text("eight dry parasols\n")
    os.environ["FACEDYN_PASSPHRASE"] = "seven wet umbrellas"
    write_corpus(folder / "corpus", 3, 3, 12.0, save_session)
    images = (frame.image for frame in islice(read_frames(demo_videos()[0].path), 45))
    write_video(folder / "video.mp4", images, 30.0)
    lines = [f"{k / 30:.6f},{0.5 + 0.4 * (k % 7) / 7:.3f},{0.1 * (k % 5):.2f}" for k in range(45)]
    head = "seconds,jawOpen,mouthSmileLeft"
    (folder / "truth.csv").write_text("\n".join([head, *lines]))
    shutil.copy(folder / "truth.csv", folder / "table.csv")
    head = "video,first_frame,closed_frame,last_frame,kind,closure"
    (folder / "manifest.csv").write_text("path,speaker\nvideo.mp4,Ada\n")
    (folder / "blinks.csv").write_text(f"{head}\nvideo.mp4,5,6,8,blink,complete\n")


def run(row: Row, seconds: float | None, told: Path) -> dict[str, Any]:
    """How a verb ended: its exit code, or the signal that ended it; None where it was cut."""
    number = os.fork()
    if not number:
        handle = os.open(told, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        sys.argv = ["facedyn", row.verb, *map(str, row.arguments)]
        from facedyn_app.__main__ import main

        code = 1
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            sys.stdout.flush()
            os._exit(code)
    until = None if seconds is None else time.monotonic() + seconds
    found, status = os.waitpid(number, os.WNOHANG)
    while not found and (until is None or time.monotonic() < until):
        time.sleep(0.05)
        found, status = os.waitpid(number, os.WNOHANG)
    ended = os.waitstatus_to_exitcode(status) if found else None
    if not found:
        os.kill(number, signal.SIGKILL)
        os.waitpid(number, 0)
    text = told.read_text(errors="replace")[-600:]
    return {"verb": row.named, "code": ended, "expected": row.code, "cut": row.cut, "text": text}


def ends(act: Callable[[], object]) -> int:
    """The exit code, or minus the signal, of a process that does one thing."""
    number = os.fork()
    if not number:
        act()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def main(folder: Path, recognizer: Path, whole: bool) -> dict[str, Any]:
    import socket

    try:
        refuse_sockets()
    except (OSError, KeyError) as error:
        return {"refused": f"{type(error).__name__}: {error}"}
    from facedyn_app import workflows

    guarded = {
        "local": ends(lambda: socket.socket(socket.AF_UNIX)),
        "internet": ends(lambda: socket.socket(socket.AF_INET)),
        "internet 6": ends(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)),
    }
    for module in pkgutil.iter_modules(workflows.__path__):  # before the forks, so that these work
        import_module(f"{workflows.__name__}.{module.name}")
    prepare(folder)
    found = []
    for row in rows(folder, recognizer):
        cut = CUT_SECONDS if row.cut and (row.endless or not whole) else None
        found.append(run(row, cut, folder / "told.txt"))
    verbs = sorted(all_verbs())
    return {"refused": "", "guarded": guarded, "rows": found, "verbs": verbs}


if __name__ == "__main__":
    arguments = (Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "whole")
    print(json.dumps(main(*arguments)))  # noqa: T201
