"""multipart/related (RFC 2387, RFC 2046) read as a stream: one part at a time, each within bounds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message

from readingroom.dicom.archive import MAX_OBJECT, MalformedAnswerError

MAX_HEADERS = 16 * 1024
MAX_PREAMBLE = 64 * 1024
MAX_BOUNDARY = 256
"""RFC 2046 allows 70; Orthanc writes 87."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type such as ``image/jls`` and its parameters, their names in lower case."""

    name: str
    parameters: dict[str, str]


def media_type(header: str) -> MediaType:
    """Return a Content-Type taken apart; one that breaks the rules is ``text/plain`` (RFC 2045 5.2)."""
    message = Message()
    message["Content-Type"] = header.replace("\r", " ").replace("\n", " ")
    parameters = dict(message.get_params([])[1:])
    return MediaType(message.get_content_type(), {name.lower(): value for name, value in parameters.items()})


def transfer_syntax(*types: MediaType) -> str:
    """Return the Transfer Syntax UID that a part's media type names, or that of the answer; empty where none does.

    Orthanc 1.10 writes it within the quoted ``type`` of the whole answer.
    """
    for each in types:
        for found in (each, media_type(each.parameters.get("type", ""))):
            if uid := found.parameters.get("transfer-syntax", "").strip():
                return uid
    return ""


class Part:
    """One part of an answer; its body comes in pieces and can be taken once, before the next part."""

    def __init__(self, content_type: str, body: Iterator[bytes]) -> None:
        self.type = media_type(content_type)
        self._body = body

    def chunks(self) -> Iterator[bytes]:
        """Yield the pieces of the body."""
        return self._body

    def data(self) -> bytes:
        """Return the whole body."""
        return b"".join(self._body)


def parts(chunks: Iterable[bytes], content_type: str, max_part: int = MAX_OBJECT) -> Iterator[Part]:
    """Yield the parts of a multipart answer; raises ``MalformedAnswerError``, also when it ends before its end."""
    boundary = media_type(content_type).parameters.get("boundary", "").encode("latin-1", "replace")
    if not 0 < len(boundary) <= MAX_BOUNDARY:
        raise MalformedAnswerError("The PACS sent an answer in parts without saying what parts them.")
    stream = _Stream(chunks)
    delimiter = b"--" + boundary
    stream.skip_past(delimiter, MAX_PREAMBLE)
    while not stream.at_end_mark():
        headers = _headers(stream.take_line_block(MAX_HEADERS))
        body = _body(stream, b"\r\n" + delimiter, headers.get("content-length", ""), max_part)
        yield Part(headers.get("content-type", "application/octet-stream"), body)
        for _ in body:  # what nobody wanted
            pass
    stream.end()


def ended(chunks: Iterable[bytes], content_type: str) -> Iterator[bytes]:
    """Yield a multipart answer as it is; raises ``MalformedAnswerError`` where its last boundary does not come.

    Orthanc closes the connection after a whole series and does not say how long that is.
    """
    mark = b"--" + media_type(content_type).parameters.get("boundary", "").encode("latin-1", "replace") + b"--"
    last = b""
    for chunk in chunks:
        yield chunk
        last = (last + chunk[-2 * MAX_BOUNDARY :])[-2 * MAX_BOUNDARY :]
    if mark not in last:
        raise MalformedAnswerError("The PACS sent an answer that is cut off.")


def _body(stream: "_Stream", delimiter: bytes, length: str, max_part: int) -> Iterator[bytes]:
    if length.isdecimal():
        if len(length) > 12 or int(length) > max_part:  # noqa: PLR2004 - digits that no int should be made of
            raise MalformedAnswerError(f"The PACS sent an object of more than {max_part // 2**20} MiB.")
        yield from stream.take(int(length))
        if not stream.follows(delimiter):
            raise MalformedAnswerError("The PACS sent an object that is not as long as it said.")
        return
    taken = 0
    for piece in stream.take_until(delimiter):
        taken += len(piece)
        if taken > max_part:
            raise MalformedAnswerError(f"The PACS sent an object of more than {max_part // 2**20} MiB.")
        yield piece


def _headers(block: bytes) -> dict[str, str]:
    lines = block.decode("latin-1").replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


class _Stream:
    """Bytes that come in pieces, with as little copying as a search for a boundary allows."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""

    def skip_past(self, mark: bytes, limit: int) -> None:
        while (at := self._held.find(mark)) < 0:
            if len(self._held) > limit:
                raise MalformedAnswerError("The PACS sent an answer in parts that does not begin with one.")
            self._more()
        self._held = self._held[at + len(mark) :]

    def at_end_mark(self) -> bool:
        """Return whether the last boundary follows; else pass the rest of the boundary's line (RFC 2046 5.1.1)."""
        self._need(2)
        if self._held.startswith(b"--"):
            return True
        while (at := self._held.find(b"\r\n")) < 0:
            if len(self._held) > MAX_BOUNDARY:
                break
            self._more()
        if at < 0 or self._held[:at].strip(b" \t"):
            raise MalformedAnswerError("The PACS sent an answer in parts whose boundary is damaged.")
        self._held = self._held[at + 2 :]
        return False

    def end(self) -> None:
        """Take what follows the last boundary, normally nothing, so that the connection can be used again."""
        next(self._chunks, b"")

    def take_line_block(self, limit: int) -> bytes:
        """Return the lines up to an empty one, which is passed."""
        self._need(2)
        if self._held.startswith(b"\r\n"):
            self._held = self._held[2:]
            return b""
        while (at := self._held.find(b"\r\n\r\n")) < 0:
            if len(self._held) > limit:
                raise MalformedAnswerError("The PACS sent a part whose headers do not end.")
            self._more()
        block, self._held = self._held[:at], self._held[at + 4 :]
        return block

    def take(self, length: int) -> Iterator[bytes]:
        while length:
            if not self._held:
                self._more()
            piece, self._held = self._held[:length], self._held[length:]
            length -= len(piece)
            yield piece

    def follows(self, mark: bytes) -> bool:
        """Pass ``mark`` and return True where it comes next."""
        self._need(len(mark))
        if not self._held.startswith(mark):
            return False
        self._held = self._held[len(mark) :]
        return True

    def take_until(self, mark: bytes) -> Iterator[bytes]:
        while (at := self._held.find(mark)) < 0:
            safe = len(self._held) - len(mark) + 1
            if safe > 0:
                piece, self._held = self._held[:safe], self._held[safe:]
                yield piece
            self._more()
        piece, self._held = self._held[:at], self._held[at + len(mark) :]
        yield piece

    def _need(self, length: int) -> None:
        while len(self._held) < length:
            self._more()

    def _more(self) -> None:
        piece = next(self._chunks, b"")
        if not piece:
            raise MalformedAnswerError("The PACS sent an answer that is cut off.")
        self._held = self._held + piece if self._held else piece
