"""Make the pictures of the window: the demo in two sizes, light and dark.

Needs a display, such as a virtual one:

    xvfb-run -a -s "-screen 0 1920x1080x24" .venv/bin/python packaging/screenshots.py FOLDER

With videos after the folder, the last of them is shown instead of the demo.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import Qt

from facedyn_app.gui.app import run_window

SIZES = ((1280, 800), (1920, 1060))
SCHEMES = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}


def main(arguments: list[str]) -> int:
    """Write the pictures into the folder named first."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    folder, videos = Path(arguments[0]), [Path(name) for name in arguments[1:]]
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as library:
        for name, scheme in SCHEMES.items():
            for width, height in SIZES:
                path = folder / f"window-{width}x{height}-{name}.png"
                run_window(
                    videos,
                    Path(library),
                    demo=not videos,
                    screenshot=path,
                    size=(width, height),
                    scheme=scheme,
                )
                print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
