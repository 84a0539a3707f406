"""Settings of the fit: priors, noise, smoothness in time, and which frames are left out."""

from __future__ import annotations

from dataclasses import dataclass

from facedyn_app.limits import setting

CAMERA, NOISE, PRIORS = "Camera", "Noise", "What is usual"
STEPS, SIZES = "From frame to frame", "Sizes and solver"
LEFT_OUT = "Frames left out"


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How the head is fitted to the landmarks."""

    focal_factor: float = setting(1.2, "Focal length", 0.5, 5, "longer image sides", CAMERA).means(
        "Focal length over the longer image side where it is not known better."
    )
    most_focal_sd: float = setting(0.2, "Use the estimated one up to", 0, 1, "log", CAMERA).means(
        "Standard deviation of the logarithm of the estimated focal length up to which the "
        "estimate is used; 0 always takes `focal_factor`."
    )
    landmark_noise: float = setting(
        0.025, "Noise of a landmark", 0.001, 0.2, "face heights", NOISE
    ).means(
        "Standard deviation of a landmark of weight 1, share of face height. Larger than the "
        "scatter seen, since the errors of neighbouring landmarks go together: chosen on "
        "rendered faces of known motion, where 0.006 lets noise into expressions."
    )
    known_noise: float = setting(
        1.0, "Factor where it was measured", 0.1, 10, "times", NOISE
    ).means("Factor on the landmarks' errors where they were measured.")
    score_noise: float = setting(
        2.2, "Factor of the blendshape scores", 0.1, 100, "times", NOISE
    ).means(
        "Factor on the errors of the blendshape scores beside that: they were measured on "
        "painted heads. On rendered faces 1 is best; on a performance made by others lengths "
        "come nearer to their true size with 2 and more."
    )
    robust_scale: float = setting(3.0, "Counts less from", 0.5, 100, "noise units", NOISE).means(
        "Residual of a frame, in noise units, beyond which it counts less."
    )
    rest_score_noise: float = setting(
        3.5, "Scores of a face at rest", 0, 1000, "times", NOISE
    ).means("Deviation of a face's scores at rest, of their errors.")
    point_noise: float = setting(0.0008, "Each landmark of a face", 0, 0.1, "m", NOISE).means(
        "Deviation by which each landmark of a face lies elsewhere in a recording, m, whatever its "
        "neighbours do: what neither the head's shapes nor its actions make."
    )
    expression_sd: float = setting(0.4, "Expressions of 0 to 1", 0.01, 10, "sd", PRIORS).means(
        "Prior standard deviation of an activation of 0..1, mean over the channels."
    )
    most_activation: float = setting(2.0, "Largest activation", 1, 10, "times", PRIORS).means(
        "Largest activation, of the head's own action at its end: a person's may reach further, "
        "those of the brows most of all."
    )
    coefficient_sd: float = setting(1.0, "Other expressions", 0.01, 10, "sd", PRIORS).means(
        "The same of heads whose expression coefficients are standard deviations (FLAME)."
    )
    coactivation: float = setting(
        0.93, "In common with other actions", 0, 0.99, "share", PRIORS
    ).means(
        "Share of an activation's prior variance that it has in common with the actions that it "
        "usually goes with (`fitting.priors`)."
    )
    jaw_sd: tuple[float, float, float] = setting(
        (0.2, 0.05, 0.03), "Jaw about x, y, z", 0.001, 1, "rad", PRIORS
    ).means("Prior standard deviations of the jaw's rotation vector, rad.")
    shape_sd: float = setting(1.0, "Shape", 0.01, 10, "sd", PRIORS).means(
        "Prior standard deviation of a shape coefficient."
    )
    shape_frames: float = setting(6.0, "Independent frames", 0.1, 1e5, "frames", PRIORS).means(
        "Frames' worth of independent landmark errors in a recording, for the shape."
    )
    held_share: float = setting(
        1.0, "Held expression, of a frame's", 0.01, 100, "times", PRIORS
    ).means(
        "Deviation of an expression that is held over a recording, of that in a frame; like the "
        "next two, `rest_score_noise` and `point_noise` for the shape alone "
        "(`fitting.shape_evidence`)."
    )
    action_variation: float = setting(0.3, "A person's own actions", 0, 10, "share", PRIORS).means(
        "How much a person's own variant of an action differs from the head's, share of its "
        "displacement."
    )
    variation_reach: float = setting(0.01, "Their reach", 0.001, 0.2, "m", PRIORS).means(
        "How far over the face such a difference reaches, m."
    )
    turn_step: float = setting(0.004, "Turn of the head", 1e-5, 1, "rad", STEPS).means(
        "Usual turn of the head between frames at 25 frames/s, rad; like the next three the "
        "scale of the smoothness in time, beyond which a difference pays ever less."
    )
    shift_step: float = setting(0.001, "Shift of the head", 1e-5, 1, "m", STEPS).means(
        "Usual shift of the head, m."
    )
    jaw_step: float = setting(0.008, "Turn of the jaw", 1e-5, 1, "rad", STEPS).means(
        "Usual step of the jaw's rotation vector, rad."
    )
    expression_step: float = setting(0.04, "Step of an expression", 1e-4, 10, "share", STEPS).means(
        "Usual step of an activation; of a coefficient, in the same share of its sd."
    )
    step_share: float = setting(
        0.25, "Step by its own spread", 0, 100, "of its spread", STEPS
    ).means(
        "Usual step of jaw and expression in a recording, share of their own spread in it, "
        "where that is less: what hardly moves is held steady."
    )
    step_tail: float = setting(1.0, "Pays less from", 0.1, 100, "steps", STEPS).means(
        "Difference, in usual steps, beyond which it pays less than its square."
    )
    most_shape_frames: int = setting(200, "Frames for the shape", 1, 10000, "frames", SIZES).means(
        "Frames from which the shape is estimated, spread over the recording."
    )
    chunk_seconds: float = setting(1.0, "Chunk of shape", 0.2, 60, "s", SIZES).means(
        "Length of a chunk of shape, s."
    )
    n_shape: int = setting(0, "Shape directions (0: all)", 0, 1000, "", SIZES).means(
        "Leading shape directions used; 0 means all of the head's."
    )
    n_expression: int = setting(0, "Expression directions (0: all)", 0, 1000, "", SIZES).means(
        "Leading expression directions used; 0 means all of the head's."
    )
    max_iterations: int = setting(12, "Most steps of the solver", 1, 200, "steps", SIZES).means(
        "Most steps of the joint solve."
    )
    tolerance: float = setting(1e-2, "Converged below", 1e-8, 0.5, "of the cost", SIZES).means(
        "Relative fall of the cost, expected of a next step, below which it has converged."
    )
    max_error_share: float = setting(
        0.04, "Most landmark error", 0.001, 1, "face heights", LEFT_OUT
    ).means("Landmark error, share of face height, above which a frame is invalid.")
    max_yaw_deg: float = setting(60.0, "Most turn of the head", 5, 90, "degrees", LEFT_OUT).means(
        "Turn of the head beyond which a frame is invalid, degrees."
    )
    min_face_px: float = setting(48.0, "Least face height", 8, 2000, "px", LEFT_OUT).means(
        "Face height below which a frame is invalid, px."
    )
    min_certainty: float = setting(0.9, "Least certainty", 0, 1, "", LEFT_OUT).means(
        "Certainty of a face below which a frame is invalid. In recordings of talk every frame "
        "is above 0.97."
    )
    min_likeness: float = setting(0.3, "Least likeness", -1, 1, "", LEFT_OUT).means(
        "Likeness of mouth and eyes to how they usually look (`landmarks.occlusion`), below which "
        "a frame is invalid, -1..1; less in turned heads. Of frames of talk, grimaces and wide "
        "mouths less than 0.1 % are below it, of frames with the mouth behind a hand, a mask, a "
        "cup or a microphone 98 %, with half of it behind a hand 88 %."
    )
    min_sharpness: float = setting(0.5, "Least sharpness", 0, 1, "of the median", LEFT_OUT).means(
        "Sharpness below which a frame is invalid, share of the recording's median."
    )
