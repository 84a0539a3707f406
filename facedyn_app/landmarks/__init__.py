"""Frames to two-dimensional landmarks: detector, faces followed over time, their collection."""

from facedyn_app.landmarks.actions import ACTION_NAMES
from facedyn_app.landmarks.collect import ANY_FACE, SeenFace, TrackCollector, collect_face
from facedyn_app.landmarks.detector import Landmarker
from facedyn_app.landmarks.faces import Face, FrameFaces
from facedyn_app.landmarks.kept import KeptTrack
from facedyn_app.landmarks.measuring import use_one_thread
from facedyn_app.landmarks.tracking import FaceTracker, track_faces

__all__ = [
    "ACTION_NAMES",
    "ANY_FACE",
    "Face",
    "FaceTracker",
    "FrameFaces",
    "KeptTrack",
    "Landmarker",
    "SeenFace",
    "TrackCollector",
    "collect_face",
    "track_faces",
    "use_one_thread",
]
