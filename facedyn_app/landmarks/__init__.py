"""Two-dimensional landmarks of the faces in frames: detection, tracking, collection."""

from facedyn_app.landmarks.collect import ANY_FACE, SeenFace, TrackCollector, collect_face
from facedyn_app.landmarks.engines import Tracker, open_tracker, track_faces
from facedyn_app.landmarks.face_squares import FaceSquares, FaceVideo
from facedyn_app.landmarks.faces import Face, FrameFaces
from facedyn_app.landmarks.track_store import StoredTrack
from facedyn_app.landmarks.tracking import FaceTracker, Landmarker
from facedyn_app.topology import BLENDSHAPE_NAMES

__all__ = [
    "ANY_FACE",
    "BLENDSHAPE_NAMES",
    "Face",
    "FaceSquares",
    "FaceTracker",
    "FaceVideo",
    "FrameFaces",
    "Landmarker",
    "SeenFace",
    "StoredTrack",
    "TrackCollector",
    "Tracker",
    "collect_face",
    "open_tracker",
    "track_faces",
]
