"""Settings of each stage: defaults, units and ranges in one place; saved with every result."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LandmarkSettings:
    """How faces are found.

    Attributes:
        min_detection: Least confidence of a detected face, 0..1.
        min_tracking: Least confidence to go on from the last frame, 0..1.
        max_faces: Faces looked for in a frame, 1..8.
    """

    min_detection: float = 0.5
    min_tracking: float = 0.5
    max_faces: int = 4


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How the head is fitted to the landmarks (METHOD section 3).

    Attributes:
        focal_factor: Focal length over the longer image side where it is not known better, 0.5..5.
        most_focal_sd: Standard deviation of the logarithm of the estimated focal length up to which
            the estimate is used; 0 always takes `focal_factor`.
        landmark_noise: Standard deviation of a landmark of weight 1, share of face height.
            Larger than the scatter seen, since the errors of neighbouring landmarks go together:
            chosen on rendered faces of known motion, where 0.006 lets noise into expressions.
        known_noise: Factor on the landmarks' errors where they were measured.
        score_noise: Factor on the errors of the action scores beside that: they were measured on
            painted heads, and people's scores at rest differ more. 1 is best on rendered faces, but
            presses faint smiles of people to rest; 2 follows those better.
        robust_scale: Residual of a frame, in noise units, beyond which it counts less.
        expression_sd: Prior standard deviation of an activation of 0..1.
        coefficient_sd: The same of heads whose expression coefficients are standard deviations
            (FLAME).
        rest_pull: What an activation of 1 costs beside that: the rate of an exponential prior. Most
            actions rest most of the time, so of two explanations that with fewer actions is the
            likelier.
        jaw_sd: Prior standard deviations of the jaw's rotation vector, rad.
        shape_sd: Prior standard deviation of a shape coefficient.
        shape_frames: Frames' worth of independent landmark errors in a recording, for the shape.
        turn_step: Usual turn of the head between frames at 25 frames/s, rad; like the next three
            the scale of the smoothness in time, beyond which a difference pays ever less.
        shift_step: Usual shift of the head, m.
        jaw_step: Usual step of the jaw's rotation vector, rad.
        expression_step: Usual step of an activation; of a coefficient, in the same share of its sd.
        step_share: Usual step of jaw and expression in a recording, share of their own spread in
            it, where that is less: what hardly moves is held steady.
        step_tail: Difference, in usual steps, beyond which it pays less than its square.
        most_shape_frames: Frames from which the shape is estimated, spread over the recording.
        chunk_seconds: Length of a chunk of shape, s.
        n_shape: Leading shape directions used; 0 means all of the head's.
        n_expression: Leading expression directions used; 0 means all of the head's.
        max_iterations: Most steps of the joint solve.
        tolerance: Relative fall of the cost, expected of a next step, below which it has converged.
        max_error_share: Landmark error, share of face height, above which a frame is invalid.
        max_yaw_deg: Turn of the head beyond which a frame is invalid, degrees.
        min_face_px: Face height below which a frame is invalid, px.
        min_certainty: Certainty of a face below which a frame is invalid, 0..1. In recordings of
            talk every frame is above 0.97.
        min_likeness: Likeness of mouth and eyes to how they usually look, below which a frame is
            invalid, -1..1; less in turned heads. Of frames of talk and grimaces 0.1 % are below it,
            of frames with the mouth behind a hand, a mask, a cup or a microphone 99 %.
        min_sharpness: Sharpness below which a frame is invalid, share of the recording's median.
    """

    focal_factor: float = 1.2
    most_focal_sd: float = 0.2
    landmark_noise: float = 0.025
    known_noise: float = 1.0
    score_noise: float = 1.3
    robust_scale: float = 3.0
    expression_sd: float = 0.35
    coefficient_sd: float = 1.0
    rest_pull: float = 0.5
    jaw_sd: tuple[float, float, float] = (0.2, 0.05, 0.03)
    shape_sd: float = 1.0
    shape_frames: float = 5.0
    turn_step: float = 0.004
    shift_step: float = 0.001
    jaw_step: float = 0.008
    expression_step: float = 0.04
    step_share: float = 0.15
    step_tail: float = 1.0
    most_shape_frames: int = 200
    chunk_seconds: float = 1.0
    n_shape: int = 0
    n_expression: int = 0
    max_iterations: int = 12
    tolerance: float = 1e-2
    max_error_share: float = 0.04
    max_yaw_deg: float = 60.0
    min_face_px: float = 48.0
    min_certainty: float = 0.9
    min_likeness: float = 0.42
    min_sharpness: float = 0.5


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """What of the motion the recognizer sees (METHOD section 5).

    Attributes:
        rate_hz: Motion is resampled to this rate, Hz.
        window_s: Length of a window, s.
        hop_s: Step between windows, s.
        max_gap_s: Longest run of invalid frames that is bridged by interpolation inside the
            resampling, s; a longer one ends a window.
        gaze: Whether the turns of the eyes are among the features.
    """

    rate_hz: float = 25.0
    window_s: float = 10.0
    hop_s: float = 5.0
    max_gap_s: float = 0.2
    gaze: bool = False


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Size of the Conformer.

    Attributes:
        width: Channels.
        n_blocks: Conformer blocks.
        n_heads: Attention heads.
        kernel: Frames of the depthwise convolution, odd.
        embedding: Numbers of an embedding.
        dropout: Share of activations dropped in training, 0..1.
    """

    width: int = 128
    n_blocks: int = 4
    n_heads: int = 4
    kernel: int = 15
    embedding: int = 128
    dropout: float = 0.1


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How the recognizer is trained.

    Attributes:
        speakers_per_batch: P of the P x K batches.
        windows_per_speaker: K of the P x K batches, from different sessions.
        temperature: tau of the supervised contrastive loss.
        learning_rate: Peak step size of AdamW.
        weight_decay: AdamW's.
        warmup_steps: Steps of linear warm-up.
        max_steps: Most steps.
        budget_minutes: Most wall time, minutes.
        window_s: Length of a training window, s.
        seed: Start of every random choice.
        margin_weight: Weight of the additive-margin softmax over the training speakers beside the
            contrastive loss; 0 leaves it out.
        margin: What it takes off the cosine with the own speaker.
        margin_scale: What it multiplies the cosines with.
        held_out_share: Share of the speakers whose sessions choose the weights, 0..0.5.
        check_steps: Steps between looks at the held-out sessions.
        patience: Looks without improvement after which training stops.
    """

    speakers_per_batch: int = 32
    windows_per_speaker: int = 2
    temperature: float = 0.1
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    warmup_steps: int = 50
    max_steps: int = 4000
    budget_minutes: float = 45.0
    window_s: float = 5.0
    seed: int = 0
    margin_weight: float = 0.0
    margin: float = 0.2
    margin_scale: float = 20.0
    held_out_share: float = 0.1
    check_steps: int = 200
    patience: int = 8


