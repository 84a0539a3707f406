"""The installation's lists and scripts hold together."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _pins(name: str) -> dict[str, str]:
    """Version of each package in a requirements file, by normalised name."""
    pins = {}
    for line in (ROOT / "packaging" / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            package, version = line.split(";")[0].split("==")
            pins[_normal(package)] = version
    return pins


def _normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def test_every_package_the_project_names_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = {_normal(re.split(r"[<>=!\[ ]", wish)[0]) for wish in project["dependencies"]}
    assert named <= set(_pins("requirements.txt"))


def test_the_extra_is_the_one_that_the_tests_install() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wish,) = project["optional-dependencies"]["cluster"]
    assert wish == f"ray[default]=={_pins('requirements-cluster.txt')['ray']}"


def test_only_the_headless_opencv_is_installed() -> None:
    files = ("requirements.txt", "requirements-dev.txt", "requirements-cluster.txt")
    packages = [name for file in files for name in _pins(file)]
    assert [name for name in packages if "opencv" in name] == ["opencv-python-headless"]
    assert len(packages) == len(set(packages))


@pytest.mark.parametrize(
    "script",
    [
        "packaging/run.sh",
        "packaging/test.sh",
        "packaging/install.sh",
        "packaging/check_gpu.sh",
        "resources/slurm/fit_corpus.sh",
    ],
)
def test_scripts_are_well_formed(script: str) -> None:
    done = subprocess.run(
        ["bash", "-n", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("script", ["count_structure.py", "screenshots.py"])
def test_an_option_is_no_file_to_write(script: str, tmp_path: Path) -> None:
    for option, code in (("--help", 0), ("--hlep", 2)):
        command = [sys.executable, str(ROOT / "packaging" / script), option]
        path = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=tmp_path, env=path, capture_output=True, text=True, check=False
        )
        assert done.returncode == code
        assert "usage" in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_gpu_check_asks_for_a_gpu_and_fits_into_ten_minutes(tmp_path: Path) -> None:
    script = ROOT / "packaging" / "check_gpu.sh"
    limits = re.findall(r"^step \w+ (\d+) ", script.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(limits) == 7
    assert sum(map(int, limits)) < 600
    without = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "FACEDYN_PYTHON": sys.executable}
    done = subprocess.run(
        ["bash", script, tmp_path], env=without, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "no CUDA GPU" in done.stderr
