"""Size and reach of the code: modules, lines, own imports, files in which a verb runs functions.

`python packaging/count_structure.py [FACTS.json]`; the test command runs it.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "facedyn_app"
VIDEO = ROOT / "resources" / "demo" / "S-01_session1.mp4"
REACH = """
import inspect, sys, threading

reached = set()
reading = threading.local()

def note(frame, event, _argument):
    if frame.f_code.co_name == "<module>":
        reading.depth = getattr(reading, "depth", 0) + {"call": 1, "return": -1}.get(event, 0)
    elif event == "call" and not getattr(reading, "depth", 0):
        if frame.f_code.co_flags & inspect.CO_OPTIMIZED:
            reached.add(frame.f_code.co_filename)

sys.argv = ["facedyn", *sys.argv[2:]]
from facedyn_app.__main__ import main
threading.setprofile(note)
sys.setprofile(note)
try:
    main()
finally:
    sys.setprofile(None)
    with open(OUT, "w", encoding="utf-8") as file:
        file.write("\\n".join(sorted(reached)))
"""
"""Runs a verb and notes every file of which a function is called, in all threads.

What runs while a module is read is left out: it is the module's, not the verb's.
"""


def modules() -> list[Path]:
    """The package's modules; a file without code beside its docstring is none."""
    return [
        path
        for path in sorted((ROOT / PACKAGE).rglob("*.py"))
        if len(ast.parse(path.read_text(encoding="utf-8")).body) > 1
    ]


def n_lines(paths: Sequence[Path]) -> int:
    """Lines of the files, empty ones and comments too."""
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


def own_imports(path: Path) -> set[str]:
    """The package's own modules that a module imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            found.add(str(node.module))
        elif isinstance(node, ast.Import):
            found |= {one.name for one in node.names if one.name.startswith(PACKAGE)}
    return found


def reach(arguments: Sequence[str | Path], folder: Path) -> list[str]:
    """The package's files of which a verb runs functions, relative to the package."""
    out = folder / "reached.txt"
    program = REACH.replace("OUT", repr(str(out)))
    command = [sys.executable, "-c", program, "facedyn", *map(str, arguments)]
    done = subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True, env=_home(folder)
    )
    if done.returncode:
        raise SystemExit(f"'facedyn {arguments[0]}' has failed:\n{done.stderr}")
    package = ROOT / PACKAGE
    files = map(Path, out.read_text(encoding="utf-8").splitlines())
    return [str(file.relative_to(package)) for file in files if file.is_relative_to(package)]


def _home(folder: Path) -> dict[str, str]:
    """An environment in which the program has never run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    return {**kept, "HOME": str(folder)}


def verbs_reach() -> dict[str, list[str]]:
    """What `fit` of a film, and `enrol`, `identify` and `dnr` of session files, reach."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made, library = folder / "made", folder / "library"
        people: list[str | Path] = ["--speakers", "2", "--sessions", "3", "--seconds", "30"]
        reach(["simulate", made, *people], folder)
        (a1, a2, probe), (b1, b2, _) = (
            sorted(speaker.glob("*.npz")) for speaker in sorted(made.iterdir()) if speaker.is_dir()
        )
        consent: list[str | Path] = ["--library", library, "--consent", "simulated"]
        found = {"enrol": reach(["enrol", "A", a1, a2, *consent], folder)}
        reach(["enrol", "B", b1, b2, *consent], folder)
        found["identify"] = reach(["identify", probe, "--library", library], folder)
        found["dnr"] = reach(["dnr", "--library", library], folder)
        found["fit"] = reach(["fit", VIDEO, "-o", folder / "fitted.npz"], folder)
    return found


def main(arguments: Sequence[str]) -> None:
    """Print what was counted; write it as JSON, too, where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument(
        "facts", metavar="FACTS.json", nargs="?", type=Path, help="the same as JSON, with the files"
    )
    out = parser.parse_args(arguments).facts
    paths = modules()
    imports = [len(own_imports(path)) for path in paths]
    reached = verbs_reach()
    facts = {
        "modules": len(paths),
        "lines": n_lines(paths),
        "median_own_imports": statistics.median(imports),
        "most_own_imports": max(imports),
        **{f"files_of_{verb}": len(files) for verb, files in sorted(reached.items())},
    }
    for name, value in facts.items():
        print(f"{name}: {value:g}")
    if out is not None:
        whole = {**facts, "reached": reached}
        out.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
