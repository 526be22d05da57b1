"""The key that the audit's checkpoints are signed with: made once, readable by the service's account alone."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from readingroom_hub.settings import SettingsError

PRIVATE, PUBLIC = "audit_key.pem", "audit_key.pub"
_OTHERS = 0o077


def open_key(folder: Path) -> Ed25519PrivateKey:
    """Return the key in a folder; make it, with its public half beside it, where there is none.

    Raises ``SettingsError`` for a file that others may read, or that holds no such key.
    """
    path = folder / PRIVATE
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    if path.stat().st_mode & _OTHERS:
        raise SettingsError(
            f"{PRIVATE}, which the audit is signed with, can be read by others. Make it yours alone: mode 0600."
        )
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except ValueError as error:
        raise SettingsError(f"{PRIVATE}, which the audit is signed with, is no private key in PEM.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"{PRIVATE}, which the audit is signed with, is no Ed25519 key.")
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if not (folder / PUBLIC).exists():
        (folder / PUBLIC).write_bytes(public)
    return key


def _make(path: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
