"""Random stacks, whole and spoilt: each frame is where it says, or the stack says that it is not."""

import numpy as np
import pytest

from readingroom.dicom.stacks import Stack, stacks_of
from readingroom.testing.random_stacks import FAULTS, random_stack

SILENT_MM, SILENT_SHARE = 0.02, 0.01
"""How far a pixel of a stack without a warning may lie from where its image says: millimetres, or a share of a slice."""


def farthest(stack: Stack) -> float:
    """Return how far the affine places a corner of a frame from where the frame itself says, in millimetres."""
    worst = 0.0
    for k, reference in enumerate(stack.frames):
        geometry = reference.geometry
        assert geometry.orientation is not None
        assert geometry.position is not None
        assert geometry.spacing is not None
        row, column = np.array(geometry.orientation[:3]), np.array(geometry.orientation[3:])
        for i, j in ((0, 0), (5, 0), (0, 7), (5, 7)):
            own = np.array(geometry.position) + row * geometry.spacing[1] * i + column * geometry.spacing[0] * j
            worst = max(worst, float(np.linalg.norm((stack.affine @ (i, j, k, 1))[:3] - own)))
    return worst


@pytest.mark.parametrize("seed", range(60))
def test_whole_stack_is_placed_to_a_millionth(seed: int) -> None:
    """Oblique, shuffled, in several times: one regular, silent stack for each time, exact at every corner."""
    images = random_stack(seed)
    found = stacks_of(images.frames)
    assert images.times == len(found)
    assert [()] * images.times == [stack.warnings for stack in found]
    assert all(stack.is_regular for stack in found)
    assert max(map(farthest, found)) < 1e-6


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seed", range(100, 140))
def test_no_stack_is_silently_wrong(fault: str, seed: int) -> None:
    """Whatever is wrong, each frame is in one stack, and a stack that misplaces a frame says so and is not regular."""
    images = random_stack(seed, fault)
    found = stacks_of(images.frames)
    held = sorted(reference.sop_uid for stack in found for reference in stack.frames)
    assert sorted(reference.sop_uid for reference in images.frames) == held
    for stack in found:
        if len(stack.frames) > 1 and farthest(stack) > max(SILENT_MM, SILENT_SHARE * stack.slice_spacing):
            assert stack.warnings
            assert not stack.is_regular
    if fault in {"gap", "uneven", "tilt", "shifted slice"}:
        assert any(stack.warnings for stack in found)
