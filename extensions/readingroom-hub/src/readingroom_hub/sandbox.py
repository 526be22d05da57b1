"""What a server sees of the machine: bubblewrap command lines, and whether bubblewrap can run here at all."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from readingroom_hub.servers import ServerKind
from readingroom_hub.settings import HubSettings

HOME = "/home/reader"
STUDIES = "/studies"
INDEX = "/index"
INDEX_FILE = f"{INDEX}/index.sqlite"
NOTEBOOKS = "/notebooks"
RECORDS = "/records"
PASSAGE = "/passage"

_ETC = (
    "alternatives",
    "fonts",
    "group",
    "hosts",
    "ld.so.cache",
    "localtime",
    "mime.types",
    "nsswitch.conf",
    "passwd",
    "resolv.conf",
    "ssl",
)
"""What programs need of ``/etc``; not ``shadow``, nor anything that a site keeps there."""

_RUN_NAMESPACE = ("--dev-bind", "/", "/", "--proc", "/proc", "--unshare-pid", "--die-with-parent")
_SERVER_NAMESPACES = ("--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--new-session")


def run_command(bwrap: str, information_fd: int) -> list[str]:
    """Return the start of the command line of a whole run: the machine as it is, in a PID namespace of its own.

    When the hub, bubblewrap or the launcher is killed, the kernel ends every process of the namespace.
    """
    return [bwrap, *_RUN_NAMESPACE, "--info-fd", str(information_fd), "--"]


def sandbox_command(
    settings: HubSettings, kind: ServerKind, home: Path | None, records: Path | None, passage: Path | None = None
) -> list[str]:
    """Return the start of the command line of one server; what is not bound here does not exist in there.

    ``home`` is the folder on disk, or ``None`` for an empty home in memory. A reading server has no study, no index and no
    records: it asks the hub's services. A workbench has the teaching studies, the folder of its own ``records``, and the one
    of its ``passage`` to the hub: it runs its owner's code, so it has a network of its own. The state folder, the hub's
    database and the homes of others are not bound. A study folder that has vanished is left out: the server starts and
    says so.
    """
    command = [_bwrap(), *_SERVER_NAMESPACES, "--cap-drop", "ALL", *_system(), *_python()]
    command += ["--tmpfs", HOME] if home is None else ["--bind", str(home), HOME]
    if not kind.opens_pixels:
        command += _teaching(settings)
    if records is not None:
        command += ["--bind", str(records), RECORDS]
    if passage is not None:
        command += ["--unshare-net", "--bind", str(passage), PASSAGE]
    return [*command, "--chdir", HOME, "--"]


def _teaching(settings: HubSettings) -> list[str]:
    """Bind the studies that kernels may see, and the example notebooks, read-only."""
    studies = settings.workbench_studies
    bound = ["--ro-bind-try", str(studies.path), STUDIES, "--ro-bind-try", str(studies.index_folder), INDEX]
    return bound if settings.notebooks is None else [*bound, "--ro-bind-try", str(settings.notebooks), NOTEBOOKS]


def why_not_isolated() -> str | None:
    """Return ``None`` where a server inside a run can be confined, else the reason in one phrase.

    Both levels are tried, one in the other, as they are used: a kernel may allow the first and refuse the second.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        return "bubblewrap is not installed (apt-get install bubblewrap)"
    inner = [bwrap, *_SERVER_NAMESPACES, "--cap-drop", "ALL", *_system(), *_python(), "--", sys.executable, "-c", ""]
    attempt = subprocess.run(
        [bwrap, *_RUN_NAMESPACE, "--", *inner], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if attempt.returncode == 0:
        return None
    lines = attempt.stderr.strip().splitlines() or [f"it ended with status {attempt.returncode}"]
    return f"bubblewrap cannot run here ({lines[-1].removeprefix('bwrap: ')})"


def _bwrap() -> str:
    """Return the absolute path, because a server's own ``PATH`` begins with the virtual environment."""
    return shutil.which("bwrap") or "/usr/bin/bwrap"


def _system() -> list[str]:
    """Bind the system read-only, with its own processes and devices and an empty ``/tmp``."""
    merged = ("bin", "lib", "lib32", "lib64", "sbin")
    links = [("--symlink", f"usr/{name}", f"/{name}") for name in merged if Path(f"/{name}").is_symlink()]
    folders = [("--ro-bind", f"/{name}", f"/{name}") for name in merged if Path(f"/{name}").is_dir()]
    kept = links or folders
    etc = [("--ro-bind-try", f"/etc/{name}", f"/etc/{name}") for name in _ETC]
    return [
        *("--ro-bind", "/usr", "/usr"),
        *(part for group in (*kept, *etc) for part in group),
        *("--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),  # noqa: S108 - the sandbox's own
    ]


def _python() -> list[str]:
    """Bind the interpreter, the virtual environment and our own sources read-only."""
    folders = [Path(sys.base_prefix), Path(sys.prefix), *_source_folders()]
    return [part for folder in _outermost(folders) for part in ("--ro-bind", str(folder), str(folder))]


def _source_folders() -> list[Path]:
    """Return where the parts that a server runs are imported from; an editable install lies outside the environment."""
    found = (find_spec(name) for name in ("readingroom", "readingroom_viewer"))
    return [Path(spec.origin).resolve().parents[1] for spec in found if spec is not None and spec.origin]


def _outermost(folders: Iterable[Path]) -> list[Path]:
    """Drop a folder that lies in another one, or in ``/usr``, which is bound already."""
    chosen: list[Path] = []
    for folder in sorted(set(folders), key=lambda path: len(path.parts)):
        if not any(folder.is_relative_to(outer) for outer in (Path("/usr"), *chosen)):
            chosen.append(folder)
    return chosen


def can_read_folder(folder: Path) -> str | None:
    """Return ``None`` for a folder that can be listed, else the reason in words."""
    if not folder.exists():
        return "it does not exist"
    if not folder.is_dir():
        return "it is not a folder"
    if not os.access(folder, os.R_OK | os.X_OK):
        return "this account may not read it"
    return None