@dataclass(frozen=True, slots=True)
class TrustSettings:
    """Where "good" ends and "do not use" begins.

    Attributes:
        min_valid_share: Share of valid frames below which a session is a caution.
        unusable_valid_share: Share of valid frames below which it is not to be used.
        min_seconds: Valid time below which a session is a caution, s.
        unusable_seconds: Valid time below which it is not to be used, s.
        max_error_percent: Landmark error above which a session is a caution, % of face height.
        min_face_px: Face height below which a session is a caution, px.
        min_seen_seconds: Time for which one of several faces must be seen to be fitted, s.
        max_dnr: Corrected DNR above which the shape drifts.
        false_accept_rate: Share of strangers that may be taken for someone enrolled.
    """

    min_valid_share: float = 0.9
    unusable_valid_share: float = 0.5
    min_seconds: float = 10.0
    unusable_seconds: float = 3.0
    max_error_percent: float = 1.0
    min_face_px: float = 100.0
    min_seen_seconds: float = 1.0
    max_dnr: float = 1.0
    false_accept_rate: float = 0.05


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the program's core."""

    landmarks: LandmarkSettings = field(default_factory=LandmarkSettings)
    fit: FitSettings = field(default_factory=FitSettings)
    features: FeatureSettings = field(default_factory=FeatureSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    trust: TrustSettings = field(default_factory=TrustSettings)
