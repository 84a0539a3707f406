"""Settings of each stage: defaults, units and ranges in one place; saved with every result."""

from __future__ import annotations

from dataclasses import dataclass, field

from facedyn_app.limits import setting

CAMERA, NOISE, PRIORS = "Camera", "Noise", "What is usual"
STEPS, SIZES = "From frame to frame", "Sizes and solver"
LEFT_OUT = "Frames left out"


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How the pictures of a video file are read.

    Attributes:
        fps: Frames a second of every video, in even steps; 0 takes the file's own times, and 25
            where it states none.
        stream: Which of several films in a file, from 0; -1 takes the main one.
        mirrored_pixels: The videos were mirrored when they were recorded, as front cameras and
            video calls do: left and right are exchanged back before anything is measured.
        most_megapixels: Largest picture that is decoded; larger ones are refused.
    """

    fps: float = setting(0.0, "Frame rate (0: the file's own)", 0, 1000, "frames/s")
    stream: int = setting(-1, "Film of several (-1: the main one)", -1, 99)
    mirrored_pixels: bool = setting(False, "Recorded mirrored")
    most_megapixels: float = setting(50.0, "Largest picture", 1, 1000, "megapixels")


@dataclass(frozen=True, slots=True)
class LandmarkSettings:
    """How faces are found.

    Attributes:
        min_detection: Least confidence of a detected face.
        min_tracking: Least confidence to go on from the last frame.
        max_faces: Faces looked for in a frame.
        mirrored_mean: Measure each face in the mirrored picture as well and take the mean, so that
            a mirrored video gives mirrored answers. Not with a camera.
    """

    min_detection: float = setting(0.5, "Least confidence of a face", 0, 1)
    min_tracking: float = setting(0.5, "Least confidence to go on", 0, 1)
    max_faces: int = setting(4, "Most faces", 1, 8, "faces")
    mirrored_mean: bool = setting(False, "Mean with the mirrored picture")


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How the head is fitted to the landmarks (METHOD section 3).

    Attributes:
        focal_factor: Focal length over the longer image side where it is not known better.
        most_focal_sd: Standard deviation of the logarithm of the estimated focal length up to which
            the estimate is used; 0 always takes `focal_factor`.
        landmark_noise: Standard deviation of a landmark of weight 1, share of face height.
            Larger than the scatter seen, since the errors of neighbouring landmarks go together:
            chosen on rendered faces of known motion, where 0.006 lets noise into expressions.
        known_noise: Factor on the landmarks' errors where they were measured.
        score_noise: Factor on the errors of the blendshape scores beside that: they were measured
            on painted heads. On rendered faces 1 is best; on a performance made by others lengths
            come nearer to their true size with 2 and more.
        robust_scale: Residual of a frame, in noise units, beyond which it counts less.
        expression_sd: Prior standard deviation of an activation of 0..1, mean over the channels.
        coefficient_sd: The same of heads whose expression coefficients are standard deviations
            (FLAME).
        coactivation: Share of an activation's prior variance that it has in common with the actions
            that it usually goes with (`fitting.motion_prior`).
        jaw_sd: Prior standard deviations of the jaw's rotation vector, rad.
        shape_sd: Prior standard deviation of a shape coefficient.
        shape_frames: Frames' worth of independent landmark errors in a recording, for the shape.
        held_share: Deviation of an expression that is held over a recording, of that in a frame;
            like the next three for the shape alone (`fitting.shape_evidence`).
        action_variation: How much a person's own variant of an action differs from the head's,
            share of its displacement.
        variation_reach: How far over the face such a difference reaches, m.
        rest_score_noise: Deviation of a face's scores at rest, of their errors.
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
        min_certainty: Certainty of a face below which a frame is invalid. In recordings of
            talk every frame is above 0.97.
        min_likeness: Likeness of mouth and eyes to how they usually look (`landmarks.looks`), below
            which a frame is invalid, -1..1; less in turned heads. Of frames of talk, grimaces and
            wide mouths less than 0.1 % are below it, of frames with the mouth behind a hand, a
            mask, a cup or a microphone 98 %, with half of it behind a hand 88 %.
        min_sharpness: Sharpness below which a frame is invalid, share of the recording's median.
    """

    focal_factor: float = setting(1.2, "Focal length", 0.5, 5, "longer image sides", CAMERA)
    most_focal_sd: float = setting(0.2, "Use the estimated one up to", 0, 1, "log", CAMERA)
    landmark_noise: float = setting(0.025, "Noise of a landmark", 0.001, 0.2, "face heights", NOISE)
    known_noise: float = setting(1.0, "Factor where it was measured", 0.1, 10, "times", NOISE)
    score_noise: float = setting(2.2, "Factor of the action scores", 0.1, 100, "times", NOISE)
    robust_scale: float = setting(3.0, "Counts less from", 0.5, 100, "noise units", NOISE)
    expression_sd: float = setting(0.4, "Expressions of 0 to 1", 0.01, 10, "sd", PRIORS)
    coefficient_sd: float = setting(1.0, "Other expressions", 0.01, 10, "sd", PRIORS)
    coactivation: float = setting(0.92, "In common with other actions", 0, 0.99, "share", PRIORS)
    jaw_sd: tuple[float, float, float] = setting(
        (0.2, 0.05, 0.03), "Jaw about x, y, z", 0.001, 1, "rad", PRIORS
    )
    shape_sd: float = setting(1.0, "Shape", 0.01, 10, "sd", PRIORS)
    shape_frames: float = setting(6.0, "Independent frames", 0.1, 1e5, "frames", PRIORS)
    held_share: float = setting(0.7, "Held expression, of a frame's", 0.01, 100, "times", PRIORS)
    action_variation: float = setting(0.3, "A person's own actions", 0, 10, "share", PRIORS)
    variation_reach: float = setting(0.01, "Their reach", 0.001, 0.2, "m", PRIORS)
    rest_score_noise: float = setting(3.5, "Scores of a face at rest", 0, 1000, "times", NOISE)
    turn_step: float = setting(0.004, "Turn of the head", 1e-5, 1, "rad", STEPS)
    shift_step: float = setting(0.001, "Shift of the head", 1e-5, 1, "m", STEPS)
    jaw_step: float = setting(0.008, "Turn of the jaw", 1e-5, 1, "rad", STEPS)
    expression_step: float = setting(0.04, "Step of an expression", 1e-4, 10, "share", STEPS)
    step_share: float = setting(0.25, "Step by its own spread", 0, 100, "of its spread", STEPS)
    step_tail: float = setting(1.0, "Pays less from", 0.1, 100, "steps", STEPS)
    most_shape_frames: int = setting(200, "Frames for the shape", 1, 10000, "frames", SIZES)
    chunk_seconds: float = setting(1.0, "Chunk of shape", 0.2, 60, "s", SIZES)
    n_shape: int = setting(0, "Shape directions (0: all)", 0, 1000, "", SIZES)
    n_expression: int = setting(0, "Expression directions (0: all)", 0, 1000, "", SIZES)
    max_iterations: int = setting(12, "Most steps of the solver", 1, 200, "steps", SIZES)
    tolerance: float = setting(1e-2, "Converged below", 1e-8, 0.5, "of the cost", SIZES)
    max_error_share: float = setting(
        0.04, "Most landmark error", 0.001, 1, "face heights", LEFT_OUT
    )
    max_yaw_deg: float = setting(60.0, "Most turn of the head", 5, 90, "degrees", LEFT_OUT)
    min_face_px: float = setting(48.0, "Least face height", 8, 2000, "px", LEFT_OUT)
    min_certainty: float = setting(0.9, "Least certainty", 0, 1, "", LEFT_OUT)
    min_likeness: float = setting(0.3, "Least likeness", -1, 1, "", LEFT_OUT)
    min_sharpness: float = setting(0.5, "Least sharpness", 0, 1, "of the median", LEFT_OUT)


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

    rate_hz: float = setting(25.0, "Rate", 1, 1000, "Hz")
    window_s: float = setting(10.0, "Window", 0.1, 600, "s")
    hop_s: float = setting(5.0, "Step between windows", 0.1, 600, "s")
    max_gap_s: float = setting(0.2, "Longest gap bridged", 0, 10, "s")
    gaze: bool = setting(False, "With the gaze")


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Size of the Conformer.

    Attributes:
        width: Channels.
        n_blocks: Conformer blocks.
        n_heads: Attention heads.
        kernel: Frames of the depthwise convolution, odd.
        embedding: Numbers of an embedding.
        dropout: Share of activations dropped in training.
        statistics_dropout: Share of the pooled statistics dropped in training: few sessions are
            soon known by heart.
        n_bands: Bands of motion, slow to quick, in which channels are compared.
        n_mixtures: Mixtures of channels with which each channel is compared.
    """

    width: int = setting(48, "Width", 2, 2048, "channels")
    n_blocks: int = setting(2, "Blocks", 1, 64)
    n_heads: int = setting(4, "Attention heads", 1, 64)
    kernel: int = setting(15, "Convolution", 1, 255, "frames")
    embedding: int = setting(128, "Embedding", 1, 4096, "numbers")
    dropout: float = setting(0.1, "Dropout", 0, 0.9, "share")
    statistics_dropout: float = setting(0.5, "Dropout of the statistics", 0, 0.9, "share")
    n_bands: int = setting(6, "Bands compared", 1, 64)
    n_mixtures: int = setting(8, "Mixtures compared with", 1, 256)

    def conflict(self) -> tuple[str, str] | None:
        """The size that does not go with the others, and what it must be; None where all do."""
        if self.kernel % 2 == 0:
            return "kernel", "must be an odd number"
        if self.width % self.n_heads or self.width % 2:
            return "width", "must be even, and a multiple of the attention heads"
        return None


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How the recognizer is trained.

    Attributes:
        speakers_per_batch: P of the P x K batches; all speakers where there are fewer.
        windows_per_speaker: K of the P x K batches, from different sessions.
        temperature: tau of the supervised contrastive loss.
        learning_rate: Peak step size of AdamW.
        weight_decay: AdamW's.
        warmup_steps: Steps of linear warm-up.
        max_steps: Most steps; 0 takes as many as the number of speakers needs.
        budget_minutes: Most wall time, minutes.
        window_s: Length of a training window, s.
        seed: Start of every random choice.
        margin_weight: Weight of the additive-margin softmax over the training speakers beside the
            contrastive loss; 0 leaves it out.
        margin: What it takes off the cosine with the own speaker.
        margin_scale: What it multiplies the cosines with.
        shrinkage: Share by which what is learnt of how windows of one speaker differ is believed
            less, at least: nearly 1 where people will be compared who are recorded otherwise than
            those who train, as when these are simulated.
        held_out_share: Share of the speakers whose sessions choose the weights.
        check_steps: Steps between looks at the held-out sessions.
        patience: Looks without improvement after which training stops.
    """

    speakers_per_batch: int = setting(128, "Speakers in a batch", 2, 4096)
    windows_per_speaker: int = setting(2, "Windows of each", 2, 64)
    temperature: float = setting(0.1, "Temperature", 0.01, 10)
    learning_rate: float = setting(2e-3, "Step size", 1e-7, 1)
    weight_decay: float = setting(1e-2, "Weight decay", 0, 1)
    warmup_steps: int = setting(20, "Warm-up", 0, 1e5, "steps")
    max_steps: int = setting(0, "Most steps (0: by the speakers)", 0, 1e7, "steps")
    budget_minutes: float = setting(45.0, "Time", 0.01, 1e5, "min")
    window_s: float = setting(6.0, "Training window", 0.5, 600, "s")
    seed: int = setting(0, "Seed", 0, 2**31 - 1)
    margin_weight: float = setting(0.0, "Weight of the margin loss", 0, 100)
    margin: float = setting(0.2, "Margin", 0, 1, "cosine")
    margin_scale: float = setting(20.0, "Scale of the cosines", 1, 1000, "times")
    shrinkage: float = setting(0.3, "Shrinkage within speakers", 0, 1, "share")
    held_out_share: float = setting(0.1, "Speakers held out", 0, 0.5, "share")
    check_steps: int = setting(50, "Look every", 1, 1e5, "steps")
    patience: int = setting(6, "Stop after", 1, 1000, "looks")


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
        max_dnr: Corrected DNR above which the shape drifts, once all of its interval is.
        far_shape: Times its noise that a head's shape lies away from a speaker's to be called far.
        stands_out: Factor by which a session's conditions are worse than all others' to be named
            as the likely cause of a drift.
        false_accept_rate: Share of strangers that may be taken for someone enrolled.
    """

    min_valid_share: float = setting(0.9, "Valid frames: caution below", 0, 1, "share")
    unusable_valid_share: float = setting(0.5, "Valid frames: do not use below", 0, 1, "share")
    min_seconds: float = setting(10.0, "Valid time: caution below", 0, 3600, "s")
    unusable_seconds: float = setting(3.0, "Valid time: do not use below", 0, 3600, "s")
    max_error_percent: float = setting(
        1.0, "Landmark error: caution above", 0.01, 100, "% of face height"
    )
    min_face_px: float = setting(100.0, "Face height: caution below", 1, 4000, "px")
    min_seen_seconds: float = setting(1.0, "Fit a face that is seen for", 0, 3600, "s")
    max_dnr: float = setting(1.0, "Shape drifts where all of its DNR is above", 0, 100)
    far_shape: float = setting(3.0, "Shape is far away above", 0, 1000, "times its noise")
    stands_out: float = setting(2.0, "A likely cause is worse than others by", 1.1, 100, "times")
    false_accept_rate: float = setting(0.05, "Strangers taken for someone", 1e-6, 0.5, "share")

    def conflict(self) -> tuple[str, str] | None:
        """The threshold that is on the wrong side of another; None where none is."""
        if self.unusable_valid_share > self.min_valid_share:
            return "unusable_valid_share", "must not be above that of a caution"
        if self.unusable_seconds > self.min_seconds:
            return "unusable_seconds", "must not be above that of a caution"
        return None


@dataclass(frozen=True, slots=True)
class MachineSettings:
    """Where the window's work is computed.

    Attributes:
        device: auto takes a CUDA device where there is one, else the processor.
        threads: Threads of the fit and of training, each; 0 leaves it to the program. Faces are
            found with one thread a core.
    """

    device: str = setting("auto", "Device", choices=("auto", "cpu", "cuda"))
    threads: int = setting(0, "Threads (0: as many as help)", 0, 256, "threads")


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """What is kept of a video besides the motion.

    Attributes:
        file_names: Keep the video's file name with its session; it may name a person. The file's
            hash is kept in any case, so that no recording is enrolled twice.
        embeddings: Keep the embeddings of enrolled sessions in the library, so that a large one
            is compared with at once. They are templates of persons like the sessions themselves.
    """

    file_names: bool = setting(True, "Keep names of video files")
    embeddings: bool = setting(True, "Keep embeddings of sessions")


@dataclass(frozen=True, slots=True)
class AppearanceSettings:
    """How the window looks.

    Attributes:
        colours: system follows the colours of the desktop.
    """

    colours: str = setting("system", "Colours", choices=("system", "light", "dark"))


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of the program."""

    video: VideoSettings = field(default_factory=VideoSettings)
    landmarks: LandmarkSettings = field(default_factory=LandmarkSettings)
    fit: FitSettings = field(default_factory=FitSettings)
    features: FeatureSettings = field(default_factory=FeatureSettings)
    network: NetworkSettings = field(default_factory=NetworkSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    trust: TrustSettings = field(default_factory=TrustSettings)
    machine: MachineSettings = field(default_factory=MachineSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    appearance: AppearanceSettings = field(default_factory=AppearanceSettings)
