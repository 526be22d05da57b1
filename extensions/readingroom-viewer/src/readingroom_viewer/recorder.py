"""From the frames of one page to its records: the audit line of what came to rest, coverage, and the watch over sweeps.

A picture is at rest when nothing newer was wished for a quarter of a second. Its line is written whether or not the page
acknowledges it, because it has left the server; only a page's acknowledgement makes the line say verified.
"""

import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from readingroom.errors import RecordsUnavailableError
from readingroom.pixels.gsdf import DisplayCurve
from readingroom.reading.audit import AuditEntry, AuditLine, SweepAlarm
from readingroom.reading.coverage import FrameKey, PaintedFrame, as_ranges, positions_of
from readingroom.reading.sweep import GRAY_CUTS, Cuts, SentPicture
from readingroom.wire import Walked
from readingroom_viewer.records import ServerRecords

REST_S = 0.25
UNACKNOWLEDGED_S = 2.0
"""A picture at rest that nobody acknowledged for so long is written down as not verified; a late word adds a line."""

MAX_IN_FLIGHT = 64
MAX_KEPT = 64
"""More positions than a page's ring holds before and behind the one it is at, however the reader turns."""

LOSSLESS = frozenset({"lz4", "raw", "png"})
"""Codecs whose pictures count as seen when their hash was equal."""

Later = Callable[[float, Callable[[], None]], object]
log = logging.getLogger(__name__)


def now() -> datetime:
    """Return the time that records are stamped with."""
    return datetime.now(UTC)


@dataclass(slots=True)
class _Viewport:
    """The newest wish of a viewport, the pictures on their way to it, and the one that may be at rest."""

    wanted: int = -1
    sent: int = 0
    """Pictures that left for it so far, and how many of them the lines written speak of."""
    told: int = 0
    on_the_way: dict[int, dict[str, Any]] = field(default_factory=dict)
    kept: OrderedDict[int, dict[str, Any]] = field(default_factory=OrderedDict)
    """The exact pictures that its page may hold in its ring, by position: the last one sent of each."""
    last: dict[str, Any] | None = None
    verified: bool | None = None
    written: bool | None = None
    """What the line of ``last`` said, None while there is none."""


