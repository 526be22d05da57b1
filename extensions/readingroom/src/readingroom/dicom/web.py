"""Asking a DICOMweb server over HTTP: within a time, within bounds, never anywhere else than where it was told to."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Retry, Timeout

from readingroom.dicom.archive import MalformedAnswerError
from readingroom.errors import NotFoundError, SourceUnavailableError

CONNECT_S = 5.0
SILENCE_S = 30.0
"""How long a server may say nothing; a PACS that reads from tape takes some seconds."""

ANSWER_S = 600.0
"""How long one answer may take altogether, however steadily it drips."""

CONNECTIONS = 16
CHUNK = 2**18
REST_S = 2.0
"""After a failed connection nobody tries for so long: many who wait for a dead server must not each wait in turn."""

Fields = Sequence[tuple[str, str]]
"""Names and values of a query; a name may come several times."""

_AGAIN = Retry(total=2, connect=1, read=1, redirect=False, status=0, other=0, backoff_factor=0.1)
_SAID = 500


@dataclass(frozen=True, eq=False, slots=True)
class Answer:
    """An answer that has begun: its media type, and its body in pieces that come once."""

    content_type: str
    chunks: Iterator[bytes]


@dataclass(slots=True)
class _Came:
    """Whether a body has come to its end, after which its connection may carry the next."""

    whole: bool = False


class Web:
    """One DICOMweb root. Thread-safe; connections are kept alive.

    Parameters
    ----------
    root_url
        Such as ``https://pacs.example/dicom-web``; a user name or password in it is refused, they belong in ``headers``.
    headers
        Sent with every request, such as ``Authorization``.
    ca_file
        Certificates to trust instead of the system's.
    """

    def __init__(self, root_url: str, headers: Mapping[str, str] | None = None, ca_file: str | None = None) -> None:
        parts = urlsplit(root_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{root_url!r} is no address of a DICOMweb server, such as https://pacs.example/dicom-web")
        if parts.username or parts.password:
            raise ValueError("The address of a PACS may not hold a password; send it as an Authorization header.")
        self.name = f"The PACS at {parts.hostname}"
        self._path = parts.path.rstrip("/")
        self._headers = {"Accept-Encoding": "identity", **(headers or {})}
        options = {"cert_reqs": "CERT_REQUIRED", "ca_certs": ca_file} if parts.scheme == "https" else {}
        self._pool = urllib3.connection_from_url(
            f"{parts.scheme}://{parts.netloc}", maxsize=CONNECTIONS, block=True, **options
        )
        self._rests_until = 0.0
        self._why = ""

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    @contextmanager
    def get(self, path: str, accept: str, fields: Fields = ()) -> Iterator[Answer]:
        """Ask for a path below the root.

        Raises
        ------
        NotFoundError
            When the server holds no such thing.
        SourceUnavailableError
            When it does not answer, refuses, or sends us elsewhere.
        """
        with self._asked("GET", path, {"Accept": accept}, fields) as answer:
            yield answer

    @contextmanager
    def post(self, path: str, content_type: str, body: bytes, accept: str) -> Iterator[Answer]:
        """Send a body to a path below the root, once: whether it arrived is not known after a failure. Raises as ``get``."""
        with self._asked("POST", path, {"Accept": accept, "Content-Type": content_type}, (), body) as answer:
            yield answer

    @contextmanager
    def _asked(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        fields: Fields,
        body: bytes | None = None,
    ) -> Iterator[Answer]:
        response = self._response(method, path, headers, fields, body)
        came = _Came()
        try:
            self._check(response, path)
            yield Answer(response.headers.get("Content-Type", ""), self._chunks(response, came))
        finally:
            if not came.whole:
                response.close()  # what is left of the body is not waited for
            response.release_conn()

    def _response(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        fields: Fields,
        body: bytes | None,
    ) -> urllib3.BaseHTTPResponse:
        if time.monotonic() < self._rests_until:
            raise SourceUnavailableError(self._why)
        try:
            return self._pool.request(
                method,
                self._path + path,
                fields=list(fields) if body is None else None,
                body=body,
                headers={**self._headers, **headers},
                redirect=False,
                preload_content=False,
                decode_content=False,
                retries=_AGAIN if method == "GET" else False,
                timeout=Timeout(connect=CONNECT_S, read=SILENCE_S),
                pool_timeout=SILENCE_S,
            )
        except HTTPError as error:
            unavailable = self._silent(error)
            self._rests_until, self._why = time.monotonic() + REST_S, str(unavailable)
            raise unavailable from error

    def _check(self, response: urllib3.BaseHTTPResponse, path: str) -> None:
        status = response.status
        if 200 <= status < 300:  # noqa: PLR2004 - success
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise MalformedAnswerError(f"{self.name} compresses its answers although it was told not to.")
            return
        if status in (404, 410):
            raise NotFoundError(f"{self.name} does not hold this.")
        if 300 <= status < 400:  # noqa: PLR2004 - redirections
            raise SourceUnavailableError(f"{self.name} sends us to another address, which is not followed.")
        if status in (401, 403):
            raise SourceUnavailableError(
                f"{self.name} refuses to answer us (status {status}): its access is to be set up."
            )
        said = b"".join(_first(self._chunks(response, _Came()), _SAID)).decode("latin-1")
        raise SourceUnavailableError(
            f"{self.name} could not answer {path[:200]} (status {status}). {_line(said)}".strip()
        )

    def _chunks(self, response: urllib3.BaseHTTPResponse, came: _Came) -> Iterator[bytes]:
        """Yield the body as it comes in."""
        end = time.monotonic() + ANSWER_S
        while True:
            try:
                piece = response.read1(CHUNK)
            except (HTTPError, OSError) as error:
                raise self._silent(error) from error
            if not piece:
                came.whole = True
                return
            if time.monotonic() > end:
                raise SourceUnavailableError(f"{self.name} takes more than {ANSWER_S / 60:.0f} minutes for one answer.")
            yield piece

    def _silent(self, error: Exception) -> SourceUnavailableError:
        reason = error.reason if isinstance(error, MaxRetryError) and error.reason else error
        return SourceUnavailableError(f"{self.name} does not answer ({_kind(reason)}).")


def _kind(error: BaseException) -> str:
    """Return what went wrong in a few words, without addresses of objects."""
    return {
        "NewConnectionError": "nobody listens there",
        "NameResolutionError": "its name is not known",
        "ConnectTimeoutError": "no connection in time",
        "ReadTimeoutError": "silence",
        "ProtocolError": "the connection was broken off",
        "IncompleteRead": "the answer was cut off",
        "SSLError": "its certificate is not trusted",
        "EmptyPoolError": "too many requests at once",
    }.get(type(error).__name__, type(error).__name__)


def _first(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        yield chunk[: limit - size]
        size += len(chunk)
        if size >= limit:
            return


def _line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:200]
