"""A man in the middle of a WebSocket: sees every binary message that a server sends and may change, drop or add some.

Only the server's direction is understood (RFC 6455 section 5: unmasked frames); connections that are not WebSockets pass.
"""

from collections.abc import Callable, Iterable, Iterator

Change = Callable[[bytes], Iterable[bytes]]
"""Takes one binary message and returns those that arrive in its place."""

CONTINUATION, TEXT, BINARY = 0, 1, 2
_END_OF_HEADERS = b"\r\n\r\n"


class Interceptor:
    """The tap of one connection (``relay.Tap``)."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._held = bytearray()
        self._message = bytearray()
        self._is_socket: bool | None = None
        self._of_message = BINARY

    def __call__(self, data: bytes) -> bytes:
        """Return what is sent on; a message that is not complete yet is held."""
        if self._is_socket is False:
            return data
        self._held += data
        out = b""
        if self._is_socket is None:
            out = self._read_answer()
        return out + b"".join(self._frames()) if self._is_socket else out

    def _read_answer(self) -> bytes:
        """Read the HTTP answer that a connection begins with: 101 with no compression makes it a WebSocket."""
        if not b"HTTP/1.1 101 ".startswith(self._held[:13]):
            self._is_socket = False
        elif (end := self._held.find(_END_OF_HEADERS)) < 0:
            return b""
        else:
            self._is_socket = True
            return self._take(end + len(_END_OF_HEADERS))
        return self._take(len(self._held))

    def _frames(self) -> Iterator[bytes]:
        while (size := _frame_size(self._held)) is not None and len(self._held) >= size:
            yield from self._frame(self._take(size))

    def _frame(self, frame: bytes) -> Iterator[bytes]:
        final, compressed, opcode = bool(frame[0] & 0x80), bool(frame[0] & 0x40), frame[0] & 0x0F
        if compressed:
            raise ValueError("a compressed WebSocket cannot be read here; the product does not compress twice")
        if opcode in (TEXT, BINARY):
            self._of_message = opcode
        if opcode > BINARY or self._of_message == TEXT:
            yield frame
            return
        self._message += frame[_head_size(frame) :]
        if final:
            message, self._message = bytes(self._message), bytearray()
            for each in self._change(message):
                yield binary_frame(each)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken


def binary_frame(message: bytes) -> bytes:
    """Return one unmasked frame that holds a whole binary message (RFC 6455 section 5.2)."""
    size = len(message)
    if size < 126:  # noqa: PLR2004 - the three lengths of a length, from the RFC
        return bytes([0x82, size]) + message
    if size < 2**16:
        return b"\x82\x7e" + size.to_bytes(2) + message
    return b"\x82\x7f" + size.to_bytes(8) + message


def _head_size(frame: bytes | bytearray) -> int:
    return {126: 4, 127: 10}.get(frame[1], 2)


def _frame_size(held: bytearray) -> int | None:
    """Return the size of the first frame held, head included, or None while its head is not complete."""
    if len(held) < 2 or len(held) < _head_size(held):  # noqa: PLR2004 - the least head
        return None
    head = _head_size(held)
    return head + (held[1] if head == 2 else int.from_bytes(held[2:head]))  # noqa: PLR2004
