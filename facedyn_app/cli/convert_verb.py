"""The verb `convert` and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from facedyn_app.cli.options import AsJson, FrameRate
from facedyn_app.cli.output import Outcome, run_verb
from facedyn_app.progress import OnProgress


def convert(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE", help="A table, an npz or a folder; several are frames in their order."
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="SESSION.npz", help="The session file.")
    ],
    fps: FrameRate = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head",
            metavar="ID|FILE",
            show_default="none",
            help="The FLAME file that FLAME parameters belong to.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a session file of one recording that another program has measured.

    Read are tables of OpenFace 2 and 3, py-feat and Live Link Face, MediaPipe's blendshapes (CSV
    or JSON lines), and FLAME parameters of SMIRK, EMOCA, DECA, VHAP and the like (npz, or a folder
    of npz or npy). What a file is shows in it, not in its name.
    """

    def work(_report: OnProgress) -> Outcome:
        from facedyn_app.cli.convert import convert_recording

        return convert_recording(files, out, fps, head)

    run_verb(work, as_json=as_json)
