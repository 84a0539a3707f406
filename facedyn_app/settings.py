"""Settings of each stage: defaults, units and ranges in one place; saved with every result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from facedyn_app.clinical_settings import ClinicalSettings as ClinicalSettings
from facedyn_app.fit_settings import FitSettings as FitSettings
from facedyn_app.limits import setting

DEVICES = ("auto", "cpu", "cuda")
"""Names of devices: auto takes a CUDA device where there is one, else the processor."""

BUNDLE, MEDIAPIPE = "bundle", "mediapipe"
ENGINES = (BUNDLE, MEDIAPIPE)
"""Names of what follows faces: the landmarker's networks, run by the program, or Google's graph."""

MAX_FACES = 4


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How the pictures of a video file are read."""

    fps: float = setting(0.0, "Frame rate (0: the file's own)", 0, 1000, "frames/s").means(
        "Frames a second of every video, in even steps; 0 takes the file's own times, and 25 "
        "where it states none."
    )
    stream: int = setting(-1, "Film of several (-1: the main one)", -1, 99).means(
        "Which of several films in a file, from 0; -1 takes the main one."
    )
    mirrored_pixels: bool = setting(False, "Recorded mirrored").means(
        "The videos were mirrored when they were recorded, as front cameras and video calls do: "
        "left and right are exchanged back before anything is measured."
    )
    most_megapixels: float = setting(50.0, "Largest picture", 1, 1000, "megapixels").means(
        "Largest picture that is decoded; larger ones are refused."
    )


MEAN_NOISE = 0.86
"""Errors of the mean of a picture and its mirror image, of those of the picture alone: on rendered
films it takes off 26 % of the variance within a film (`fit.md`)."""


@dataclass(frozen=True, slots=True)
class LandmarkSettings:
    """How faces are found."""

    engine: str = setting(BUNDLE, "Engine", choices=ENGINES).means(
        "bundle runs the landmarker's networks in this program, on a GPU where there is one; "
        "mediapipe runs Google's own graph around them on the processor, for studies that must "
        "match MediaPipe frame by frame. It tells no certainty of a face."
    )
    min_detection: float = setting(0.5, "Least confidence of a face", 0, 1).means(
        "Least confidence of a detected face."
    )
    min_tracking: float = setting(0.5, "Least confidence to go on", 0, 1).means(
        "Least confidence to go on from the last frame."
    )
    max_faces: int = setting(MAX_FACES, "Most faces", 1, 8, "faces").means(
        "Faces looked for in a frame."
    )
    mirrored_mean: bool = setting(True, "Mean with the mirrored picture").means(
        "Measure each face in the mirrored picture as well and take the mean, so that a "
        "mirrored video gives mirrored answers. Not with a camera, nor with the engine mediapipe."
    )
    optical_flow: bool = setting(False, "Optical flow of the skin").means(
        "Follow the skin itself from pictures of the face at rest in a second pass over the "
        "video: movements in mm come out nearer to their true size. For measuring; not with a "
        "camera."
    )

    @property
    def takes_mean(self) -> bool:
        """Whether the mean with the mirrored picture is taken; MediaPipe's own graph knows none."""
        return self.mirrored_mean and self.engine != MEDIAPIPE


