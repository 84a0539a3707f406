from __future__ import annotations

import os
from pathlib import Path

import pytest

from facedyn_app.errors import OutputError
from facedyn_app.files import atomic_file


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_ordinary_file_is_not_replaced(tmp_path: Path) -> None:
    """Written as root, a rename would put an ordinary file in place of a device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError, match="no ordinary file"), atomic_file(pipe) as file:
        file.write(b"x")
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]
