"""A bad head on the command line: exit code 3, one sentence that names it, nothing executed."""

from pathlib import Path

import pytest

from facedyn_app.headmodel.model import HeadModel
from tests.cli.conftest import Run
from tests.headmodel.bad_heads import CANARY, FILES, make_bad

NAMES = [
    "calls os.system",
    "calls builtins.eval",
    "calls __builtin__.eval",
    "calls subprocess.Popen",
    "calls numpy.load",
    "call by name on the stack",
    "name with colours",
    "cut at 0.5",
    "without its end",
    "array of objects",
    "without shapedirs (pickle)",
    "posedirs too short (npz)",
    "weights with NaN (npz)",
    "f past the vertices (npz)",
    "v_template of objects (npz)",
    *(name for name in FILES if name not in ("unreadable", "a pipe", "a device")),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_head_ends_with_3(run: Run, tiny_head: HeadModel, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    path = make_bad(name, folder, tiny_head)
    before = sorted(p.name for p in folder.iterdir())
    result = run("heads", "mesh", path, "-o", folder / "mean.obj")
    assert result.exit_code == 3, (result.stderr, result.exception)
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert str(path) in result.stderr
    assert "Traceback" not in result.stderr
    assert not (folder / CANARY).exists()
    assert sorted(p.name for p in folder.iterdir()) == before


def test_a_fit_stops_at_a_bad_head(
    run: Run, tiny_head: HeadModel, moving_video: Path, tmp_path: Path
) -> None:
    path = make_bad("calls os.system", tmp_path, tiny_head)
    result = run("fit", moving_video, "--head", path, "-o", tmp_path / "session.npz")
    assert result.exit_code == 3
    assert "'os.system' is not something that a FLAME file needs" in result.stderr
    assert not (tmp_path / CANARY).exists()
    assert not (tmp_path / "session.npz").exists()
