"""Small corpora: seconds of the demo's videos, their manifest, and programs that work on them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facedyn_app.npz import npz_names, read_npz
from facedyn_app.video import read_frames, write_video
from facedyn_app.workflows.demo import demo_videos

N_FRAMES = 18


def write_clips(folder: Path, n_clips: int) -> list[Path]:
    """Clips of 0.6 s, each another part of a simulated speaker's video."""
    paths: list[Path] = []
    folder.mkdir(parents=True, exist_ok=True)
    for video in demo_videos():
        images = [frame.image[40:360, 40:360] for frame in read_frames(video.path)]
        for start in range(0, len(images) - N_FRAMES, 4 * N_FRAMES):
            if len(paths) == n_clips:
                return paths
            paths.append(folder / f"clip{len(paths):02d}.mp4")
            write_video(paths[-1], images[start : start + N_FRAMES], 30.0)
    return paths


def write_manifest(path: Path, clips: Sequence[Path]) -> Path:
    """A manifest of clips, three speakers in turn."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "speaker", "session"])
        rows.writerows([clip, f"S{k % 3}", clip.stem] for k, clip in enumerate(clips))
    return path


def records(out: Path) -> list[dict[str, Any]]:
    """The lines of a corpus' log that are of items."""
    try:
        lines = (out / "log.jsonl").read_text().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    found = [json.loads(line) for line in lines if line.endswith("\n")]
    return [one for one in found if "item" in one]


def sessions(out: Path) -> dict[str, bytes]:
    """The session files of a corpus by their names in it."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*.npz"))}


def check_equal(mine: Path, theirs: Path) -> None:
    """Check that two corpora have the same sessions, array by array."""
    assert sessions(mine).keys() == sessions(theirs).keys()
    for name in sessions(mine):
        arrays = [read_npz(out / name, npz_names(out / name), ()) for out in (mine, theirs)]
        assert arrays[0].keys() == arrays[1].keys()
        for key, values in arrays[0].items():
            np.testing.assert_array_equal(values, arrays[1][key], err_msg=f"{name}: {key}")
    assert sessions(mine) == sessions(theirs)


def environment(folder: Path, **further: str) -> dict[str, str]:
    """An environment in which the user's own folders are in a folder."""
    names = ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
    own = {name: str(folder / "home") for name in names}
    return {**os.environ, **own, "OMP_NUM_THREADS": "1", **further}


def begin(folder: Path, *arguments: object, **further: str) -> subprocess.Popen[str]:
    """Begin `facedyn` with arguments, as a process of its own."""
    command = [sys.executable, "-m", "facedyn_app", *map(str, arguments)]
    return subprocess.Popen(
        command,
        env=environment(folder, **further),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(what: Callable[[], object], process: subprocess.Popen[str], seconds: float) -> None:
    """Wait until something holds, while a process runs."""
    until = time.monotonic() + seconds
    while not what():
        if process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode}: {process.communicate()}")
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)
