"""How the service was started, kept beside its audit, so that a command never removes by other periods than the site's.

An administrator's shell, or a timer, has not the environment of the service; a period that is missing there must not become
the usual one.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from readingroom.reading.retention import Kept, Retention
from readingroom_hub.audit.settings import AuditSettings
from readingroom_hub.settings import retention_variables

FILE = "as-started"


def keep(audit: AuditSettings, retention: Retention) -> None:
    """Write the periods and what the audit is copied and sent to; raises ``OSError``."""
    told = retention_variables(Retention({kind: retention.of(kind) for kind in Kept}))
    told["READINGROOM_AUDIT_CHECKPOINTS"] = str(audit.checkpoints.absolute())
    if audit.target is not None:
        told["READINGROOM_AUDIT_SYSLOG"] = audit.target.host
    audit.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = audit.folder / f"{FILE}.new"
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in told.items())
    unfinished.replace(audit.folder / FILE)


def known(folder: Path, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables as the service was started with; this shell's own where no service ever was."""
    path = folder / FILE
    if not path.is_file():
        return environment
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {name: value for name, _, value in pairs}
