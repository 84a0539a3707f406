"""The records that the stages hand to each other.

Axes, everywhere in the program:
    T frames, L landmarks, A landmarker blendshape scores, V vertices, S shape coefficients,
    E expression coefficients, C chunks (seconds) of shape, W windows, D embedding numbers.

Frames of reference:
    Head frame: metres, x to the subject's left, y up, z out of the face.
    Camera frame: OpenCV's, metres, x right, y down, z away from the camera.
    A pose turns head into camera points: `x_camera = FACING @ R(rotation) @ x_head + translation`
    with FACING = diag(1, -1, -1), so that rotation 0 is a face that looks into the camera.
    Image: pixels, x right, y down, origin at the centre of the top left pixel's corner (0, 0).

Words, as the code uses them (what is computed and why: handbook/method.md):
    landmark: one of the landmarker's 478 points on a face in the image.
    blendshape score: the landmarker's own estimate, 0..1, of one of ARKit's 52 facial actions.
    occlusion score: how much mouth and eyes look as usual in the recording; 1 usual, 0 covered.
    valid frame: one whose fit is trusted; any other is NaN and has its reason (INVALID_REASONS).
    head: a head model of FLAME's kind: mean mesh, shape and expression directions, joints, weights.
    landmark embedding: where landmarks sit on a head's mesh: triangle and barycentric weights.
    shape: coefficients that say whose head it is, standard deviations; they should stand still.
    expression: coefficients that say what a face does; activations (1 where an action ends) or
        standard deviations.
    channel: one expression coefficient, or one number of the jaw's or the gaze's turn, by its name.
    channel set: the channels of another program's measurement, which stand in place of a head.
    motion: expression, jaw, rotation and translation of a head, frame by frame.
    session: one recording of one person, measured: motion, shape, quality, and what made them.
    event: a typed stretch or moment of a recording that the user has marked (`events`).
    chunk: a second of a session whose shape is estimated by itself.
    drift: how far apart the mean shapes of a speaker's sessions lie.
    noise: how far the shapes of the chunks scatter within a session.
    DNR: the drift-to-noise ratio; corrected, it has taken off what means wander by themselves.
    window: a stretch of motion at an even rate, of fixed length, without a gap.
    descriptor: a statistic of a window's motion, nothing in it learnt.
    coherency: complex correlation of two channels in a band: how closely they go, with what lag.
    embedding: where a window lies in the recognizer's space (its network's, or the back-end's).
    back-end: what makes descriptors and network comparable: whitening within speakers.
    gallery: the enrolled speakers, each by the embeddings of their sessions.
    probe: the recording that is asked about.
    match: an enrolled speaker as an answer for a probe, with score and probability.
    trial: a probe and a speaker whose answer is known; it calibrates or tests.
    calibration: from scores to probabilities, learnt from held-out trials.
    false-accept rate: share of strangers who reach a score, and so are taken for someone enrolled.
    cohort: speakers by which scores were normed; of old recognizers' files only.
    simulated: drawn by `simulate` or rendered, not measured on a person; always said so.
"""

from facedyn_app.records.arrays import BoolArray, ByteArray, FloatArray, IntArray
from facedyn_app.records.consent import (
    Consent,
    ConsentState,
    ConsentTerms,
    Grant,
    LeftOut,
    Purpose,
    stricter,
)
from facedyn_app.records.drift import Conditions, DriftReport, NoDrift, SessionDrift
from facedyn_app.records.identification import (
    LEAST_SHOWN,
    NOT_IN_GALLERY,
    OF_THE_PROBE,
    SMALL_GALLERY,
    Embedding,
    Identification,
    KnownRecording,
    Match,
    MatchTrust,
    SameSpeaker,
    Verification,
    left_out_words,
)
from facedyn_app.records.motion import (
    INVALID_REASONS,
    LARGEST,
    HeadFit,
    Motion,
    PartialFit,
    ShapeCertainty,
)
from facedyn_app.records.recording import (
    FRAME_ARRAYS,
    MEASURED,
    N_BLENDSHAPES,
    N_LANDMARKS,
    FaceTrack,
    Frame,
    Landmarks,
    VideoInfo,
)
from facedyn_app.records.session import (
    NAMELESS,
    RECORDED_YEARS,
    Quality,
    Session,
    SessionInfo,
    SourceFile,
    without_file_name,
)

__all__ = [
    "FRAME_ARRAYS",
    "INVALID_REASONS",
    "LARGEST",
    "LEAST_SHOWN",
    "MEASURED",
    "NAMELESS",
    "NOT_IN_GALLERY",
    "N_BLENDSHAPES",
    "N_LANDMARKS",
    "OF_THE_PROBE",
    "RECORDED_YEARS",
    "SMALL_GALLERY",
    "BoolArray",
    "ByteArray",
    "Conditions",
    "Consent",
    "ConsentState",
    "ConsentTerms",
    "DriftReport",
    "Embedding",
    "FaceTrack",
    "FloatArray",
    "Frame",
    "Grant",
    "HeadFit",
    "Identification",
    "IntArray",
    "KnownRecording",
    "Landmarks",
    "LeftOut",
    "Match",
    "MatchTrust",
    "Motion",
    "NoDrift",
    "PartialFit",
    "Purpose",
    "Quality",
    "SameSpeaker",
    "Session",
    "SessionDrift",
    "SessionInfo",
    "ShapeCertainty",
    "SourceFile",
    "Verification",
    "VideoInfo",
    "left_out_words",
    "stricter",
    "without_file_name",
]
