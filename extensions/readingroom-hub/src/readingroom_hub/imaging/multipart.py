"""multipart/related messages, written in pieces and read whole (RFC 2387, PS3.18 8.7.1)."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from readingroom_hub.imaging.errors import MalformedRequestError

MOST_PARTS = 256


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a message that was sent to us."""

    media_type: str
    data: bytes


class Writer:
    """The bytes around the parts of one answer; the boundary is random, so that no pixel data holds it by design."""

    def __init__(self, media_type: str) -> None:
        self.media_type = media_type
        self._boundary = secrets.token_hex(24)

    @property
    def content_type(self) -> str:
        """The Content-Type of the whole answer."""
        return f'multipart/related; type="{self.media_type}"; boundary={self._boundary}'

    def head(self, content_type: str, *more: tuple[str, str]) -> bytes:
        """Return what stands before a part."""
        lines = (f"--{self._boundary}", f"Content-Type: {content_type}", *(f"{name}: {value}" for name, value in more))
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def tail(self) -> bytes:
        """Return what stands after a part."""
        return b"\r\n"

    def end(self) -> bytes:
        """Return what stands after the last part."""
        return f"--{self._boundary}--\r\n".encode()


def parts(content_type: str, body: bytes) -> Iterator[Part]:
    """Yield the parts of a message; raises ``MalformedRequestError`` where it is none or ends early."""
    name, *parameters = content_type.split(";")
    given = dict(entry.strip().partition("=")[::2] for entry in parameters)
    boundary = given.get("boundary", "").strip('"')
    if name.strip().lower() != "multipart/related" or not 0 < len(boundary) <= 70:  # noqa: PLR2004 - RFC 2046 5.1.1
        raise MalformedRequestError("What is to be kept is sent as multipart/related with a boundary.")
    delimiter = b"\r\n--" + boundary.encode()
    _, *found = (b"\r\n" + body).split(delimiter, MOST_PARTS + 1)
    if not found or not found[-1].startswith(b"--"):
        raise MalformedRequestError(f"The message has no end, or more than {MOST_PARTS} parts.")
    for each in found[:-1]:
        yield _part(each)


def _part(part: bytes) -> Part:
    head, found, data = part.partition(b"\r\n\r\n")
    if not found:
        raise MalformedRequestError("A part of the message has no headers.")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-type":
            return Part(value.decode("latin-1").partition(";")[0].strip().lower(), data)
    raise MalformedRequestError("A part of the message does not say what it is.")
