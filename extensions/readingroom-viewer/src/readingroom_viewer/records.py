"""Where this server keeps what has to be kept, and what of it all pages share."""

from dataclasses import dataclass, field
from pathlib import Path

from readingroom.reading.audit import AuditLog
from readingroom.reading.coverage import CoverageLog
from readingroom.reading.display import DisplayLimits, DisplayRecords
from readingroom.reading.local import LocalRecords
from readingroom.reading.readouts import ReadOutWatch
from readingroom.reading.sweep import SweepWatch
from readingroom_viewer.remote_records import RemoteRecords


@dataclass(frozen=True, slots=True)
class ServerRecords:
    """The three kinds of records behind their protocols, the limits of displays, and what watches over sweeps and read-outs.

    Both watches are the server's, not a page's: whoever opens page after page is the same person.
    """

    audit: AuditLog
    coverage: CoverageLog
    displays: DisplayRecords
    limits: DisplayLimits
    sweeps: SweepWatch = field(default_factory=SweepWatch)
    read_outs: ReadOutWatch = field(default_factory=ReadOutWatch)

    @classmethod
    def local(cls, path: Path, display_days: int) -> "ServerRecords":
        """Return records in one SQLite file; a file that cannot be written is said with every picture that is asked for."""
        kept = LocalRecords(path)
        return cls(kept, kept, kept, DisplayLimits(max_age=display_days))

    @classmethod
    def remote(cls, kept: RemoteRecords, display_days: int) -> "ServerRecords":
        """Return records that the hub's service keeps; while it is away nothing is shown."""
        return cls(kept, kept, kept, DisplayLimits(max_age=display_days))
