"""Drawing from the command line, where there may be no display."""

from __future__ import annotations

from vtkmodules.vtkCommonCore import vtkLogger


def quiet_drawing() -> None:
    """Keep VTK from telling on stderr that it tries for a display first; its errors still come."""
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)
