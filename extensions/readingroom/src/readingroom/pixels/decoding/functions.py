"""The only functions that a child runs: by name, over bytes and plain values, returning one array."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from readingroom.pixels.codecs import decode_checked
from readingroom.pixels.description import PixelDescription
from readingroom.pixels.icc import to_srgb_from_buffers

IsolatedFunction = Callable[[Sequence[bytes], Mapping[str, Any]], NDArray[Any]]


def function(name: str) -> IsolatedFunction:
    """Return a function of the list; raises ``KeyError`` for any other name."""
    return FUNCTIONS[name]


def _decode(buffers: Sequence[bytes], parameters: Mapping[str, Any]) -> NDArray[Any]:
    # The parent has checked the header: it sends no job whose own is bad.
    description = PixelDescription(**parameters["description"])
    return decode_checked(parameters["transfer_syntax_uid"], buffers[0], description, parameters["number"])


FUNCTIONS: dict[str, IsolatedFunction] = {"decode": _decode, "srgb": to_srgb_from_buffers}
