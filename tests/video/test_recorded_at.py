"""When a video was recorded, as far as its container says so and it can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import pytest

from facedyn_app.video import probe_video


def tagged(video: Path, path: Path, **tags: str) -> Path:
    """The same pictures in a container with other tags."""
    options = {"movflags": "use_metadata_tags"} if path.suffix == ".mov" else {}
    with av.open(str(video)) as source, av.open(str(path), "w", options=options) as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        target.metadata.update({name.replace("__", "."): value for name, value in tags.items()})
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_the_containers_time_of_recording_is_read(
    moving_video: Path, tmp_path: Path, ending: str
) -> None:
    path = tagged(moving_video, tmp_path / f"visit{ending}", creation_time="2024-05-03T10:20:30Z")
    assert probe_video(path).recorded_at == datetime(2024, 5, 3, 10, 20, 30, tzinfo=UTC)


def test_a_phones_own_date_counts_before_that_of_the_export(
    moving_video: Path, tmp_path: Path
) -> None:
    path = tagged(
        moving_video,
        tmp_path / "visit.mov",
        com__apple__quicktime__creationdate="2023-02-01T23:30:00+0200",
        creation_time="2024-05-03T10:20:30Z",
    )
    assert probe_video(path).recorded_at == datetime(2023, 2, 1, 21, 30, tzinfo=UTC)


def test_what_cannot_be_is_not_believed(moving_video: Path, tmp_path: Path) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=40)).isoformat()
    for number, when in enumerate(("1904-01-01T00:00:00Z", "2000-01-01T00:05:00Z", ahead)):
        path = tagged(moving_video, tmp_path / f"{number}.mkv", creation_time=when)
        assert probe_video(path).recorded_at is None


def test_a_video_that_says_nothing_has_no_date(moving_video: Path) -> None:
    assert probe_video(moving_video).recorded_at is None
