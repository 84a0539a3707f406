"""Videos: frames with exact time stamps, random access, writing; pictures of cameras."""

from facedyn_app.numbered_stills import sha256_of_video
from facedyn_app.video.camera import FrameSource, ListSources, SourceChoice, list_cameras
from facedyn_app.video.decode import ProbedVideo, probe_video, read_frames, video_notes
from facedyn_app.video.geometry import mirror_points
from facedyn_app.video.reader import VideoReader, open_reader
from facedyn_app.video.record import RecordedVideo, VideoRecorder
from facedyn_app.video.source import SIMULATED
from facedyn_app.video.stills import StillsReader
from facedyn_app.video.write import write_video

__all__ = [
    "SIMULATED",
    "FrameSource",
    "ListSources",
    "ProbedVideo",
    "RecordedVideo",
    "SourceChoice",
    "StillsReader",
    "VideoReader",
    "VideoRecorder",
    "list_cameras",
    "mirror_points",
    "open_reader",
    "probe_video",
    "read_frames",
    "sha256_of_video",
    "video_notes",
    "write_video",
]
