"""Decode a video file: frames with exact time stamps; write a video."""

from facedyn_app.video.decode import probe_video, read_frames
from facedyn_app.video.reader import VideoReader
from facedyn_app.video.source import SIMULATED
from facedyn_app.video.write import write_video

__all__ = ["SIMULATED", "VideoReader", "probe_video", "read_frames", "write_video"]
