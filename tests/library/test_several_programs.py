"""A library that several programs, or threads of one, work with at the same time."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

from sqlalchemy import text

from facedyn_app.library.database import DATABASE, change_mark
from facedyn_app.library.library import Library
from facedyn_app.library.names import Erasure
from facedyn_app.library.traces import Traces, search_traces
from facedyn_app.progress import ignore

WRITES = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0.1, isolation_level=None).execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""


def refusal(folder: Path) -> str:
    """What another program is told that would write to a library; empty where it may."""
    command = [sys.executable, "-c", WRITES, str(folder / DATABASE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_look_at_a_library_leaves_the_locks_of_other_threads(tmp_path: Path) -> None:
    traces = Traces(Erasure("Ann", "X"), (), ())
    with Library.open(tmp_path) as library:
        opened = (library.files, library.keys)
        assert refusal(tmp_path) == ""
        with library.transaction() as orm:
            orm.execute(text("SELECT 1"))
            for look in (
                lambda: change_mark(tmp_path),
                lambda: search_traces([tmp_path], traces, ignore, opened),
            ):
                other = threading.Thread(target=look)
                other.start()
                other.join()
                assert refusal(tmp_path) == "database is locked"


def test_a_search_waits_for_a_program_that_writes(tmp_path: Path) -> None:
    traces = Traces(Erasure("Ann", "X"), (), ())
    with Library.open(tmp_path) as library:
        opened = (library.files, library.keys)
    writer = sqlite3.connect(tmp_path / DATABASE, isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN EXCLUSIVE")
    end = threading.Timer(0.3, lambda: writer.execute("COMMIT"))
    end.start()
    assert search_traces([tmp_path], traces, ignore, opened).findings == ()
    end.join()
    writer.close()