ONE_PICTURE = LandmarkSettings(max_faces=1, mirrored_mean=False)
"""One face in a picture as the networks see it: so a head's landmarks are placed, and what the
networks err by is measured, of which `MEAN_NOISE` is a share."""


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """What of the motion the recognizer sees."""

    rate_hz: float = setting(25.0, "Rate", 1, 1000, "Hz").means(
        "Motion is resampled to this rate, Hz."
    )
    window_s: float = setting(10.0, "Window", 0.1, 600, "s").means("Length of a window, s.")
    hop_s: float = setting(5.0, "Step between windows", 0.1, 600, "s").means(
        "Step between windows, s."
    )
    max_gap_s: float = setting(0.2, "Longest gap bridged", 0, 10, "s").means(
        "Longest run of invalid frames that is bridged by interpolation inside the resampling, "
        "s; a longer one ends a window."
    )
    gaze: bool = setting(False, "With the gaze").means(
        "Whether the turns of the eyes are among the features."
    )


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Size of the Conformer."""

    width: int = setting(48, "Width", 2, 2048, "channels").means("Channels.")
    n_blocks: int = setting(2, "Blocks", 1, 64).means("Conformer blocks.")
    n_heads: int = setting(4, "Attention heads", 1, 64).means("Attention heads.")
    kernel: int = setting(15, "Convolution", 1, 255, "frames").means(
        "Frames of the depthwise convolution, odd."
    )
    embedding: int = setting(128, "Embedding", 1, 4096, "numbers").means("Numbers of an embedding.")
    dropout: float = setting(0.1, "Dropout", 0, 0.9, "share").means(
        "Share of activations dropped in training."
    )
    statistics_dropout: float = setting(0.5, "Dropout of the statistics", 0, 0.9, "share").means(
        "Share of the pooled statistics dropped in training: few sessions are soon known by heart."
    )
    n_bands: int = setting(6, "Bands compared", 1, 64).means(
        "Bands of motion, slow to quick, in which channels are compared."
    )
    n_mixtures: int = setting(8, "Mixtures compared with", 1, 256).means(
        "Mixtures of channels with which each channel is compared."
    )

    def conflict(self) -> tuple[str, str] | None:
        """The size that does not go with the others, and what it must be; None where all do."""
        if self.kernel % 2 == 0:
            return "kernel", "must be an odd number"
        if self.width % self.n_heads or self.width % 2:
            return "width", "must be even, and a multiple of the attention heads"
        return None


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How the recognizer is trained."""

    speakers_per_batch: int = setting(128, "Speakers in a batch", 2, 4096).means(
        "P of the P x K batches; all speakers where there are fewer."
    )
    windows_per_speaker: int = setting(2, "Windows of each", 2, 64).means(
        "K of the P x K batches, from different sessions."
    )
    temperature: float = setting(0.1, "Temperature", 0.01, 10).means(
        "tau of the supervised contrastive loss."
    )
    learning_rate: float = setting(2e-3, "Step size", 1e-7, 1).means("Peak step size of AdamW.")
    weight_decay: float = setting(1e-2, "Weight decay", 0, 1).means("AdamW's.")
    warmup_steps: int = setting(20, "Warm-up", 0, 1e5, "steps").means("Steps of linear warm-up.")
    max_steps: int = setting(0, "Most steps (0: by the speakers)", 0, 1e7, "steps").means(
        "Most steps; 0 takes as many as the number of speakers needs."
    )
    budget_minutes: float = setting(45.0, "Time", 0.01, 1e5, "min").means(
        "Most wall time, minutes."
    )
    window_s: float = setting(6.0, "Training window", 0.5, 600, "s").means(
        "Length of a training window, s."
    )
    seed: int = setting(0, "Seed", 0, 2**31 - 1).means("Start of every random choice.")
    margin_weight: float = setting(0.0, "Weight of the margin loss", 0, 100).means(
        "Weight of the additive-margin softmax over the training speakers beside the "
        "contrastive loss; 0 leaves it out."
    )
    margin: float = setting(0.2, "Margin", 0, 1, "cosine").means(
        "What it takes off the cosine with the own speaker."
    )
    margin_scale: float = setting(20.0, "Scale of the cosines", 1, 1000, "times").means(
        "What it multiplies the cosines with."
    )
    shrinkage: float = setting(0.3, "Shrinkage within speakers", 0, 1, "share").means(
        "Share by which what is learnt of how windows of one speaker differ is believed less, "
        "at least: nearly 1 where people will be compared who are recorded otherwise than those "
        "who train, as when these are simulated."
    )
    held_out_share: float = setting(0.1, "Speakers held out", 0, 0.5, "share").means(
        "Share of the speakers whose sessions choose the weights."
    )
    check_steps: int = setting(50, "Look every", 1, 1e5, "steps").means(
        "Steps between looks at the held-out sessions."
    )
    patience: int = setting(6, "Stop after", 1, 1000, "looks").means(
        "Looks without improvement after which training stops."
    )


