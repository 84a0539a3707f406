"""`facedyn fit --face all`: a session file for every face of a video, its pixels read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from facedyn_app.analysis import FollowedVideo, fit_face, follow_video
from facedyn_app.cli.options import DEFAULT_HEAD
from facedyn_app.cli.places import check_output_file, naming
from facedyn_app.cli.recordings import Reading, check_recording, numbered, read_ready_head
from facedyn_app.cli.tables import NONE, indented, number, table
from facedyn_app.cli.verb import Outcome
from facedyn_app.dynamics.quality import assess_quality
from facedyn_app.errors import TooLittleError
from facedyn_app.headmodel.model import HeadModel
from facedyn_app.landmarks import SeenFace
from facedyn_app.library.session_file import save_session
from facedyn_app.progress import OnProgress, Progress
from facedyn_app.records import Quality
from facedyn_app.settings import Settings

_HEADS = ("face", "seen/s", "valid %", "error %", "measurement", "session")


@dataclass(frozen=True, slots=True, eq=False)
class _FaceAnswer:
    """What became of one face.

    Attributes:
        seen: The face.
        session: Its session file; None where it was left out.
        quality: Of its session; None where it was left out.
        left_out: Why it was left out; empty where it was fitted.
    """

    seen: SeenFace
    session: Path | None = None
    quality: Quality | None = None
    left_out: str = ""

    @property
    def valid_share(self) -> float | None:
        """Share of the frames in which it was seen that are valid, 0..1."""
        return None if self.quality is None else self.quality.n_valid / self.seen.n_frames

    def facts(self) -> dict[str, object]:
        """The same for scripts."""
        return {
            "number": self.seen.number,
            "seconds_seen": self.seen.seconds,
            "first_seconds": self.seen.first_seconds,
            "last_seconds": self.seen.last_seconds,
            "n_seen": self.seen.n_frames,
            "valid_share": self.valid_share,
            "session": self.session,
            "quality": None if self.quality is None else asdict(self.quality),
            "left_out": self.left_out or None,
        }


def face_file(out: Path, face: int) -> Path:
    """Where the session of a face goes: face 2 of `visit.npz` to `visit-face2.npz`."""
    return out.with_name(f"{out.stem}-face{face}{out.suffix}")


def fit_every_face(video: Path, out: Path, reading: Reading, on_progress: OnProgress) -> Outcome:
    """Follow all faces of a video in one pass and fit each that is seen long enough.

    Args:
        video: The video.
        out: The session files' name, before the faces' numbers are put into it.
        reading: Head and how much of it, device.
        on_progress: Called several times a second; may raise Cancelled.

    Raises:
        InputError: The video or the head cannot be read, or there is no face or no such device.
        OutputError: A file cannot be written; mostly this is found out before the work.
        MismatchError: The head has fewer directions than are asked for.
        TooLittleError: No face is seen long enough.
    """
    check_recording(video, reading)
    check_output_file(face_file(out, 1), inputs=(video,))
    head = read_ready_head(reading.head or DEFAULT_HEAD, on_progress)
    settings = reading.settings()
    with naming(video):
        followed = follow_video(
            video, head, settings, device=reading.device, on_progress=on_progress
        )
        followed.tracks.number_of()  # says so where there is no face at all
        answers = _fit_each(followed, head, out, reading, on_progress)
        if not any(answer.session for answer in answers):
            raise TooLittleError(
                f"No face in the video '{video}' can be fitted: {answers[0].left_out}.",
                "Use a video in which a face is seen from the front for some seconds.",
            )
    return _outcome(followed, head, answers)


def _fit_each(
    followed: FollowedVideo, head: HeadModel, out: Path, reading: Reading, on_progress: OnProgress
) -> list[_FaceAnswer]:
    settings = reading.settings()
    answers = []
    faces = sorted(followed.tracks.faces(), key=lambda face: face.number)
    for count, seen in enumerate(faces, start=1):
        least = settings.trust.min_seen_seconds
        if seen.seconds < least:
            words = f"face {seen.number} is seen for {seen.seconds:.1f} s only, less than {least:g}"
            answers.append(_FaceAnswer(seen, left_out=words))
            continue
        within = numbered(on_progress, Path(f"face {seen.number}"), count, len(faces))
        try:
            answers.append(_fit_one(followed, seen, head, out, settings, reading.device, within))
        except TooLittleError as error:
            answers.append(_FaceAnswer(seen, left_out=error.sentence.rstrip(".")))
    return answers


def _fit_one(
    followed: FollowedVideo,
    seen: SeenFace,
    head: HeadModel,
    out: Path,
    settings: Settings,
    device: str,
    on_progress: OnProgress,
) -> _FaceAnswer:
    on_progress(Progress("fitting", 0))
    analysis = fit_face(
        followed, head, settings, device=device, face=seen.number, on_progress=on_progress
    )
    path = face_file(out, seen.number)
    save_session(analysis.session, path)
    return _FaceAnswer(seen, path, assess_quality(analysis.session, settings.trust))


def _outcome(followed: FollowedVideo, head: HeadModel, answers: Sequence[_FaceAnswer]) -> Outcome:
    fitted = [answer for answer in answers if answer.session is not None]
    facts = {
        "video": followed.info.path,
        "head_id": head.head_id,
        "n_frames": followed.tracks.n_frames,
        "n_faces": len(answers),
        "n_fitted": len(fitted),
        "simulated": followed.info.simulated,
        "faces": [answer.facts() for answer in answers],
    }
    made = ", simulated" if followed.info.simulated else ""
    lines = [
        f"{followed.info.path.name}{made}: {len(fitted)} of {len(answers)} faces fitted with head "
        f"{head.head_id}",
        indented(table(_HEADS, [_row(answer) for answer in answers], right=(0, 1, 2, 3))),
        "valid: of the frames in which the face was seen",
        *(f"left out: {answer.left_out}" for answer in answers if answer.left_out),
    ]
    return Outcome(facts, "\n".join(lines))


def _row(answer: _FaceAnswer) -> tuple[str, ...]:
    seen, quality = answer.seen, answer.quality
    first = (str(seen.number), number(seen.seconds, 1))
    if quality is None or answer.valid_share is None:
        return (*first, NONE, NONE, NONE, "left out")
    measured = (number(100 * answer.valid_share, 0), number(quality.error_percent_face))
    return (*first, *measured, quality.verdict, str(answer.session))
