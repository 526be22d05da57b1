"""Signed checkpoints of the audit: how many entries there were, and the root of their tree, under an Ed25519 signature.

A checkpoint in the log's own database binds whoever does not hold the key. Written to a second place as well, one line of
JSON each, it binds the keeper of the database too: a line holds the leaves since the line before, so that what was done to
the log is not only seen but named.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from readingroom.errors import UnreadableFileError
from readingroom.reading.merkle import HASH_BYTES, Tree


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The first ``size`` entries have the tree root ``root`` (32 bytes); signed at ``at`` (ISO 8601, UTC) with one key."""

    size: int
    root: bytes
    at: str
    key_id: str
    signature: bytes

    @property
    def signed(self) -> bytes:
        """What the signature is made over."""
        return f"readingroom audit checkpoint\n{self.size}\n{self.root.hex()}\n{self.at}\n{self.key_id}\n".encode()


def key_id(key: Ed25519PublicKey) -> str:
    """Return the name of a key: the first 16 digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def sign(key: Ed25519PrivateKey, tree: Tree, at: str) -> Checkpoint:
    """Return the signed checkpoint of a tree."""
    bare = Checkpoint(tree.size, tree.root, at, key_id(key.public_key()), b"")
    return Checkpoint(bare.size, bare.root, bare.at, bare.key_id, key.sign(bare.signed))


def holds(checkpoint: Checkpoint, key: Ed25519PublicKey) -> bool:
    """Return whether the checkpoint was signed with this key and says what it said then."""
    return checkpoint.key_id == key_id(key) and signed_by(key, checkpoint.signature, checkpoint.signed)


def signed_by(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    """Return whether a signature over some bytes was made with this key."""
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def read_key(pem: bytes) -> Ed25519PublicKey:
    """Read a public key; raises ``UnreadableFileError`` for anything else."""
    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise UnreadableFileError("The key is no public key in PEM.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UnreadableFileError("The key is no Ed25519 key; the audit is signed with one of these.")
    return key


def to_line(checkpoint: Checkpoint, leaves: Sequence[bytes]) -> bytes:
    """Return the line of a checkpoint for the second place, with the leaves since the line before (the last of its size)."""
    told = {
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "at": checkpoint.at,
        "key_id": checkpoint.key_id,
        "signature": checkpoint.signature.hex(),
        "leaves": base64.b64encode(b"".join(leaves)).decode("ascii"),
    }
    return json.dumps(told, separators=(",", ":")).encode("ascii") + b"\n"


def from_line(line: bytes) -> tuple[Checkpoint, tuple[bytes, ...]]:
    """Read a line of the second place; raises ``ValueError`` for one that was cut or is none."""
    told = json.loads(line)
    try:
        checkpoint = Checkpoint(
            int(told["size"]),
            bytes.fromhex(told["root"]),
            str(told["at"]),
            str(told["key_id"]),
            bytes.fromhex(told["signature"]),
        )
        joined = base64.b64decode(told["leaves"], validate=True)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no checkpoint ({error})") from error
    if len(joined) % HASH_BYTES:
        raise ValueError("no whole number of leaves")
    return checkpoint, tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES))
