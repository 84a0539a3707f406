"""Answers to whose a recording is: facts for scripts, text for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from facedyn_app.dynamics.session_qc import DO_NOT_USE, quality_text
from facedyn_app.formatting import NONE, indented, number, table
from facedyn_app.recognizer.scoring import LEAST_RATE, MOST_RATE
from facedyn_app.records import (
    Identification,
    KnownRecording,
    Match,
    MatchTrust,
    Verification,
    left_out_words,
)


def match_facts(matches: Sequence[Match], *, calibrated: bool = True) -> list[dict[str, object]]:
    """Name, score, probability and, where it was judged, trust of each match, in order.

    The probability is None where it is not calibrated for the recording.
    """
    return [
        {
            "name": match.name,
            "score": match.score,
            "probability": match.probability if calibrated else None,
            "trust": None if match.trust is None else _trust_facts(match.trust),
        }
        for match in matches
    ]


def _trust_facts(trust: MatchTrust) -> dict[str, object]:
    return {
        "verdict": trust.verdict,
        "reasons": trust.reasons,
        "shape_distance": trust.shape_distance,
    }


def identification_facts(answer: Identification, top: int | None = None) -> dict[str, object]:
    """An identification for scripts; `top` limits the matches."""
    return {
        "matches": match_facts(answer.matches[:top], calibrated=answer.calibrated),
        "calibrated": answer.calibrated,
        "known": answer.known if answer.calibrated else None,
        "threshold": answer.threshold if answer.calibrated else None,
        "n_enrolled": len(answer.matches),
        "n_windows": len(answer.window_seconds),
        "quality": asdict(answer.quality),
        "calibrated_on": answer.calibrated_on,
        "caution": answer.caution,
        "enrolled_as": known_facts(answer.recordings),
        "without_consent": answer.left_out.facts(),
    }


def known_facts(recordings: Sequence[KnownRecording]) -> list[dict[str, object]]:
    """The sessions that are of the very recording in question, for scripts."""
    return [{**asdict(one), "sentence": one.words} for one in recordings]


def identification_text(answer: Identification, top: int | None = None) -> str:
    """The answer in words, then the ranking, then how far to believe it."""
    parts = [answer.recording_words] if answer.recordings else []
    if answer.matches:
        parts += [_verdict(answer), _ranking(answer, top)]
    parts.append(quality_text(answer.quality))
    if answer.calibrated:
        parts.append(f"probabilities calibrated on: {answer.calibrated_on}")
    return "\n".join([*parts, *filter(None, [answer.left_out.words, answer.gallery_words])])


def _verdict(answer: Identification) -> str:
    answer, best = replace(answer, recordings=()), answer.matches[0]
    if not answer.calibrated:
        return f"{answer.words()}, score {number(best.score)}. {answer.caution}"
    limit, reached = map(answer.probability_words, (answer.threshold, best.probability))
    if not answer.known:
        reason = f": no probability reaches {limit}; nearest is {best.name}, {reached}."
    elif answer.quality.verdict == DO_NOT_USE:
        reason = f", probability {reached}, but the recording is too poor: do not trust this match."
    else:
        reason = f", probability {reached}, above the threshold of {limit}."
    return f"{answer.words()}{reason}"


def _ranking(answer: Identification, top: int | None) -> str:
    matches = answer.matches[:top]
    rows = [
        (
            str(rank),
            match.name,
            number(match.probability, 3) if answer.calibrated else "-",
            number(match.score, 3),
            "" if match.trust is None else match.trust.verdict,
        )
        for rank, match in enumerate(matches, start=1)
    ]
    lines = [
        indented(table(("", "speaker", "probability", "score", "trust"), rows, right=(0, 2, 3)))
    ]
    lines += [
        f"  {match.name}: {reason}"
        for match in matches
        if match.trust is not None
        for reason in match.trust.match_reasons
    ]
    return "\n".join(lines)


def identifications_text(answers: Sequence[tuple[str, Identification]]) -> str:
    """A line a recording: the best match, and whether it is the answer."""
    rows = []
    for name, answer in answers:
        if not answer.matches:
            rows.append((name, NONE, NONE, NONE, NONE, answer.quality.verdict))
            continue
        best = answer.matches[0]
        told = number(best.probability, 3) if answer.calibrated else "-"
        known = ("yes" if answer.known else "no") if answer.calibrated else "-"
        score = number(best.score, 3)
        rows.append((name, best.name, score, told, known, answer.quality.verdict))
    head = ("recording", "ranked first", "score", "probability", "known", "measurement")
    cautions = sorted({answer.caution for _, answer in answers if answer.caution})
    galleries = sorted({answer.gallery_words for _, answer in answers} - {""})
    galleries += sorted({answer.left_out.words for _, answer in answers} - {""})
    enrolled = [
        f"{name}: {answer.recording_words}" for name, answer in answers if answer.recordings
    ]
    return "\n".join([table(head, rows, right=(2, 3)), *enrolled, *cautions, *galleries])


def verification_facts(found: Verification) -> dict[str, object]:
    """A verification for scripts; numbers that are not calibrated are None."""
    calibrated = found.false_accept_rate is not None
    nothing = dict.fromkeys(("name", "score", "probability", "trust"))
    compared = [found.match] if found.match is not None else []
    return {
        **(match_facts(compared, calibrated=calibrated) or [nothing])[0],
        "answer": found.answer.value,
        "reason": found.reason,
        "false_accept_rate": found.false_accept_rate,
        "calibrated": calibrated,
        "calibrated_on": found.calibrated_on,
        "quality": asdict(found.quality),
        "enrolled_as": known_facts(found.recordings),
        "without_consent": found.left_out.facts(),
    }


def verification_text(found: Verification) -> str:
    """The answer, what it rests on, and how far to believe it."""
    told = [one.words for one in found.recordings]
    if found.match is None:
        parts = [f"{found.answer.value}.", *told, found.reason]
        lines = [" ".join(parts), quality_text(found.quality), found.left_out.words]
        return "\n".join(filter(None, lines))
    if told:
        told.append(left_out_words(found.recordings, [one.speaker for one in found.recordings]))
    lines = [f"{found.answer.value}. {found.reason}", f"score {number(found.match.score, 3)}"]
    lines += [" ".join(told)] if told else []
    rate = found.false_accept_rate
    if rate is not None:
        lines[1] += f", which {_share_words(rate)} of strangers reach with one speaker"
        lines.append(f"calibrated on: {found.calibrated_on}")
    if found.match.trust is not None:
        lines += [f"  {reason}" for reason in found.match.trust.match_reasons]
    return "\n".join(filter(None, [*lines, quality_text(found.quality), found.left_out.words]))


def _share_words(rate: float) -> str:
    """A false-accept rate, which is held at 0.001 and 0.5."""
    if rate <= LEAST_RATE:
        return f"at most {100 * LEAST_RATE:.1f} %"
    return "half or more" if rate >= MOST_RATE else f"{100 * rate:.1f} %"
