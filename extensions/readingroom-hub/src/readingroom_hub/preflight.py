"""What the launcher checks before anything is started, each failure in one line that says what to do."""

import fcntl
import os
import secrets
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from readingroom_hub.pacs import Pacs, PacsError
from readingroom_hub.sandbox import can_read_folder
from readingroom_hub.settings import MINIMUM_PASSWORD_LENGTH, SettingsError, StudiesKind

HOST = "127.0.0.1"
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST, HIGHEST = 20_000, 32_768
BLOCK, TRIES = 8, 100


def check_port(port: int) -> None:
    """Raise ``SettingsError`` unless this program can listen on the port."""
    if port not in range(1, 65536):
        raise SettingsError(f"PORT={port} is not a port. Choose one from 1024 to 65535: make run PORT=8001")
    with socket.socket() as probe:
        # As servers do: a port that only holds closed connections of an earlier run is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise SettingsError(f"This account may not use port {port}. Choose another: make run PORT=8001") from None
        except OSError:
            other = port + 1 if port < 65535 else 8000  # noqa: PLR2004 - the last port there is
            message = f"Port {port} is taken by another program. Choose another: make run PORT={other}"
            raise SettingsError(message) from None


def free_ports(count: int) -> list[int]:
    """Return free ports in a row, at most ``BLOCK``, from a place chosen by chance.

    Whoever gets them listens some seconds later, and again after it has died. So they lie below those that the kernel gives
    to others (``EPHEMERAL``), and in blocks: two runs that start at the same moment meet in one case of 1,500.
    """
    for _ in range(TRIES):
        first = LOWEST + BLOCK * secrets.randbelow((_lowest_of_kernel() - LOWEST) // BLOCK)
        ports = list(range(first, first + count))
        if all(map(_is_free, ports)):
            return ports
    raise SettingsError(f"No {count} ports in a row are free between {LOWEST} and {_lowest_of_kernel()}.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _lowest_of_kernel() -> int:
    """Return the first port that the kernel gives to connections; a house may have made room for more of them."""
    with suppress(OSError, ValueError, IndexError):
        lowest = int(EPHEMERAL.read_text(encoding="ascii").split()[0])
        if lowest >= LOWEST + BLOCK:
            return lowest
    return HIGHEST


def claim_state(state: Path) -> int:
    """Make the state folder (mode 0700) and lock it for this run; return the descriptor that holds the lock.

    The kernel lets the lock go with the process, so a killed run never leaves a stale one.
    """
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        state.chmod(0o700)
        lock = os.open(state / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(
            f"The state folder {state} cannot be used ({error.strerror}). Choose another: make run STATE=/path"
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise SettingsError(
            f"Another run uses the state folder {state}. End it first, or choose another: make run STATE=/path"
        ) from None
    return lock


def choose_password(environment: Mapping[str, str]) -> str:
    """Return ``READINGROOM_DEMO_PASSWORD``, or a new one for this run."""
    given = environment.get("READINGROOM_DEMO_PASSWORD")
    if given is None or given == "":
        return "-".join(secrets.token_hex(2) for _ in range(3))
    if len(given) < MINIMUM_PASSWORD_LENGTH:
        raise SettingsError(f"READINGROOM_DEMO_PASSWORD needs {MINIMUM_PASSWORD_LENGTH} characters or more.")
    return given


def check_tls(certificate: Path | None, key: Path | None) -> tuple[Path | None, Path | None]:
    """Return both paths made absolute, or two ``None`` for plain http; raises ``SettingsError`` for what is no such pair."""
    if certificate is None and key is None:
        return None, None
    if certificate is None or key is None:
        raise SettingsError(
            "TLS_CERT and TLS_KEY belong together: give both, or neither for plain http on this machine."
        )
    certificate, key = certificate.expanduser().resolve(), key.expanduser().resolve()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"TLS_CERT={certificate} and TLS_KEY={key} cannot be used ({error}). They must be readable PEM files, "
            "the key without a passphrase and that of the certificate."
        ) from None
    return certificate, key


def check_studies(studies: Path, state: Path) -> tuple[Path | None, str | None]:
    """Return the folder to serve, or ``None`` for the demo studies only, and a line to print about it.

    Raises ``SettingsError`` for a folder that would show a server the state of this run.
    """
    folder = studies.resolve()
    if state.is_relative_to(folder):
        raise SettingsError(
            f"The state folder {state} lies inside STUDIES={studies}. Choose another: make run STATE=/path"
        )
    problem = can_read_folder(folder)
    if problem is not None:
        return None, f"The study folder {studies} cannot be read: {problem}. Serving the demo studies only."
    if not any(folder.iterdir()):
        return folder, f"The study folder {studies} is empty. Studies appear in the list once files arrive in it."
    return folder, None


def check_pacs(address: str, authorization_file: Path | None, ca_file: Path | None) -> Pacs | None:
    """Return the PACS to read, None where none is named; raises ``SettingsError``. It is not asked yet."""
    if not address:
        if authorization_file is not None or ca_file is not None:
            raise SettingsError("PACS_AUTHORIZATION_FILE and PACS_CA belong to a PACS: give PACS too.")
        return None
    files = [None if file is None else file.expanduser().resolve() for file in (authorization_file, ca_file)]
    try:
        pacs = Pacs(address, *files)
        pacs.authorization()
        if pacs.ca_file is not None:
            ssl.create_default_context(cafile=pacs.ca_file)
    except PacsError as error:
        raise SettingsError(str(error)) from None
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"PACS_CA={ca_file} cannot be used ({error}); it must be a readable PEM file.") from None
    return pacs


def refuse_unconfined(
    studies: Path | Pacs | None, kind: StudiesKind, reason: str | None
) -> tuple[Path | Pacs | None, str | None]:
    """Return the folder or the PACS that may be served given why servers are not isolated here, and a line to print."""
    if reason is None:
        return studies, None
    line = f"Servers are not isolated from each other on this machine: {reason}. Only teaching studies are served"
    if studies is None or kind == "teaching":
        return studies, f"{line}."
    return None, f"{line}, not those in {studies} (STUDIES_KIND=teaching if nobody in it can be identified)."
