"""The command line: verbs that are thin over the pipeline, for people and for scripts."""

from facedyn_app.cli.app import make_app
from facedyn_app.cli.process import run_app
from facedyn_app.cli.window import OpenWindow

__all__ = ["OpenWindow", "make_app", "run_app"]
