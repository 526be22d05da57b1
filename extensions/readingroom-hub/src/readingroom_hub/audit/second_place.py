"""Where checkpoints are written a second time: a file that is only ever added to, best on another machine's disk."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from readingroom.reading.checkpoints import Checkpoint, to_line
from readingroom.reading.pruning import Pruning, pruning_line
from readingroom.reading.witness import UNKNOWN, read_witness

log = logging.getLogger(__name__)


class SecondPlace:
    """A file of lines; ``size`` is how many entries its lines stand for. Raises ``OSError`` where it cannot be used."""

    def __init__(self, path: Path, key: Ed25519PublicKey) -> None:
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        written = path.read_bytes() if path.exists() else b""
        witness = read_witness(written.splitlines(), key)
        for words in witness.wrong:
            log.error("%s", words)
        self._torn = bool(written) and not written.endswith(b"\n")
        self.leaves = witness.leaves
        self.size = len(witness.leaves)

    def add(self, checkpoint: Checkpoint, leaves: Sequence[bytes]) -> None:
        """Add a line that is on the disk when this returns; ``leaves`` are those from ``size`` on."""
        self._append(to_line(checkpoint, leaves))
        self.size = checkpoint.size

    def begin_after(self, pruning: Pruning) -> None:
        """Begin a file that is new where entries were removed before; what it has not seen it cannot prove."""
        self._append(pruning_line(pruning))
        self.size, self.leaves = pruning.size, (UNKNOWN,) * pruning.size

    def _append(self, line: bytes) -> None:
        line = (b"\n" if self._torn else b"") + line
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._torn = True
            if os.write(descriptor, line) != len(line):
                raise OSError("the line was not written whole")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._torn = False
