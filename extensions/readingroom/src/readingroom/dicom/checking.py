"""Trying to show every object of a source, so that what cannot be shown is known with its reason before anyone needs it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from readingroom.dicom.model import Instance
from readingroom.dicom.picture import load_frame
from readingroom.dicom.source import StudySource
from readingroom.errors import ReadingRoomError
from readingroom.pixels.codecs import uid_name

Verdict = Literal["shown", "not_shown", "not_image", "passed_over"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one object or file.

    ``not_image`` is an object of a SOP class without pixels, ``passed_over`` a file that is no object of its own; neither
    is a failure. ``reason`` is plain English, empty for what was shown; ``frame`` the frame that failed, 0 for none.
    """

    path: str
    verdict: Verdict
    reason: str = ""
    frame: int = 0
    sop_uid: str = ""
    sop_class: str = ""
    transfer_syntax: str = ""


def check(source: StudySource, *, all_frames: bool = False) -> Iterator[Finding]:
    """Yield a finding for each object and each file passed over.

    Each image is decoded and rendered: its first and its middle frame, or all of them. Nothing is raised for an object.
    """
    for study in source.studies():
        for series in source.series(study.uid):
            for instance in source.instances(series.uid):
                yield _check(source, instance, all_frames=all_frames)
    for problem in source.problems():
        yield Finding(problem.path, "not_shown" if problem.kind == "unreadable" else "passed_over", problem.reason)


def _check(source: StudySource, instance: Instance, *, all_frames: bool) -> Finding:
    if not instance.frame_count:
        return _finding(instance, "not_image", f"is not an image but {uid_name(instance.sop_class_uid)}")
    frames = range(1, instance.frame_count + 1) if all_frames else sorted({1, (instance.frame_count + 1) // 2})
    for frame in frames:
        try:
            load_frame(source, instance.sop_uid, frame).picture()
        except ReadingRoomError as error:
            return _finding(instance, "not_shown", str(error), frame)
        except Exception as error:  # noqa: BLE001 - an object that breaks us is what this looks for; it is told, not hidden
            return _finding(instance, "not_shown", f"An error of ours: {type(error).__name__}: {error}"[:200], frame)
    return _finding(instance, "shown")


def _finding(instance: Instance, verdict: Verdict, reason: str = "", frame: int = 0) -> Finding:
    return Finding(
        instance.path,
        verdict,
        reason,
        frame,
        instance.sop_uid,
        uid_name(instance.sop_class_uid),
        uid_name(instance.transfer_syntax_uid),
    )
