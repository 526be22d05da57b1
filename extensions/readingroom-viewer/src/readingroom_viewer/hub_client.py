"""How a reading server asks the hub's services: plain HTTP with its own token, over connections that are kept.

A refusal comes back as the typed error it stands for, in the service's own words (``readingroom.wire.gateway``); a
service that does not answer as ``SourceUnavailableError`` or ``RecordsUnavailableError``, whichever it is asked for.
"""

import json
from collections.abc import Mapping
from typing import Any

import urllib3

from readingroom.errors import AccessRefusedError, ReadingRoomError
from readingroom.wire.gateway import error_from

CONNECTIONS = 8
"""Kept open to one service: two threads that render, one that records, one for leases, and volumes that fill."""

TIMEOUT = urllib3.Timeout(connect=2.0, read=30.0)
SHORT = 4096
OK, REFUSED = 200, frozenset({401, 403})


class HubClient:
    """One service of the hub, asked with one token. Safe to call from several threads.

    Parameters
    ----------
    url
        The service's internal address, with the path that all of its routes begin with.
    token
        This server's own token; it travels in a header, never in an address.
    away
        The error that stands for a service that does not answer.
    words
        What a reader is told then.
    """

    def __init__(self, url: str, token: str, away: type[ReadingRoomError], words: str) -> None:
        self._url = url.rstrip("/")
        self._away = away
        self._words = words
        # What a site sets in the environment for its way out (proxies, netrc) is never asked: this stays inside.
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS, retries=False, headers={"Authorization": f"token {token}"}
        )

    def get(
        self, path: str, fields: Mapping[str, str] | None = None, timeout: float | None = None
    ) -> urllib3.BaseHTTPResponse:
        """Return the whole answer to a GET; raises what a refusal stands for."""
        return self._checked(self._asked("GET", path, {}, timeout, fields=fields))

    def post(self, path: str, content: object, timeout: float, key: str = "") -> Any:  # noqa: ANN401 - JSON
        """Return the JSON answer to a POST of JSON; raises what a refusal stands for.

        What is sent again under the same ``key``, because nobody knows whether it arrived, is done once.
        """
        body = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
        headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
        answer = self._checked(self._asked("POST", path, headers, timeout, body=body))
        try:
            return json.loads(answer.data)
        except ValueError as error:
            raise self._away(self._words) from error

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()

    def _asked(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        timeout: float | None,
        **more: Any,  # noqa: ANN401
    ) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(
                method,
                self._url + path,
                headers={**self._pool.headers, **headers},
                redirect=False,
                timeout=TIMEOUT if timeout is None else timeout,
                **more,
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._away(self._words) from error

    def _checked(self, answer: urllib3.BaseHTTPResponse) -> urllib3.BaseHTTPResponse:
        if answer.status == OK:
            return answer
        if b'"error"' not in answer.data[:SHORT]:
            raise self._away(self._words)  # whoever stands in between answered, such as a proxy
        error = error_from(answer.data, answer.status)
        # A token that is refused, for whatever reason, opens nothing any more: that is no service that is away.
        raise AccessRefusedError(str(error)) if answer.status in REFUSED else error
