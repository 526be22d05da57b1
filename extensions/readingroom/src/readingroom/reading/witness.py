"""What the second place of the checkpoints tells: lines of signed checkpoints, each with the leaves since the line before."""

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from readingroom.reading.checkpoints import Checkpoint, from_line, holds, key_id
from readingroom.reading.merkle import Tree
from readingroom.reading.pruning import pruning_from_line, pruning_holds

UNKNOWN = b""
"""Stands for the leaf of an entry that was removed before this second place was begun."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What a second place holds: checkpoints, every leaf up to the last line that holds, and in words which lines do not.

    A second place that was begun after entries had been removed has ``UNKNOWN`` in the place of their leaves.
    """

    checkpoints: tuple[Checkpoint, ...] = ()
    leaves: tuple[bytes, ...] = ()
    wrong: tuple[str, ...] = ()


def read_witness(lines: Iterable[bytes], key: Ed25519PublicKey) -> Witness:
    """Follow the lines of the second place; a line broken off by a crash is passed over, the next one holds its leaves.

    A line counts only where its signature holds and its leaves, with those before, have the root that was signed.
    """
    tree = Tree()
    leaves: list[bytes] = []
    checkpoints: list[Checkpoint] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, start=1):
        try:
            pruning = pruning_from_line(line)
            if pruning is not None:
                if not leaves and pruning_holds(pruning, key):
                    tree, leaves = pruning.tree, [UNKNOWN] * pruning.size
                continue
            checkpoint, more = from_line(line)
        except ValueError:
            continue
        grown = tree
        for leaf in more:
            grown = grown.appended(leaf)
        if not holds(checkpoint, key):
            wrong.append(f"Line {number} of the checkpoints does not carry the signature of the key {key_id(key)}.")
        elif (grown.size, grown.root) != (checkpoint.size, checkpoint.root):
            wrong.append(
                f"Line {number} of the checkpoints does not follow from the lines before: lines are missing or changed."
            )
        else:
            tree = grown
            leaves.extend(more)
            checkpoints.append(checkpoint)
    return Witness(tuple(checkpoints), tuple(leaves), tuple(wrong))
