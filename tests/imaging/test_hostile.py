"""Whoever means harm: odd addresses, huge lists, slow readers, revoked leases; a typed refusal, and everybody else goes on."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from tests.imaging.conftest import ANNA, Running, run_gateway

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.model import EncodedFrame
from readingroom.errors import DamagedImageError, SourceUnavailableError
from readingroom.testing.files import small_image, write
from readingroom_hub.imaging.rates import FrameRate
from readingroom_hub.imaging.turns import Turns
from readingroom_hub.testing import PATIENCE_S, wait_for

BIG = 4 * 2**20


class Troubled(FolderSource):
    """A folder whose frames fail on demand."""

    trouble: Exception | None = None

    def frame(self, sop_uid: str, frame: int) -> EncodedFrame:
        """Return a frame, or raise what the test wants."""
        if self.trouble is not None:
            raise self.trouble
        return super().frame(sop_uid, frame)


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Troubled]:
    """Return a folder with one series of eight images of 4 MiB."""
    for number in range(1, 9):
        pixels = np.full((1024, 2048), number, np.int16)
        write(small_image(number, pixels), tmp_path / "studies" / f"{number}.dcm")
    source = Troubled(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    yield source
    source.close()


@pytest.fixture
def limited(large: Troubled, tmp_path: Path) -> Iterator[Running]:
    """Run a gateway with small limits, where no second goes by that would give a person another frame."""
    rate = FrameRate(per_second=1, at_once=20, now=lambda: 0.0)
    changes = {"turns": Turns(unsent=BIG), "rate": rate, "send_s": 1.0}
    yield from run_gateway(large, tmp_path / "state", **changes)


def ask(gateway: Running, path: str, *lines: str, method: str = "GET") -> bytes:
    """Return all that the gateway answers to a request that is written as it stands."""
    address = urlsplit(gateway.url)
    head = "\r\n".join(
        (f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: token {ANNA}", "Connection: close", *lines)
    )
    with socket.create_connection((address.hostname, address.port), PATIENCE_S) as connection:
        connection.sendall(head.encode("latin-1") + b"\r\n\r\n")
        answer = b""
        while more := connection.recv(65_536):
            answer += more
    return answer


def paths(source: FolderSource) -> tuple[str, str]:
    """Return the address of the first series, and that of its first instance."""
    study = source.studies()[0]
    series = source.series(study.uid)[0]
    below = f"/studies/{study.uid}/series/{series.uid}"
    return below, f"{below}/instances/{source.instances(series.uid)[0].sop_uid}"


@pytest.mark.parametrize(
    "path",
    [
        "/readingroom/studies/../../etc/passwd/series",
        "/readingroom/studies/%2e%2e%2f%2e%2e/series",
        "/readingroom/studies/1.2%2f3/series",
        "/readingroom/studies/1.2;DROP/series",
        "/readingroom/studies/" + "1" * 65 + "/series",
        "/readingroom/studies/%00/series",
        "/readingroom/studies/%FF/series",
        "/dicom-web/studies/1.2/../../x",
        "/dicom-web//studies",
        "/dicom-web/series",
        "/dicom-web/instances",
        "/",
        "//",
        "/dicom-web/studies/1.2%0d%0aX-Injected:%201/metadata",
    ],
)
def test_an_address_that_is_none_is_refused(gateway: Running, path: str) -> None:
    """Paths, line breaks and roots without a study in an address are refused in words, and put nothing into the answer."""
    answer = ask(gateway, path)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"400" in head.split(b"\r\n")[0]
    assert b"X-Injected" not in head
    assert "malformed_request" == json.loads(body)["error"]["code"]


def test_odd_lists_of_frames_are_refused(gateway: Running, studies: FolderSource) -> None:
    """A list of a million frames, of none, of negative ones and of words is refused before anything is read."""
    at = f"/dicom-web{paths(studies)[1]}"

    for numbers in (",".join(["1"] * 5000), "", "0", "-1", "1,,2", "1;2", "one", "1" * 30, "٣", "1,2 "):
        assert 400 == gateway.get(f"{at}/frames/{numbers}").status_code, numbers
    assert 404 == gateway.get(f"{at}/frames/1,999").status_code
    for path in ("7FE00010", "00080018", "00080005", "9" * 8, "00081140/1/00081155"):
        assert 404 == gateway.get(f"{at}/bulkdata/{path}").status_code, path
    for path in ("x", "00081140/1", "7fe00010", "%2e%2e/1/x", "/".join(["00081140", "1"] * 20)):
        assert 400 == gateway.get(f"{at}/bulkdata/{path}").status_code, path


def test_odd_requests_are_refused(gateway: Running, studies: FolderSource) -> None:
    """Other methods, huge headers and bodies and broken lines get no object; a Range gets the whole one, never a part."""
    at = paths(studies)[1]

    for method in ("PUT", "DELETE", "PATCH", "TRACE", "HEAD", "PROPFIND"):
        assert b" 405 " in ask(gateway, f"/dicom-web{at}", "Content-Length: 0", method=method).split(b"\r\n")[0]
    with suppress(ConnectionError):
        assert b"200" not in ask(gateway, f"/dicom-web{at}", "X: " + "x" * 200_000)[:20]
    with suppress(ConnectionError):
        assert b"200" not in ask(gateway, f"/dicom-web{at}", f"Content-Length: {2**40}")[:20]
    whole, part = (gateway.get(f"/readingroom{at}/frames/1", **more) for more in ({}, {"Range": "bytes=0-3"}))
    assert (200, whole.content) == (part.status_code, part.content)
    two = ask(gateway, f"/dicom-web{at}", "Authorization: token consultant-bob")
    assert b" 401 " in two.split(b"\r\n")[0]
    assert 200 == gateway.get("/readingroom/state").status_code


def test_a_name_that_breaks_lines_stays_out_of_headers(gateway: Running, studies: FolderSource) -> None:
    """Words of a caller never become a header, also where a refusal repeats them."""
    answer = ask(gateway, "/dicom-web/studies?Patient%0d%0aX-Injected:1=x")

    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"X-Injected" not in answer.partition(b"\r\n\r\n")[0]


def test_a_refusal_that_cannot_be_recorded_stands(limited: Running) -> None:
    """Records that are away let no wrong token in, and the next try is told to them once they are back."""
    limited.records.away = True
    statuses = [limited.get("/readingroom/studies", "nobody").status_code for _ in range(2)]
    limited.records.away = False
    statuses += [limited.get("/readingroom/studies", "nobody").status_code for _ in range(3)]
    assert [401] * 5 == statuses
    assert ["caller-refused"] == [event.kind.value for event in limited.records.told]


def test_an_object_too_large_is_refused_unread(gateway: Running, studies: FolderSource) -> None:
    """A message of a terabyte is refused before its first byte is read."""
    study = studies.studies()[0].uid

    answer = ask(gateway, f"/dicom-web/studies/{study}", f"Content-Length: {2**40}", method="POST")

    assert b" 413 " in answer.split(b"\r\n")[0]


def test_errors_of_the_source_are_typed(limited: Running, large: Troubled) -> None:
    """A PACS that is away, a damaged image and a fault of ours are told apart, in words, without a trace."""
    at = f"/readingroom{paths(large)[1]}/frames/1"

    for trouble, status, code in (
        (SourceUnavailableError("The PACS does not answer."), 503, "source_unavailable"),
        (DamagedImageError("The image ends early."), 422, "damaged_image"),
        (RuntimeError("/srv/secret"), 500, "internal"),
    ):
        large.trouble = trouble
        answer = limited.get(at)
        error = answer.json()["error"]
        assert (status, code) == (answer.status_code, error["code"])
        assert "secret" not in answer.text
        assert error["message"]


def test_more_frames_than_reading_needs_are_refused(limited: Running, large: Troubled) -> None:
    """Beyond the rate one person is told when to come again; another is not touched by it."""
    at = f"/readingroom{paths(large)[1]}/frames/1"

    answers = [limited.get(at) for _ in range(25)]

    assert 429 == answers[-1].status_code
    assert 1 <= int(answers[-1].headers["Retry-After"])
    assert 200 == limited.get(at, "consultant-bob").status_code


def test_a_lease_that_ends_ends_the_stream(limited: Running, large: Troubled) -> None:
    """A study that is revoked while it is sent breaks off: nobody takes half of it for the whole."""
    limited.records.lease_s = 0.0
    below, _ = paths(large)
    address = urlsplit(limited.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    connection.request("GET", f"/dicom-web{below}", headers={"Authorization": f"token {ANNA}"})
    answer = connection.getresponse()
    first = answer.read(65_536)
    limited.records.refused = {"anna": frozenset({large.studies()[0].uid})}

    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        answer.read()

    assert first
    connection.close()


def test_slow_readers_hold_nothing_up(limited: Running, large: Troubled) -> None:
    """People who do not take what they asked for are let go, hold no turn, and what is kept for them is bounded."""
    below, at = paths(large)
    address = urlsplit(limited.url)
    slow = []
    for number in range(12):
        connection = socket.create_connection((address.hostname, address.port), PATIENCE_S)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = f"GET /dicom-web{below} HTTP/1.1\r\nHost: x\r\nAuthorization: token trainee-slow{number}\r\n\r\n"
        connection.sendall(request.encode())
        slow.append(connection)

    assert 200 == limited.get(f"/readingroom{at}/frames/1", "consultant-bob").status_code

    assert wait_for(lambda: limited.gateway.turns.people == 0, PATIENCE_S)
    for connection in slow:
        connection.close()


def test_a_caller_that_goes_leaves_nothing(limited: Running, large: Troubled) -> None:
    """Connections that are cut in the middle leave no turn taken and no file open."""
    below, at = paths(large)
    address = urlsplit(limited.url)
    for number in range(20):
        connection = socket.create_connection((address.hostname, address.port), PATIENCE_S)
        path = f"/dicom-web{below}" if number % 2 else f"/readingroom{at}/frames/1"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: token trainee-n{number}\r\n\r\n".encode())
        if number % 3:
            connection.recv(1000)
        connection.close()

    assert wait_for(lambda: limited.gateway.turns.people == 0, PATIENCE_S)
    assert 200 == limited.get(f"/readingroom{at}/frames/1").status_code
