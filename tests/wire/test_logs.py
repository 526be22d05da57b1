"""What the logs of every process of ours leave out."""

import io
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from readingroom.wire.logs import keep_secrets_out_of_logs, without_secrets


@pytest.fixture
def told() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """Return a logger of a process that keeps secrets out, and what it has written."""
    before, text = logging.getLogRecordFactory(), io.StringIO()
    handler, logger = logging.StreamHandler(text), logging.getLogger("readingroom.tests.logs")
    logger.addHandler(handler)
    keep_secrets_out_of_logs()
    yield logger, text
    logger.removeHandler(handler)
    logging.setLogRecordFactory(before)


@pytest.mark.parametrize("name", ["token", "code", "state", "_xsrf", "access_token", "STATE"])
@pytest.mark.parametrize("secret", ["0123", "eyJ1=.-_~", "a b/c?d", "ä%26 ?"])
@pytest.mark.parametrize("times", range(4))
def test_a_secret_is_found_in_an_address_inside_addresses(secret: str, name: str, times: int) -> None:
    """However deep an address stands in the parameters of others, its secrets go, and what stands beside them stays."""
    value = quote(f"{secret}-ends", safe="")
    address = f"/a/path?first=1&{name}={value}&last=2"
    for _ in range(times):
        address = f"/outer?next={quote(address, safe='')}&after=3"
    found = without_secrets(f"403 GET {address} (127.0.0.1): not yours")

    assert "-ends" not in found
    assert all(kept in found for kept in ("path", "first", "last", "[secret]", "(127.0.0.1): not yours"))


@pytest.mark.parametrize("words", ["200 GET /hub/home?page=2&sort=name", "state=whole, code=3", "a token= of nothing"])
def test_words_without_a_secret_stay_as_they_are(words: str) -> None:
    """What is no parameter of an address, or none that opens anything, is left alone."""
    assert words == without_secrets(words)


def test_neither_arguments_nor_a_trace_bring_a_secret_into_a_log(told: tuple[logging.Logger, io.StringIO]) -> None:
    """Wherever in a line it comes from: the message, its arguments, or the error that is told with it."""
    logger, text = told
    logger.warning("GET /there?state=one-secret")
    logger.warning("%d %s: %s", 403, "GET /there?a=1&code=one-secret", "no")
    logger.warning("oauth state argument 'one-secret' != cookie service-records-oauth-state-x=None")
    error = ValueError("http://there/?token=one-secret")
    logger.error("failed", exc_info=(ValueError, error, None))

    assert 4 == text.getvalue().count("[secret]")
    assert "one-secret" not in text.getvalue()
