"""The bundle works where there is no Python, no network and an empty home (needs it built)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import cv2
import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECK = ROOT / "packaging" / "check_bundle.sh"


@pytest.mark.bundle
def test_the_bundle_does_what_the_program_does(tmp_path: Path) -> None:
    done = subprocess.run(["bash", CHECK, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    picture = cv2.imread(str(tmp_path / "window.png"))
    assert picture is not None
    assert min(picture.shape[:2]) >= 700
    assert picture.std() > 20  # something is drawn


def test_without_a_bundle_its_check_says_how_to_make_one(tmp_path: Path) -> None:
    alone = tmp_path / "packaging"
    alone.mkdir()
    for name in ("check_bundle.sh", "install.sh"):
        (alone / name).write_bytes((ROOT / "packaging" / name).read_bytes())
    done = subprocess.run(
        ["bash", alone / "check_bundle.sh"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "bash packaging/build.sh" in done.stderr
