"""Where the audit is signed and copied to, read once from the service's environment."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLError

from readingroom_hub.audit.syslog import PORT, Target, tls_context
from readingroom_hub.settings import SettingsError

CHECKPOINT_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class AuditSettings:
    """What the audit of a run is told.

    ==================================  ====================================================================
    ``READINGROOM_AUDIT_FOLDER``        folder of the key, and of how far the audit was sent on; mode 0700
    ``READINGROOM_AUDIT_CHECKPOINTS``   the second place of the checkpoints: a file, best on another machine's disk
    ``READINGROOM_AUDIT_SYSLOG``        ``host`` or ``host:port`` of a repository (syslog over TLS); optional
    ``READINGROOM_AUDIT_SYSLOG_CA``     the authority (PEM) that the repository's certificate is of; optional
    ``READINGROOM_AUDIT_SYSLOG_CERT``   our own certificate and key in one file (PEM), if it asks for one; optional
    ==================================  ====================================================================
    """

    folder: Path
    checkpoints: Path
    target: Target | None = None

    @property
    def host(self) -> str:
        """What this machine is called in the records that are sent on."""
        return socket.gethostname().encode("ascii", "replace").decode("ascii").replace(" ", "-") or "-"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "AuditSettings | None":
        """Read them, None where no folder is named; raises ``SettingsError`` for what cannot be used."""
        folder = environment.get("READINGROOM_AUDIT_FOLDER", "")
        if not folder:
            return None
        second = environment.get("READINGROOM_AUDIT_CHECKPOINTS", "") or f"{folder}/audit_checkpoints.jsonl"
        return cls(Path(folder), Path(second), _target(environment))


def _target(environment: Mapping[str, str]) -> Target | None:
    named = environment.get("READINGROOM_AUDIT_SYSLOG", "")
    if not named:
        return None
    host, _, port = named.rpartition(":") if ":" in named else (named, "", str(PORT))
    if not (host and port.isascii() and port.isdigit() and int(port) in range(1, 65536)):
        raise SettingsError(f"READINGROOM_AUDIT_SYSLOG is {named!r}; it must be a host or host:port.")
    authority = environment.get("READINGROOM_AUDIT_SYSLOG_CA", "")
    own = environment.get("READINGROOM_AUDIT_SYSLOG_CERT", "")
    try:
        context = tls_context(Path(authority) if authority else None, Path(own) if own else None)
    except (OSError, SSLError) as error:
        raise SettingsError(f"The certificates for READINGROOM_AUDIT_SYSLOG cannot be used ({error}).") from error
    return Target(host, int(port), context)
