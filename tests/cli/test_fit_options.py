from __future__ import annotations

from dataclasses import fields

import typer
from typer.testing import CliRunner

from facedyn_app.assets import DEFAULT_HEAD
from facedyn_app.cli.fit_options import ALL_FACES, CHOICES, USUAL, with_fit_options
from facedyn_app.workflows.options import FitOptions

ALL = (
    "head",
    "n_shape",
    "n_expression",
    "device",
    "face_or_all",
    "mirrored_mean",
    "optical_flow",
    *USUAL[2:],
)


def chosen(names: tuple[str, ...], *arguments: str) -> FitOptions:
    """The options that a command with these choices is given."""
    app, told = typer.Typer(), []

    @app.command()
    @with_fit_options(*names)
    def command(film: str, *, options: FitOptions, quick: bool = False) -> None:
        told.append((film, options, quick))

    done = CliRunner().invoke(app, ["a.mp4", *arguments, "--quick"])
    assert done.exit_code == 0, done.output
    ((film, options, quick),) = told
    assert (film, quick) == ("a.mp4", True)
    return options


def test_nothing_said_is_what_the_record_takes_for_nothing_said() -> None:
    assert chosen(ALL) == FitOptions(DEFAULT_HEAD)
    assert chosen(("other_head", *USUAL)) == FitOptions(None)


def test_every_field_can_be_chosen() -> None:
    assert {field for field, _, _ in CHOICES.values()} == {one.name for one in fields(FitOptions)}
    given = "--head flame --device cpu --face all --n-shape 7 --n-expression 8 --mirrored-mean "
    given += "--optical-flow --engine mediapipe --max-faces 2 --fps 12.5 --stream 1 --mirrored"
    assert chosen(ALL, *given.split()) == FitOptions(
        "flame", "cpu", ALL_FACES, 7, 8, True, True, "mediapipe", 2, 12.5, 1, True
    )