class Recorder:
    """Follows one page. Knows no socket: it is told what was wished, sent and painted, and asks to be woken."""

    def __init__(self, records: ServerRecords, person: str, later: Later, alarmed: Callable[[str], None]) -> None:
        self._records = records
        self._person = person
        self._later = later
        self._alarmed = alarmed
        self._read = uuid.uuid4().hex
        self._viewports: dict[str, _Viewport] = {}

    def trouble(self) -> str:
        """Return why no picture may be sent just now: no audit, no pixels. Empty when all is well."""
        return self._records.audit.trouble()

    def wanted(self, viewport: str, seq: int) -> None:
        """Note the newest wish of a viewport: what is on the screen is no longer at rest."""
        known = self._viewports.setdefault(viewport, _Viewport())
        known.wanted = max(known.wanted, seq)

    def sent(self, header: dict[str, Any], curve: DisplayCurve | None = None) -> None:
        """Note a picture that left the server, by its header and the display curve that it went through."""
        known = self._viewports.setdefault(header["viewport"], _Viewport())
        known.sent += 1
        header["number"] = known.sent
        self._watch(header, GRAY_CUTS if curve is None else curve.thresholds)
        _keep(known, header)
        if header["type"] == "ahead":
            return
        known.on_the_way[header["seq"]] = header
        if len(known.on_the_way) > MAX_IN_FLIGHT:
            known.on_the_way.pop(next(iter(known.on_the_way)))
        self._shown(known, header)

    def walked(self, walked: Walked) -> None:
        """Note that the page painted a neighbour that it had been sent ahead: wished, sent and painted at once."""
        self.wanted(walked.viewport, walked.seq)
        known = self._viewports[walked.viewport]
        kept = known.kept.get(walked.position)
        if kept is None:
            return
        header = {**kept, "seq": walked.seq}
        self._shown(known, header)
        known.verified = walked.verified
        if walked.verified:
            self._cover(header)

    def painted(self, viewport: str, seq: int, *, verified: bool) -> None:
        """Note that the page painted the picture of ``seq``, and whether its hash was equal."""
        known = self._viewports.get(viewport)
        header = known.on_the_way.get(seq) if known is not None else None
        if known is None or header is None:
            return
        known.on_the_way = {number: one for number, one in known.on_the_way.items() if number >= seq}
        # The same state may come twice, first with loss and then exact: the second word about it counts too.
        if verified and _is_exact(header):
            self._cover(header)
        if known.last is header:
            known.verified = verified
            self._wake(known, header, REST_S)

    def close(self) -> None:
        """Write the lines of what was on the screen when the page went."""
        for known in self._viewports.values():
            if known.last is not None and (known.written is None or known.sent > known.told):
                self._write(known, known.last)

    def coverage(self, series_uid: str, frames: Sequence[FrameKey]) -> dict[str, Any]:
        """Return which positions this person has seen in this read, and which in earlier ones, as runs."""
        log_ = self._records.coverage
        now = positions_of(frames, log_.seen(self._person, series_uid, self._read))
        ever = positions_of(frames, log_.seen(self._person, series_uid))
        return {"seen": as_ranges(now), "before": as_ranges(set(ever) - set(now))}

    def _shown(self, known: _Viewport, header: dict[str, Any]) -> None:
        """Take a picture as the newest of its viewport; it gets its line when it comes to rest."""
        known.last, known.verified, known.written = header, None, None
        self._wake(known, header, REST_S)
        self._wake(known, header, REST_S + UNACKNOWLEDGED_S, unacknowledged=True)

    def _wake(self, known: _Viewport, header: dict[str, Any], after: float, *, unacknowledged: bool = False) -> None:
        self._later(after, lambda: self._rest(known, header, unacknowledged=unacknowledged))

    def _rest(self, known: _Viewport, header: dict[str, Any], *, unacknowledged: bool) -> None:
        if known.last is not header or known.wanted > header["seq"]:
            return
        if known.verified is None and not unacknowledged:
            return
        if known.written is None or (known.verified and not known.written):
            self._write(known, header)

    def _write(self, known: _Viewport, header: dict[str, Any]) -> None:
        known.written = known.verified is True
        moving = known.sent - known.told - (header["number"] > known.told)
        known.told = known.sent
        if not header["study_uid"]:  # a test pattern, which shows nothing of anybody
            return
        self._append(
            AuditLine(
                **self._named(header),
                pipeline=header["pipeline"],
                sha256=header["sha256"],
                verified=known.written,
                moving=moving,
            )
        )

    def _named(self, header: dict[str, Any]) -> dict[str, Any]:
        """Return what every record of a picture says of it: when, who, and of which frame."""
        frame = {name: header[name] for name in ("study_uid", "series_uid", "sop_uid", "frame")}
        return {"at": now(), "person": self._person, **frame}

    def _cover(self, header: dict[str, Any]) -> None:
        if not header["study_uid"] or not header["sop_uid"]:
            return
        frame = PaintedFrame(**self._named(header), read=self._read, position=header["position"])
        try:
            self._records.coverage.painted(frame)
        except RecordsUnavailableError as error:
            log.error("coverage was not kept: %s", error)  # noqa: TRY400 - its words say everything

    def _watch(self, header: dict[str, Any], cuts: Cuts) -> None:
        """Add a picture to what this person has been sent, and record an alarm that it raises before the next is sent."""
        window = header["window"] or header["drag_start"]
        if window is None or header["value_range"] is None or not header["study_uid"]:
            return
        picture = SentPicture(
            at=now(),
            person=self._person,
            study_uid=header["study_uid"],
            sop_uid=header["sop_uid"] or f"{header['series_uid']} {header['reformat']} {header['position']}",
            frame=header["frame"],
            pipeline=header["pipeline"],
            voi=(window["center"], window["width"], window["function"]),
            value_range=(header["value_range"][0], header["value_range"][1]),
            value_step=header["value_step"],
        )
        for alarm in self._records.sweeps.add(picture, cuts):
            self._alarm(alarm)

    def _alarm(self, alarm: SweepAlarm) -> None:
        log.warning("sweep alarm: %s", alarm)
        self._append(alarm)
        what = "one slice" if alarm.kind == "slice" else f"{alarm.slices} slices of this study"
        self._alarmed(f"So many windows over {what} could rebuild its stored values. This has been noted in the audit.")

    def _append(self, entry: AuditEntry) -> None:
        try:
            self._records.audit.append(entry)
        except RecordsUnavailableError as error:
            log.error("an audit entry was not kept: %s: %s", error, entry)  # noqa: TRY400 - its words say everything


def _is_exact(header: dict[str, Any]) -> bool:
    return header["codec"] in LOSSLESS and header["full_size"] is None


def _keep(known: _Viewport, header: dict[str, Any]) -> None:
    if not _is_exact(header):
        return
    known.kept[header["position"]] = header
    known.kept.move_to_end(header["position"])
    if len(known.kept) > MAX_KEPT:
        known.kept.popitem(last=False)
