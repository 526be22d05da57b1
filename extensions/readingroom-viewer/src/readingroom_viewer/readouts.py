"""The values that the reader of one page asks for: how many may be asked, and what is written down of them.

The first value of a picture has its audit line before it leaves; those that follow of the same picture are counted in one
more line, when the reader turns to another picture, rests, or goes.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from readingroom import wire
from readingroom.errors import RecordsUnavailableError
from readingroom.reading.audit import AuditEntry, ReadOutAlarm, ReadOutLine
from readingroom.reading.readouts import ReadPixel
from readingroom_viewer.pixel_values import PixelValue
from readingroom_viewer.recorder import Later, now
from readingroom_viewer.records import ServerRecords

BATCH_S = 5.0
TOO_MANY = "Too many values were asked for in too short a time. Hold the pointer still and ask again."
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Picture:
    """The picture that is being read, and the values of it that no line tells of yet."""

    value: PixelValue
    unwritten: int = 0


class ReadOuts:
    """Follows the read-outs of one page. Knows no socket."""

    def __init__(self, records: ServerRecords, person: str, later: Later, alarmed: Callable[[str], None]) -> None:
        self._records = records
        self._person = person
        self._later = later
        self._alarmed = alarmed
        self._picture: _Picture | None = None

    def refusal(self) -> str:
        """Return why no value may be read just now, and count one that may; empty when all is well."""
        if words := self._records.audit.trouble():
            return words
        return "" if self._records.read_outs.may_read(self._person, now()) else TOO_MANY

    def answer(self, request: wire.ReadOutRequest, value: PixelValue) -> wire.ReadOut:
        """Write a value down and return what the page is told; raises ``RecordsUnavailableError`` when it cannot be."""
        self._note(value)
        return wire.ReadOut(
            viewport=request.viewport,
            number=request.number,
            sop_uid=value.reference.sop_uid,
            frame=value.reference.frame,
            text=value.text,
            place=value.place,
            notes=value.notes,
        )

    def close(self) -> None:
        """Write down what is not written yet."""
        if self._picture is not None:
            self._flush(self._picture)

    def _note(self, value: PixelValue) -> None:
        reference = value.reference
        if self._picture is None or _key(self._picture.value) != _key(value):
            self.close()
            self._records.audit.append(self._line(value, 1))
            self._picture = _Picture(value)
        else:
            self._picture.unwritten += 1
            if self._picture.unwritten == 1:
                self._later(BATCH_S, partial(self._flush, self._picture))
        sop_uid = reference.sop_uid or f"{value.series_uid} {value.plane}"
        pixel = ReadPixel(now(), self._person, value.study_uid, sop_uid, reference.frame, value.column, value.row)
        for alarm in self._records.read_outs.add(pixel):
            self._alarm(alarm)

    def _flush(self, picture: _Picture) -> None:
        count, picture.unwritten = picture.unwritten, 0
        if count:
            self._append(self._line(picture.value, count))

    def _line(self, value: PixelValue, pixels: int) -> ReadOutLine:
        return ReadOutLine(
            at=now(),
            person=self._person,
            study_uid=value.study_uid,
            series_uid=value.series_uid,
            sop_uid=value.reference.sop_uid,
            frame=value.reference.frame,
            reformat=value.plane,
            pixels=pixels,
        )

    def _alarm(self, alarm: ReadOutAlarm) -> None:
        log.warning("read-out alarm: %s", alarm)
        self._append(alarm)
        self._alarmed(f"{alarm.pixels} values were read out of one {alarm.kind}. This has been noted in the audit.")

    def _append(self, entry: AuditEntry) -> None:
        try:
            self._records.audit.append(entry)
        except RecordsUnavailableError as error:
            log.error("an audit entry was not kept: %s: %s", error, entry)  # noqa: TRY400 - its words say everything


def _key(value: PixelValue) -> tuple[object, ...]:
    return value.series_uid, value.reference.sop_uid, value.reference.frame, value.plane
