"""A Merkle tree as Certificate Transparency uses it (RFC 6962 §2.1): one root of 32 bytes that stands for a whole log.

Leaves are hashes of entries (``leaf_hash``), in the order they were written; every hash is a SHA-256 of 32 bytes. A leaf
and a node are hashed with different prefixes, so that no node can be passed off as an entry.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a log without entries."""

HASH_BYTES = 32


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of two neighbouring subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Tree:
    """A log as far as it has grown: how many leaves, and the roots of its perfect subtrees, the largest first.

    There is one such root for each bit that is set in ``size``, so a log of a million entries is twenty hashes.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def appended(self, leaf: bytes) -> "Tree":
        """Return the tree with one more leaf."""
        peaks, grown = (*self.peaks, leaf), self.size
        while grown & 1:
            peaks = (*peaks[:-2], node_hash(*peaks[-2:]))
            grown >>= 1
        return Tree(self.size + 1, peaks)

    @property
    def root(self) -> bytes:
        """The root over all leaves."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def tree_of(leaves: Sequence[bytes]) -> Tree:
    """Return the tree over some leaves."""
    tree = Tree()
    for leaf in leaves:
        tree = tree.appended(leaf)
    return tree


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the hashes that lead from one leaf (from 0) to the root (RFC 6962 §2.1.1); raises ``IndexError``."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"There is no leaf {index} among {len(leaves)}.")
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*inclusion_proof(leaves[:split], index), tree_of(leaves[split:]).root)
    return (*inclusion_proof(leaves[split:], index - split), tree_of(leaves[:split]).root)


def consistency_proof(leaves: Sequence[bytes], first: int) -> tuple[bytes, ...]:
    """Return the hashes that show that the log began with its ``first`` leaves (RFC 6962 §2.1.2); raises ``IndexError``."""
    if not 0 < first <= len(leaves):
        raise IndexError(f"There is no tree of {first} leaves among {len(leaves)}.")
    return _subproof(leaves, first, whole=True)


def _subproof(leaves: Sequence[bytes], first: int, *, whole: bool) -> tuple[bytes, ...]:
    if first == len(leaves):
        return () if whole else (tree_of(leaves).root,)
    split = _split(len(leaves))
    if first <= split:
        return (*_subproof(leaves[:split], first, whole=whole), tree_of(leaves[split:]).root)
    return (*_subproof(leaves[split:], first - split, whole=False), tree_of(leaves[:split]).root)


def _split(size: int) -> int:
    """Return the largest power of two below a size of two or more."""
    return int(1 << ((size - 1).bit_length() - 1))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether the proof leads from the leaf at ``index`` (from 0) to the root of a tree of ``size`` leaves."""
    if not 0 <= index < size:
        return False
    climbed = _climb(index, size - 1, proof, leaf)
    return climbed is not None and climbed[1] == root


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Return whether the proof shows that a tree of ``second`` leaves grew out of one of ``first`` leaves."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    steps = list(proof) if first & (first - 1) else [first_root, *proof]
    if not steps:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    return _climb(node, last, steps[1:], steps[0]) == (first_root, second_root)


def _climb(node: int, last: int, steps: Sequence[bytes], start: bytes) -> tuple[bytes, bytes] | None:
    """Return the root of what lies up to a node, and that of all up to ``last``; None for too few or too many steps."""
    old = new = start
    for step in steps:
        if last == 0:
            return None
        if node & 1 or node == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, step)
        node, last = node >> 1, last >> 1
    return (old, new) if last == 0 else None
