"""The command line: one file a verb, its options and its printing, for people and for scripts."""

from facedyn_app.cli.app import make_app, run_app
from facedyn_app.cli.window import OpenWindow

__all__ = ["OpenWindow", "make_app", "run_app"]
