"""Signed statements that the first entries of the audit were removed, because their time was over.

A statement carries what the tree (RFC 6962) had grown to with the entries that went. The entries that stay are added to it,
so that they have the roots that were signed while all were there: what remains is proved as before, and without the
statement an audit that begins late is a broken one.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from readingroom.reading.checkpoints import key_id, signed_by
from readingroom.reading.merkle import HASH_BYTES, Tree


@dataclass(frozen=True, slots=True)
class Pruning:
    """The first ``size`` entries were removed at ``at`` (ISO 8601, UTC) by a rule, in words; ``peaks`` are their tree's.

    Raises
    ------
    ValueError
        For peaks that no tree of this size has.
    """

    size: int
    peaks: tuple[bytes, ...]
    at: str
    rule: str
    key_id: str
    signature: bytes

    def __post_init__(self) -> None:
        if (
            self.size < 1
            or len(self.peaks) != self.size.bit_count()
            or {len(each) for each in self.peaks} != {HASH_BYTES}
        ):
            raise ValueError(f"A tree of {self.size} entries has other peaks.")

    @property
    def tree(self) -> Tree:
        """What the tree had grown to."""
        return Tree(self.size, self.peaks)

    @property
    def signed(self) -> bytes:
        """What the signature is made over."""
        told = ["readingroom audit pruning", self.size, self.joined.hex(), self.at, self.rule, self.key_id]
        return json.dumps(told, ensure_ascii=True).encode("ascii")

    @property
    def joined(self) -> bytes:
        """The peaks as they are stored."""
        return b"".join(self.peaks)


def read_prunings(rows: Iterable[Sequence[Any]]) -> list[Pruning]:
    """Return the statements that rows hold (size, peaks, at, rule, key, signature); one that is none states nothing."""
    found = []
    for size, joined, at, rule, key, signature in rows:
        try:
            found.append(Pruning(int(size), _parted(bytes(joined)), str(at), str(rule), str(key), bytes(signature)))
        except (TypeError, ValueError):
            continue
    return found


def _parted(joined: bytes) -> tuple[bytes, ...]:
    return tuple(joined[place : place + HASH_BYTES] for place in range(0, len(joined), HASH_BYTES))


def pruning_line(pruning: Pruning) -> bytes:
    """Return the line by which a second place begins that is made after entries were removed."""
    told = {"pruned": pruning.size, "peaks": pruning.joined.hex(), "at": pruning.at, "rule": pruning.rule}
    told |= {"key_id": pruning.key_id, "signature": pruning.signature.hex()}
    return json.dumps(told, separators=(",", ":")).encode("ascii") + b"\n"


def pruning_from_line(line: bytes) -> Pruning | None:
    """Read a line of the second place, None where it is about something else; raises ``ValueError`` for a broken one."""
    told = json.loads(line)
    if not isinstance(told, dict) or "pruned" not in told:
        return None
    try:
        peaks, signature = _parted(bytes.fromhex(told["peaks"])), bytes.fromhex(told["signature"])
        return Pruning(int(told["pruned"]), peaks, str(told["at"]), str(told["rule"]), str(told["key_id"]), signature)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no statement ({error})") from error


def sign_pruning(key: Ed25519PrivateKey, tree: Tree, at: str, rule: str) -> Pruning:
    """Return the signed statement that the entries of a tree are removed; raises ``ValueError`` for an empty one."""
    bare = Pruning(tree.size, tree.peaks, at, rule, key_id(key.public_key()), b"")
    return Pruning(bare.size, bare.peaks, bare.at, bare.rule, bare.key_id, key.sign(bare.signed))


def pruning_holds(pruning: Pruning, key: Ed25519PublicKey) -> bool:
    """Return whether a statement was signed with this key and says what it said then."""
    return pruning.key_id == key_id(key) and signed_by(key, pruning.signature, pruning.signed)


def last_of(prunings: Sequence[Pruning], key: Ed25519PublicKey) -> Pruning | None:
    """Return the statement that reaches farthest among those that hold."""
    return max((each for each in prunings if pruning_holds(each, key)), key=lambda each: each.size, default=None)


def faults(
    prunings: Sequence[Pruning], key: Ed25519PublicKey, roots: Collection[bytes], told: Collection[str]
) -> list[str]:
    """Return in words which statements do not hold or contradict what else is known.

    ``roots`` were signed or are known of as many entries as the last statement is about; ``told`` are the roots (in
    hexadecimal) that the entries themselves name when they tell that older ones were removed.
    """
    found = [
        f"The statement of {each.at} that {each.size} entries were removed is not signed with the key {key_id(key)}."
        for each in prunings
        if not pruning_holds(each, key)
    ]
    last = last_of(prunings, key)
    if last is None:
        return found
    said = f"that the first {last.size} entries were removed"
    if set(roots) - {last.tree.root}:
        found.append(f"The statement {said} is about other entries than those that were signed.")
    if last.tree.root.hex() not in told:
        found.append(f"No entry tells {said}, though there is a statement about it.")
    return found
