"""The Merkle tree of RFC 6962: the published hashes, a naive definition beside it, and no forged proof."""

import hashlib

import pytest

from readingroom.reading.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    tree_of,
    verify_consistency,
    verify_inclusion,
)

ENTRIES = [b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", bytes(range(0x50, 0x58)), bytes(range(0x60, 0x70))]
"""The eight entries that Certificate Transparency's reference implementations publish their hashes of."""

ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""The root over the first n of them."""

LEAVES = [leaf_hash(entry) for entry in ENTRIES]
MANY = [leaf_hash(str(number).encode()) for number in range(300)]
SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 200, 255, 256, 257, 299, 300]


def naive_root(leaves: list[bytes]) -> bytes:
    """Return the root as RFC 6962 §2.1 writes it down: split at the largest power of two below the size."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:split]) + naive_root(leaves[split:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    """The root over the first n reference entries is the published one."""
    assert ROOTS[size] == tree_of(LEAVES[:size]).root.hex()


def test_published_proofs() -> None:
    """The audit path and the consistency proof of the RFC's example of seven leaves (§2.1.3), spelled out."""
    a, b, c, d, e, f, j = (leaf_hash(f"d{number}".encode()) for number in range(7))
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, m = node_hash(g, h), node_hash(i, j)
    leaves = [a, b, c, d, e, f, j]
    assert (b, h, m) == inclusion_proof(leaves, 0)
    assert (c, g, m) == inclusion_proof(leaves, 3)
    assert (f, j, k) == inclusion_proof(leaves, 4)
    assert (i, k) == inclusion_proof(leaves, 6)
    assert (c, d, g, m) == consistency_proof(leaves, 3)
    assert (m,) == consistency_proof(leaves, 4)
    assert (i, j, k) == consistency_proof(leaves, 6)


def test_growing_tree_is_the_definition() -> None:
    """At every size from 0 to 300 the root kept while growing is the one of the naive definition."""
    tree = tree_of([])
    assert EMPTY_ROOT == tree.root
    for size, leaf in enumerate(MANY, start=1):
        tree = tree.appended(leaf)
        assert naive_root(MANY[:size]) == tree.root
        assert (size, size.bit_count()) == (tree.size, len(tree.peaks))


@pytest.mark.parametrize("size", SIZES[1:])
def test_every_leaf_proves_that_it_is_there(size: int) -> None:
    """A proof of each leaf holds at its place, and at no other place, for no other leaf and no other root."""
    leaves, root = MANY[:size], tree_of(MANY[:size]).root
    for index in range(0, size, max(1, size // 23)):
        proof = inclusion_proof(leaves, index)
        assert verify_inclusion(leaves[index], index, size, proof, root)
        assert not verify_inclusion(leaf_hash(b"another"), index, size, proof, root)
        assert not verify_inclusion(leaves[index], index, size, proof, leaf_hash(b"another"))
        assert not verify_inclusion(leaves[index], index, size, (*proof, root), root)
        assert not verify_inclusion(leaves[index], size, size, proof, root)
        if proof:
            assert not verify_inclusion(leaves[index], index, size, proof[:-1], root)
            assert not verify_inclusion(leaves[index], index ^ 1, size, proof, root)


@pytest.mark.parametrize("second", SIZES[1:])
def test_every_beginning_proves_that_the_log_grew_out_of_it(second: int) -> None:
    """A proof holds between each two sizes, and not once a leaf of the beginning was changed."""
    root = tree_of(MANY[:second]).root
    for first in range(1, second + 1, max(1, second // 29)):
        proof = consistency_proof(MANY[:second], first)
        old = tree_of(MANY[:first]).root
        assert verify_consistency(first, second, proof, old, root)
        changed = tree_of([*MANY[: first - 1], leaf_hash(b"edited")]).root
        assert not verify_consistency(first, second, proof, changed, root)
        assert not verify_consistency(first, second, (*proof, root), old, root)


def test_sizes_that_cannot_be_are_refused() -> None:
    """No proof of a leaf or of a beginning that is not there, and none is believed."""
    with pytest.raises(IndexError):
        inclusion_proof(MANY[:3], 3)
    with pytest.raises(IndexError):
        consistency_proof(MANY[:3], 4)
    assert not verify_consistency(0, 3, (), EMPTY_ROOT, tree_of(MANY[:3]).root)
    assert not verify_consistency(3, 5, (), tree_of(MANY[:3]).root, tree_of(MANY[:5]).root)
    assert not verify_consistency(4, 3, (), tree_of(MANY[:4]).root, tree_of(MANY[:3]).root)
