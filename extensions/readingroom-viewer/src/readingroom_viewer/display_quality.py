"""The display of one page: its state, the patterns it is judged by, and the measurements that people enter."""

import logging
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from readingroom import wire
from readingroom.dicom.model import FrameReference
from readingroom.dicom.picture import Picture
from readingroom.errors import NotFoundError, RecordsUnavailableError
from readingroom.pixels.display_pattern import COLUMNS, COUNT, NAMES, ROWS, SQUARES, pattern
from readingroom.pixels.display_profile import gsdf_conformance
from readingroom.reading.display import UNKNOWN, DisplayRecord, DisplayState, display_state, expires, findings, result
from readingroom_viewer.headers import Shown, rendered_frame
from readingroom_viewer.outgoing import Rendered
from readingroom_viewer.records import ServerRecords

NATIVE, CORRECTED = "display-quality/native", "display-quality/corrected"
"""Two series of test patterns: driving levels as they are, and through the correction that images go through."""

MAX_SHOWN = 50
log = logging.getLogger(__name__)


def today() -> date:
    """Return the day where the server is: a calibration is dated by it and expires by it."""
    return datetime.now().astimezone().date()


def is_pattern(series_uid: str) -> bool:
    """Return whether a page asks for test patterns."""
    return series_uid in (NATIVE, CORRECTED)


def pattern_frame(request: wire.ViewRequest, display: DisplayState) -> Rendered:
    """Return a test pattern as a frame; raises ``NotFoundError`` for a number that there is not."""
    position = request.position or 0
    if position >= COUNT:
        raise NotFoundError(f"There are {COUNT} test patterns; there is no pattern {position + 1}.")
    pixels, curve = pattern(position), display.curve
    if request.series_uid == CORRECTED and curve is not None:
        pixels = curve.apply(pixels)
    reference = FrameReference(request.series_uid, position + 1, ROWS, COLUMNS)
    shown = Shown("", reference, COUNT, position, display=display)
    return rendered_frame(request, shown, Picture(pixels, None, (), None, "", (NAMES[position],)))


class PageDisplay:
    """The screen that a page says it is on. Its records are asked for again when the page says so or saves one."""

    def __init__(self, records: ServerRecords, person: str) -> None:
        self._records = records
        self._person = person
        self.name = ""
        self._kept: tuple[DisplayRecord, ...] = ()
        self._state = (today(), UNKNOWN)

    @property
    def state(self) -> DisplayState:
        """Return what holds today: a calibration expires while the page is open, too."""
        day, state = self._state
        if day != today():
            state = display_state(self._kept, today(), self._records.limits)
            self._state = (today(), state)
        return state

    def use(self, name: str) -> dict[str, Any]:
        """Take the display of this name, empty for none; return what the page is told about it."""
        self.name = name
        try:
            self._kept = tuple(self._records.displays.records(self._person, name)) if name else ()
            known = list(self._records.displays.displays(self._person))
        except RecordsUnavailableError as error:
            log.warning("the display records cannot be read: %s", error)
            self._kept, known = (), []
        state = display_state(self._kept, today(), self._records.limits)
        self._state = (today(), state)
        return {
            "type": "display",
            "display": name,
            "displays": known,
            "calibrated": state.calibrated,
            "words": state.words,
            "curve": state.digest,
            "records": [self._told(record) for record in reversed(self._kept[-MAX_SHOWN:])],
        }

    def measure(self, request: wire.MeasureRequest) -> dict[str, Any]:
        """Check a measurement and, when the page asks for it, keep it; raises what an impossible measurement raises."""
        correction = self._state[1].correction
        if request.corrected and correction is None:
            raise NotFoundError("Measure the screen as it is first: there is no correction yet to measure through.")
        record = DisplayRecord(
            person=self._person,
            display=self.name if self.name == request.display else request.display,
            measured=today(),
            luminance=request.luminance,
            ambient=request.ambient,
            dark=request.dark,
            bright=request.bright,
            through=correction.digest if request.corrected and correction is not None else "",
        )
        if request.save:
            self._records.displays.save(record)
        return {
            "type": "measured",
            "saved": request.save,
            "result": result(record, self._records.limits),
            "findings": [asdict(finding) for finding in findings(record, self._records.limits)],
            "steps": [round(step, 4) for step in gsdf_conformance(record.profile).steps],
            "levels": list(SQUARES),
            "message": "",
        }

    def _told(self, record: DisplayRecord) -> dict[str, Any]:
        return {
            "measured": record.measured.isoformat(),
            "corrected": bool(record.through),
            "result": result(record, self._records.limits),
            "contrast": findings(record, self._records.limits)[0].value,
            "brightest": record.total[1],
            "expires": expires(record, self._records.limits).isoformat(),
        }
