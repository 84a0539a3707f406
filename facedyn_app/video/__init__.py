"""Videos: frames with exact time stamps, random access, writing; pictures of cameras."""

from facedyn_app.video.camera import FrameSource, ListSources, SourceChoice, list_cameras
from facedyn_app.video.reader import VideoReader, probe_video, read_frames
from facedyn_app.video.record import RecordedVideo, VideoRecorder
from facedyn_app.video.source import SIMULATED
from facedyn_app.video.write import write_video

__all__ = [
    "SIMULATED",
    "FrameSource",
    "ListSources",
    "RecordedVideo",
    "SourceChoice",
    "VideoReader",
    "VideoRecorder",
    "list_cameras",
    "probe_video",
    "read_frames",
    "write_video",
]
