"""Acts of the command line killed at random moments; run as a process of its own.

Forks, so that a kill falls into an act's work and not into the loading of modules. Each act is run
once to its end, to know how long it takes; then it is killed (SIGKILL) at a moment drawn from that
time, what is left is looked at, and the act is done again.

    python -m tests.cli.kill_run FOLDER SEED N_KILLS [sqlcipher|sealed]

With the last argument the library is protected, its keys and passphrase are changed among the acts,
and it must open with the old ones or the new after each kill.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

VARIABLE = "FACEDYN_PASSPHRASE"
PASSPHRASES = ("seven wet umbrellas", "eight dry parasols")
CONSENT = ("--consent", "consent of all, for this test")
N_SPEAKERS, N_SESSIONS, SECONDS = 4, 3, 12.0
OURS = (".part", ".old", ".lock", "-journal", ".new-keys")
"""Endings of what may stand in a folder only while an act runs."""


@dataclass
class Scene:
    """A library, what goes into it and comes out of it, and what has gone wrong."""

    folder: Path
    database: tuple[str, ...] = ()
    faults: list[str] = field(default_factory=list)
    swept: int = 0

    @property
    def library(self) -> Path:
        return self.folder / "library"

    @property
    def corpus(self) -> Path:
        return self.folder / "corpus"

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def passphrase_file(self) -> Path:
        """Has the other passphrase than the one that opens the library."""
        path = self.folder / "other"
        other = next(one for one in PASSPHRASES if one != os.environ[VARIABLE])
        path.write_text(f"{other}\n")
        return path

    def open_again(self) -> None:
        """Find out which passphrase opens the library, which is asked for anew."""
        from facedyn_app.library.protection.held import WrongPassphraseError, lock_all, unlock
        from facedyn_app.passphrase import ask_by

        lock_all()
        for one in PASSPHRASES:
            try:
                unlock(self.library, one)
            except WrongPassphraseError:
                continue
            os.environ[VARIABLE] = one
            ask_by(lambda _: os.environ[VARIABLE])
            lock_all()  # every process opens it by the passphrase
            return
        self.expect(False, "neither passphrase opens the library")

    def expect(self, holds: bool, what: str) -> None:
        if not holds:
            self.faults.append(what)


@dataclass
class Act:
    """A verb, how to come to the state before it, and what must hold after a kill.

    Its arguments begin with a function where the verb itself would take too long.
    """

    name: str
    arguments: Callable[[Scene], list[object]]
    before: Callable[[Scene], None]
    after: Callable[[Scene, set[tuple[str, str]]], None]
    seconds: float = 0.0


def child(arguments: list[object], answer: Path) -> int:
    """A new process that runs a verb; its number."""
    number = os.fork()
    if number:
        return number
    handle = os.open(answer, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    os.dup2(handle, 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.argv = ["facedyn", *map(str, arguments)]
    code = 1
    try:
        first = arguments[0]
        if callable(first):
            first()
        else:
            from facedyn_app.__main__ import main

            main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        os._exit(code)


def run(scene: Scene, *arguments: object, code: int | None = 0) -> dict[str, Any]:
    """A verb run to its end; its answer."""
    answer = scene.folder / "answer.json"
    _, status = os.waitpid(child([*arguments, "--json"], answer), 0)
    found = os.waitstatus_to_exitcode(status)
    text = answer.read_text()
    if code is not None:
        scene.expect(found == code, f"{arguments[:2]} ended with {found}: {text[:300]}")
    return dict(json.loads(text)) if text else {}


def train_small(scene: Scene) -> None:
    """A training of some seconds on the library, of the recognizer 'mine'."""
    from facedyn_app.progress import ignore
    from facedyn_app.recognizer.split import TestSessions
    from facedyn_app.settings import NetworkSettings, Settings, TrainSettings
    from facedyn_app.workflows.train import TrainingPlan, train_on_library

    settings = replace(
        Settings(),
        network=NetworkSettings(width=16, n_blocks=1, n_heads=2, embedding=16),
        train=TrainSettings(speakers_per_batch=4, max_steps=3, warmup_steps=1),
    )
    out = scene.library / "recognizers" / "mine"
    train_on_library(scene.library, out, settings, TrainingPlan(TestSessions(last=True)), ignore)


def sessions(scene: Scene) -> set[tuple[str, str]]:
    """Whose sessions the library has: speaker and content of the file that they came from."""
    from facedyn_app.library.library import Library

    with Library.open(scene.library, create=False) as library:
        return {(str(one.speaker), str(one.source_sha256)) for one in library.sessions()}


def leftovers(scene: Scene) -> list[str]:
    places = (scene.library, scene.out, Path(tempfile.gettempdir()))
    found = (path for place in places for path in place.rglob("*"))
    return sorted(str(path) for path in found if path.name.endswith(OURS))


def kill(scene: Scene, act: Act, rng: np.random.Generator) -> None:
    act.before(scene)
    before = sessions(scene)
    delay = float(rng.uniform(0.0, act.seconds))
    number = child([*act.arguments(scene), "--json"], scene.folder / "killed.json")
    time.sleep(delay)
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)
    n_left = len(leftovers(scene))
    scene.open_again()
    n_faults = len(scene.faults)
    checked = run(scene, "library", "check", "--library", scene.library, "--sweep", code=None)
    scene.swept += len(checked.get("swept", ()))
    scene.expect("sound" in checked, f"the library cannot be checked: {checked}")
    scene.expect(not checked.get("unreferenced"), f"of nobody: {checked.get('unreferenced')}")
    scene.expect(not checked.get("unfinished"), f"unfinished: {checked.get('unfinished')}")
    scene.expect(not checked.get("damaged"), f"damaged: {checked.get('damaged')}")
    running = run(scene, "queue", "list", "--library", scene.library)["counts"]["running"]
    scene.expect(running == 0, f"{running} items of the queue are in a dead program's hand")
    if act.name != "forget":
        scene.expect(checked.get("sound") is True, f"not sound: {checked}")
        scene.expect(before <= sessions(scene), "sessions from before are lost")
    act.after(scene, before)
    left = [path for path in leftovers(scene) if not path.endswith(".training")]
    scene.expect(not left, f"left: {left}")
    for k in range(n_faults, len(scene.faults)):
        told = f"{act.name} killed after {delay:.3f} of {act.seconds:.3f} s, {n_left} left: "
        scene.faults[k] = told + scene.faults[k]


def whole(scene: Scene) -> None:
    """Everybody is in the library."""
    run(scene, "import", scene.corpus, "--library", scene.library, *CONSENT)


def only_first(scene: Scene) -> None:
    """One speaker with one session is in the library."""
    shutil.rmtree(scene.library)
    if scene.database:
        shutil.copytree(scene.folder / "first", scene.library)
        scene.open_again()
    else:
        enrol_first(scene)


def enrol_first(scene: Scene) -> None:
    first = next(iter(sorted((scene.corpus / "speaker00000").iterdir())))
    run(scene, "enrol", "speaker00000", first, "--library", scene.library, *CONSENT)


def all_there(scene: Scene, _before: set[tuple[str, str]]) -> None:
    whole(scene)
    scene.expect(len(sessions(scene)) == N_SPEAKERS * N_SESSIONS, "the import does not go on")


def waits(scene: Scene) -> None:
    """All but one session wait in the queue, half of them in an order of their own."""
    from facedyn_app.library.library import Library
    from facedyn_app.library.work_rows import NewWork, WorkKind
    from facedyn_app.workflows.options import FitOptions, ImportStatement
    from facedyn_app.workflows.work_details import WorkDetails

    only_first(scene)
    details = WorkDetails(ImportStatement(CONSENT[1]), FitOptions(None)).text()
    works = [
        NewWork(WorkKind.READ, path.parent.name, path, path.stem)
        for path in sorted(scene.corpus.rglob("*.npz"))
    ]
    with Library.open(scene.library) as library:
        library.work.add(details, works[: len(works) // 2])
        for one in works[len(works) // 2 :]:
            library.work.add(details, [one])


def queue_done(scene: Scene, _before: set[tuple[str, str]]) -> None:
    """The queue is gone on with to its end."""
    told = run(scene, "queue", "run", "--library", scene.library)
    n = told.get("n_waiting")
    scene.expect(n == 0, f"{n} items wait on")
    scene.expect(len(sessions(scene)) == N_SPEAKERS * N_SESSIONS, "the queue does not go on")


def others_own(scene: Scene) -> list[Path]:
    return sorted((scene.corpus / "speaker00003").iterdir())


def enrolled_all(scene: Scene, before: set[tuple[str, str]]) -> None:
    """An enrolment of several goes on where it was, or says that all are there."""
    done = sessions(scene) - before
    counts = run(scene, "queue", "list", "--library", scene.library)["counts"]
    scene.expect(counts["done"] == len(done), f"{counts} of {len(done)} enrolled")
    arguments = ("enrol", "speaker00003", *others_own(scene), "--library", scene.library)
    code = 3 if len(done) == N_SESSIONS else 0
    again = run(scene, *arguments, *CONSENT, code=code)
    if not code:
        n = len(again.get("sessions", ()))
        scene.expect(n == N_SESSIONS - len(done), f"{n} enrolled after {len(done)}")
    n_now = len(sessions(scene) - before)
    scene.expect(n_now == N_SESSIONS, f"{n_now} sessions of {N_SESSIONS} recordings")


def one_more(scene: Scene, before: set[tuple[str, str]]) -> None:
    n_new = len(sessions(scene) - before)
    scene.expect(n_new in (0, 1), f"{n_new} new sessions of one enrolment")
    whole(scene)
    scene.expect(len(sessions(scene)) == N_SPEAKERS * N_SESSIONS, "enrolment cannot be done again")


def protected_whole(scene: Scene) -> None:
    """Everybody is in the library, which is protected."""
    whole(scene)
    if not is_protected(scene):
        run(scene, "library", "protect", "--library", scene.library, *scene.database)


def plain_whole(scene: Scene) -> None:
    """Everybody is in the library, which is not protected."""
    whole(scene)
    if is_protected(scene):
        run(scene, "library", "unprotect", "--library", scene.library)


def is_protected(scene: Scene) -> bool:
    return (scene.library / "protection.json").exists()


def same_sessions(scene: Scene, before: set[tuple[str, str]]) -> None:
    """All are there and can be read, and the audit is as it was written."""
    scene.expect(sessions(scene) == before, "the sessions are others")
    run(scene, "audit", "verify", "--library", scene.library)
    if scene.database and is_protected(scene):
        found = [path for path in scene.library.rglob("*") if path.is_file() and names(path)]
        scene.expect(not found, f"not encrypted: {found}")
    protected_whole(scene)


def names(path: Path) -> bool:
    content = path.read_bytes()
    return b"speaker0000" in content or b"consent of all" in content


def still_known(scene: Scene, before: set[tuple[str, str]]) -> None:
    """Others are whole; the person can be forgotten again, and then nothing is left."""
    others = {one for one in before if one[0] != "speaker00001"}
    scene.expect(others <= sessions(scene), "sessions of others are lost")
    if any(name == "speaker00001" for name, _ in sessions(scene)):
        forget = ("speakers", "forget", "speaker00001", "--library", scene.library, "--yes")
        facts = run(scene, *forget)
        scene.expect(facts.get("found") == [], f"forgotten, but found: {facts.get('found')}")
    names = {name for name, _ in sessions(scene)}
    scene.expect("speaker00001" not in names, "the person is still known")
    checked = run(scene, "library", "check", "--library", scene.library)
    scene.expect(checked.get("sound") is True, f"not sound after forgetting: {checked}")


def backed_up(scene: Scene, _before: set[tuple[str, str]]) -> None:
    """The older backup or the new one is there, whole, and becomes the library that it is of."""
    backup, again = scene.out / "library.backup", scene.out / "again"
    run(scene, "restore", backup, "--library", again)
    shutil.rmtree(again)
    run(scene, "backup", "--library", scene.library, "-o", backup)


def a_backup(scene: Scene) -> None:
    """A backup of everybody is there, and no folder that it is restored into."""
    whole(scene)
    shutil.rmtree(scene.out / "again", ignore_errors=True)
    run(scene, "backup", "--library", scene.library, "-o", scene.out / "library.backup")


def restored(scene: Scene, _before: set[tuple[str, str]]) -> None:
    """There is a whole library or none, and then it can be restored."""
    backup, again = scene.out / "library.backup", scene.out / "again"
    if not again.exists():
        run(scene, "restore", backup, "--library", again)
    checked = run(scene, "library", "check", "--library", again)
    n = checked.get("n_sessions")
    scene.expect(n == N_SPEAKERS * N_SESSIONS, f"{n} sessions came back")
    run(scene, "audit", "verify", "--library", again)


def usable(scene: Scene, _before: set[tuple[str, str]]) -> None:
    """The older recognizer or the new one is there and can be used."""
    told = run(scene, "recognizers", "--library", scene.library)["recognizers"]
    mine = [one for one in told if one["name"] == "mine"]
    scene.expect(len(mine) == 1 and not mine[0]["fault"], f"recognizers: {told}")
    scene.expect(len(told) == 2, f"recognizers: {told}")
    shutil.rmtree(scene.library / "recognizers" / "mine.training", ignore_errors=True)


def an_older_recognizer(scene: Scene) -> None:
    """A recognizer 'mine' is there, which the training is to replace."""
    whole(scene)
    place, kept = scene.library / "recognizers", scene.folder / "mine"
    shutil.rmtree(place / "mine.training", ignore_errors=True)
    if kept.exists() and not (place / "mine").exists():
        shutil.copytree(kept, place / "mine")


def old_or_new(name: str) -> Callable[[Scene, set[tuple[str, str]]], None]:
    def check(scene: Scene, _before: set[tuple[str, str]]) -> None:
        path = scene.out / name
        content = path.read_bytes()
        whole_ones = (b"an older file", (scene.folder / f"whole-{name}").read_bytes())
        scene.expect(any(same(content, one) for one in whole_ones), f"'{name}' is half a file")
        run(scene, *EXPORTS[name](scene))

    return check


def same(content: bytes, whole_one: bytes) -> bool:
    """Whether a file is as long as a whole one; times stand in a report."""
    return content == whole_one or abs(len(content) - len(whole_one)) < 64 < len(content)


def older_file(name: str) -> Callable[[Scene], None]:
    def write(scene: Scene) -> None:
        whole(scene)
        (scene.out / name).write_bytes(b"an older file")

    return write


def a_session(scene: Scene) -> Path:
    return next(iter(sorted((scene.corpus / "speaker00000").iterdir())))


EXPORTS: dict[str, Callable[[Scene], list[object]]] = {
    "table.csv": lambda scene: ["export", a_session(scene), "-o", scene.out / "table.csv"],
    "page.html": lambda scene: [
        "report", "--speaker", "speaker00000", "--library", scene.library,
        "-o", scene.out / "page.html",
    ],
}  # fmt: skip
WORKFLOWS = (
    "backup",
    "enrol",
    "forget",
    "import_",
    "protection",
    "report",
    "train",
    "work",
)
LOADED = (
    "lightning_fabric", "matplotlib.pyplot", "facedyn_app.__main__",
    *(f"facedyn_app.workflows.{name}" for name in WORKFLOWS),
)  # fmt: skip
"""Modules that are there before the forks."""
ACTS = (
    Act(
        "import",
        lambda scene: ["import", scene.corpus, "--library", scene.library, *CONSENT],
        only_first,
        all_there,
    ),
    Act(
        "enrol",
        lambda scene: [
            "enrol", "speaker00003", next(iter(sorted((scene.corpus / "speaker00003").iterdir()))),
            "--library", scene.library, *CONSENT,
        ],
        only_first,
        one_more,
    ),
    Act(
        "enrol several",
        lambda scene: [
            "enrol", "speaker00003", *others_own(scene), "--library", scene.library, *CONSENT,
        ],
        only_first,
        enrolled_all,
    ),
    Act(
        "queue run",
        lambda scene: ["queue", "run", "--library", scene.library],
        waits,
        queue_done,
    ),
    Act("export", EXPORTS["table.csv"], older_file("table.csv"), old_or_new("table.csv")),
    Act("report", EXPORTS["page.html"], older_file("page.html"), old_or_new("page.html")),
    Act(
        "forget",
        lambda scene: ["speakers", "forget", "speaker00001", "--library", scene.library, "--yes"],
        whole,
        still_known,
    ),
    Act(
        "backup",
        lambda scene: [
            "backup", "--library", scene.library, "-o", scene.out / "library.backup"
        ],
        a_backup,
        backed_up,
    ),
    Act(
        "restore",
        lambda scene: [
            "restore", scene.out / "library.backup", "--library", scene.out / "again"
        ],
        a_backup,
        restored,
    ),
    Act(
        "train",
        lambda scene: [partial(train_small, scene)],
        an_older_recognizer,
        usable,
    ),
)  # fmt: skip


PROTECTED_ACTS = (
    *(act for act in ACTS if act.name in ("import", "enrol", "backup", "restore")),
    Act(
        "rekey",
        lambda scene: ["library", "rekey", "--library", scene.library],
        protected_whole,
        same_sessions,
    ),
    Act(
        "passphrase",
        lambda scene: [
            "library", "passphrase", "--library", scene.library,
            "--new-passphrase-file", scene.passphrase_file,
        ],
        protected_whole,
        same_sessions,
    ),
    Act(
        "protect",
        lambda scene: ["library", "protect", "--library", scene.library, *scene.database],
        plain_whole,
        same_sessions,
    ),
    Act(
        "unprotect",
        lambda scene: ["library", "unprotect", "--library", scene.library],
        protected_whole,
        same_sessions,
    ),
)  # fmt: skip


def main(folder: Path, seed: int, n_kills: int, database: str = "") -> dict[str, Any]:
    for name in LOADED:
        import_module(name)
    from facedyn_app.library.session_file import save_session
    from facedyn_app.simulate.corpus import write_corpus

    os.environ[VARIABLE] = PASSPHRASES[0]
    scene = Scene(folder, ("--database", database) if database else ())
    scene.out.mkdir()
    write_corpus(scene.corpus, N_SPEAKERS, N_SESSIONS, SECONDS, save_session)
    if database:
        enrol_first(scene)
        run(scene, "library", "protect", "--library", scene.library, *scene.database)
        shutil.copytree(scene.library, scene.folder / "first")
        scene.open_again()
    whole(scene)
    acts = PROTECTED_ACTS[:n_kills] if database else ACTS[:n_kills]
    for act in acts:
        act.before(scene)
        began = time.monotonic()
        run(scene, *act.arguments(scene))
        act.seconds = time.monotonic() - began
        scene.open_again()
    for name in [] if database else EXPORTS:
        shutil.copy(scene.out / name, folder / f"whole-{name}")
    if acts == ACTS:
        shutil.copytree(scene.library / "recognizers" / "mine", folder / "mine")
    rng = np.random.default_rng(seed)
    for k in range(n_kills):
        kill(scene, acts[k % len(acts)], rng)
    return {
        "kills": n_kills,
        "faults": scene.faults,
        "swept": scene.swept,
        "seconds": {act.name: round(act.seconds, 2) for act in acts},
    }


if __name__ == "__main__":
    told = main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:5])
    print(json.dumps(told))  # noqa: T201