@dataclass(frozen=True, slots=True)
class TrustSettings:
    """Where "good" ends and "do not use" begins."""

    min_valid_share: float = setting(0.9, "Valid frames: caution below", 0, 1, "share").means(
        "Share of valid frames below which a session is a caution."
    )
    unusable_valid_share: float = setting(
        0.5, "Valid frames: do not use below", 0, 1, "share"
    ).means("Share of valid frames below which it is not to be used.")
    min_seconds: float = setting(10.0, "Valid time: caution below", 0, 3600, "s").means(
        "Valid time below which a session is a caution, s."
    )
    unusable_seconds: float = setting(3.0, "Valid time: do not use below", 0, 3600, "s").means(
        "Valid time below which it is not to be used, s."
    )
    max_error_percent: float = setting(
        1.0, "Landmark error: caution above", 0.01, 100, "% of face height"
    ).means("Landmark error above which a session is a caution, % of face height.")
    min_face_px: float = setting(100.0, "Face height: caution below", 1, 4000, "px").means(
        "Face height below which a session is a caution, px."
    )
    min_seen_seconds: float = setting(1.0, "Fit a face that is seen for", 0, 3600, "s").means(
        "Time for which one of several faces must be seen to be fitted, s."
    )
    max_dnr: float = setting(1.0, "Shape drifts where all of its DNR is above", 0, 100).means(
        "Corrected DNR above which the shape drifts, once all of its interval is."
    )
    far_shape: float = setting(3.0, "Shape is far away above", 0, 1000, "times its noise").means(
        "Times its noise that a head's shape lies away from a speaker's to be called far."
    )
    stands_out: float = setting(
        2.0, "A likely cause is worse than others by", 1.1, 100, "times"
    ).means(
        "Factor by which a session's conditions are worse than all others' to be named as the "
        "likely cause of a drift."
    )
    false_accept_rate: float = setting(
        0.05, "Strangers taken for someone", 1e-6, 0.5, "share"
    ).means("Share of strangers that may be taken for someone enrolled.")

    def conflict(self) -> tuple[str, str] | None:
        """The threshold that is on the wrong side of another; None where none is."""
        if self.unusable_valid_share > self.min_valid_share:
            return "unusable_valid_share", "must not be above that of a caution"
        if self.unusable_seconds > self.min_seconds:
            return "unusable_seconds", "must not be above that of a caution"
        return None


@dataclass(frozen=True, slots=True)
class MachineSettings:
    """Where the window's work is computed."""

    device: str = setting("auto", "Device", choices=DEVICES).means(
        "auto takes a CUDA device where there is one, else the processor."
    )
    threads: int = setting(0, "Threads (0: as many as help)", 0, 256, "threads").means(
        "Threads of the fit and of training, each; 0 leaves it to the program. Faces are found "
        "with one thread a core, or as many as OMP_NUM_THREADS says."
    )


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """What is kept of a video besides the motion."""

    file_names: bool = setting(True, "Keep names of video files").means(
        "Keep the video's file name with its session; it may name a person. The file's hash is "
        "kept in any case, so that no recording is enrolled twice."
    )
    embeddings: bool = setting(True, "Keep embeddings of sessions").means(
        "Keep the embeddings of enrolled sessions in the library, so that a large one is "
        "compared with at once. They are templates of persons like the sessions themselves."
    )
    lock_minutes: int = setting(15, "Lock a protected library after", 0, 1440, "min").means(
        "A protected library is locked when nobody has touched the window for so long, once the "
        "work in hand has ended; 0 leaves it open until it is locked or the window is closed."
    )


@dataclass(frozen=True, slots=True)
class AppearanceSettings:
    """How the window looks."""

    colours: str = setting("system", "Colours", choices=("system", "light", "dark")).means(
        "system follows the colours of the desktop."
    )


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
    clinical: ClinicalSettings = field(default_factory=ClinicalSettings)
    machine: MachineSettings = field(default_factory=MachineSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    appearance: AppearanceSettings = field(default_factory=AppearanceSettings)

    @property
    def fit_of_landmarks(self) -> FitSettings:
        """The fit's settings for a video's landmarks: the mean with the mirrored ones errs less."""
        if not self.landmarks.takes_mean:
            return self.fit
        return replace(self.fit, known_noise=MEAN_NOISE * self.fit.known_noise)
