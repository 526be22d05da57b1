"""A PACS that answers wrongly, endlessly or elsewhere is refused in words, within bounds; nothing of its answer is used."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from readingroom.dicom import archive, dicom_json
from readingroom.dicom.archive import MalformedAnswerError
from readingroom.dicom.attributes import quiet_reading, text, values
from readingroom.dicom.dicom_json import Known, dataset_from, items
from readingroom.dicom.dicomweb import DicomwebSource
from readingroom.dicom.multipart import media_type, parts, transfer_syntax
from readingroom.errors import DamagedImageError, ReadingRoomError, SourceUnavailableError
from readingroom.testing.files import small_image, write

Respond = Callable[[BaseHTTPRequestHandler], None]
STUDY, SERIES, IMAGE = "1.2.1", "1.2.2", "1.2.3"


@contextmanager
def answering(respond: Respond) -> Iterator[tuple[DicomwebSource, list[str]]]:
    """Serve every request by ``respond``; gives a source over it and the requests that came."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            try:
                respond(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    source = DicomwebSource(f"http://127.0.0.1:{server.server_port}/dicom-web", {"Authorization": "Bearer ours"})
    try:
        yield source, asked
    finally:
        source.close()
        server.shutdown()
        thread.join()
        server.server_close()


def saying(body: bytes, kind: str = "application/dicom+json", status: int = 200, **headers: str) -> Respond:
    """Answer every request with one body."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return respond


def with_image(answer: Respond) -> Respond:
    """List one image truthfully, and answer requests for it with something else."""
    image = {
        "00080018": uid(IMAGE),
        "0020000D": uid(STUDY),
        "0020000E": uid(SERIES),
        "00280010": {"vr": "US", "Value": [8]},
    }
    image |= {"00280011": {"vr": "US", "Value": [6]}, "00080016": uid("1.2.840.10008.5.1.4.1.1.2")}
    listed = saying(json.dumps([image]).encode())

    def respond(handler: BaseHTTPRequestHandler) -> None:
        (answer if f"/instances/{IMAGE}" in handler.path else listed)(handler)

    return respond


def uid(value: str) -> dict[str, object]:
    """Return a UID as DICOM JSON."""
    return {"vr": "UI", "Value": [value]}


@pytest.mark.parametrize(
    "body",
    [
        b"<html>", b"{}", b"[1]", b'[{"0020000D": 5}]', b'[{"0020000D": {}}]', b'[{"zz": {"vr": "UI"}}]', b"[{", b"[",
        b'[{"00200010": {"vr": "US", "Value": [70000]}}]', b"\xff\xfe[", b'[{"a": NaN}]', b'[{"a":' + b"[" * 200_000,
        b'[{"00080050": {"vr": "OB", "InlineBinary": "*"}}]', b'[{"00081115": {"vr": "SQ", "Value": ["text"]}}]',
    ],
)  # fmt: skip
def test_malformed_json_is_refused(body: bytes) -> None:
    """Whatever is no DICOM JSON is an error in words, and the state says it."""
    with answering(saying(body)) as (source, _):
        with pytest.raises(MalformedAnswerError, match="The PACS"):
            source.studies()
        assert "The PACS" in source.state().message


@pytest.mark.parametrize(
    ("respond", "words"),
    [
        (saying(b"no", status=500), "status 500"),
        (saying(b"no", status=401), "refuses to answer us"),
        (saying(b"[]", Content_Encoding="gzip"), "compresses"),
        (
            lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n["),
            "cut off|broken off",
        ),
        (lambda handler: handler.wfile.write(b"SSH-2.0\r\n"), "does not answer"),
    ],
)
def test_other_answers_are_refused(respond: Respond, words: str) -> None:
    """Wrong statuses, compression, a body that ends early and another protocol are told apart."""

    def once(handler: BaseHTTPRequestHandler) -> None:
        respond(handler)
        handler.close_connection = True

    with answering(once) as (source, _), pytest.raises(SourceUnavailableError, match=words):
        source.studies()


def test_a_redirect_is_never_followed() -> None:
    """Our credentials go nowhere else: another address that the PACS names is not even connected to."""
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.2)
        away = saying(b"", status=302, Location=f"http://127.0.0.1:{elsewhere.getsockname()[1]}/")
        with answering(away) as (source, asked), pytest.raises(SourceUnavailableError, match="not followed"):
            source.studies()
        with pytest.raises(TimeoutError):
            elsewhere.accept()
        assert 1 == len(asked)


def test_a_hundred_thousand_rows_are_not_read_to_their_end() -> None:
    """A list beyond all use is cut where it stops helping, without reading the rest, and the words say so."""
    sent = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.send_response(200)
        handler.send_header("Content-Type", "application/dicom+json")
        handler.end_headers()
        handler.close_connection = True
        handler.wfile.write(b"[")
        text = {"vr": "LO", "Value": ["x" * 500]}
        while sent < 100_000:
            rows = (json.dumps({"0020000D": uid(f"1.2.{sent + n}"), "00081030": text}) for n in range(500))
            handler.wfile.write(",".join(rows).encode() + b",")
            sent += 500

    with answering(endless) as (source, _):
        assert archive.MAX_STUDIES == len(source.studies())
        assert f"more than {archive.MAX_STUDIES:,} studies" in source.state().message
    assert sent < 100_000


def test_a_server_that_repeats_itself_is_left() -> None:
    """A page that brings nothing new is the last, whatever the server would go on to send."""
    page = [{"0020000D": uid(f"1.2.{n}")} for n in range(1000)]
    with answering(saying(json.dumps(page).encode())) as (source, asked):
        assert 1000 == len(source.studies())
        assert 2 == len(asked)


def test_one_endless_object_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row that never ends is refused at its limit."""
    monkeypatch.setattr(dicom_json, "MAX_ITEM", 2**20)
    with pytest.raises(MalformedAnswerError, match="more than 1 MiB"):
        list(items(iter([b'[{"a": "', *[b"x" * 2**16] * 100])))


BOUNDARY = 'multipart/related; type="application/dicom"; boundary=b'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"--b\r\nContent-Length: 10\r\n\r\n123456\r\n--b--", BOUNDARY),
        (b"--b\r\nContent-Length: 2\r\n\r\n123456\r\n--b--", BOUNDARY),
        (b"--b\r\nContent-Length: 99999999999999999\r\n\r\n123456\r\n--b--", BOUNDARY),
        (b"--b\r\n\r\n123456", BOUNDARY),
        (b"--b--", BOUNDARY),
        (b"--bad\r\n\r\n1\r\n--bad--", BOUNDARY),
        (b"x" * 100_000, BOUNDARY),
        (b"--b\r\n" + b"A: b\r\n" * 10_000 + b"\r\n\r\n--b--", BOUNDARY),
        (b"--b\r\n\r\n1\r\n--b--", "multipart/related"),
        (b"--b\r\n\r\nno DICOM\r\n--b--", BOUNDARY),
    ],
)
def test_malformed_parts_are_refused(body: bytes, kind: str) -> None:
    """Wrong lengths, missing boundaries, endless headers, and what is no DICOM are each an error about one image."""
    with answering(with_image(saying(body, kind))) as (source, _):
        assert 1 == len(source.frames(SERIES))
        with pytest.raises(ReadingRoomError, match="PACS"):
            source.frame(IMAGE, 1)


def test_an_endless_part_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that does not end is left at its limit."""
    pieces = iter([b"--b\r\n\r\n", *[b"x" * 2**16] * 1000])
    with pytest.raises(MalformedAnswerError, match="more than 1 MiB"):
        next(parts(pieces, BOUNDARY, max_part=2**20)).data()
    assert 900 < sum(1 for _ in pieces)


def test_another_object_than_asked_for_is_refused(tmp_path: Path) -> None:
    """An answer that is a good image, but another one, is never shown as the one that was asked for."""
    body = b"--b\r\n\r\n" + write(small_image(), tmp_path / "other.dcm").read_bytes() + b"\r\n--b--"
    server = answering(with_image(saying(body, BOUNDARY)))
    with server as (source, _), pytest.raises(MalformedAnswerError, match="another object"):
        source.frame(IMAGE, 1)


def test_a_damaged_image_is_refused_alone(tmp_path: Path) -> None:
    """An image that is cut off is an error about this image, in words."""
    whole = write(small_image(), tmp_path / "cut.dcm", SOPInstanceUID=IMAGE, SeriesInstanceUID=SERIES).read_bytes()
    body = b"--b\r\n\r\n" + whole[:-20] + b"\r\n--b--"
    with (
        answering(with_image(saying(body, BOUNDARY))) as (source, _),
        pytest.raises(DamagedImageError, match="is cut off"),
    ):
        source.frame(IMAGE, 1)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("length", ["", "Content-Length: 15\r\n"])
def test_parts_are_read_however_they_are_cut(size: int, length: str) -> None:
    """A body that looks like a boundary arrives whole, in packets of any size."""
    headers = f"{length}Content-Type: image/jls;transfer-syntax=1.2.3\r\n\r\n".encode()
    first = b"\r\n--a\r\n--\r\n--x-"
    body = b"preamble\r\n--b \r\n" + headers + first + b"\r\n--b\r\n\r\nsecond\r\n--b--\r\nepilogue"
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    found = [(part.type.parameters.get("transfer-syntax"), part.data()) for part in parts(pieces, BOUNDARY)]

    assert [("1.2.3", first), (None, b"second")] == found


def test_the_transfer_syntax_is_found_wherever_it_stands() -> None:
    """Orthanc writes it within the type of the whole answer, others with the part."""
    whole = media_type('multipart/related; type="image/jp2; transfer-syntax=1.2.840.10008.1.2.4.91"; boundary=x')

    assert "1.2.840.10008.1.2.4.91" == transfer_syntax(media_type("image/jp2"), whole)
    assert "1.2.3" == transfer_syntax(media_type("image/jls; transfer-syntax=1.2.3"), whole)
    assert "" == transfer_syntax(media_type("image/jls"))


def test_json_reads_as_a_file_would() -> None:
    """Text, numbers, names, tags, sequences and nulls of PS3.18 Annex F have the values that a file would have."""
    item = json.loads(
        '{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller^A", "Ideographic": "山田"}]},'
        '"00200032": {"vr": "DS", "Value": [-1.5, 2, "3.25"]}, "00280010": {"vr": "US", "Value": [512]},'
        '"00280009": {"vr": "AT", "Value": ["00181063"]}, "00080008": {"vr": "CS", "Value": ["A", null, "B"]},'
        '"00081115": {"vr": "SQ", "Value": [{"0020000E": {"vr": "UI", "Value": ["1.2"]}}]},'
        '"00080005": {"vr": "CS", "Value": ["ISO_IR 100"]}, "7FE00010": {"vr": "OW", "BulkDataURI": "x"}}'
    )
    dataset = dataset_from(item)
    with quiet_reading():
        assert "Müller^A=山田" == str(dataset.PatientName)
        assert ("-1.5", "2", "3.25") == values(dataset, "ImagePositionPatient")
        assert (512,) == values(dataset, "Rows")
        assert 0x00181063 == dataset.FrameIncrementPointer
        assert "A\\\\B" == text(dataset, "ImageType")
        assert "1.2" == dataset.ReferencedSeriesSequence[0].SeriesInstanceUID
    assert "PixelData" not in dataset


def test_what_came_before_changes_nothing() -> None:
    """Objects of a series that share what they were read from hold what each says: zeros, signs, kinds and empty values."""
    said: list[list[object]] = [[0.0], [-0.0], [0], [1, 2], [1.5], ["1"], ["01"], [None], [], ["a", None]]
    kinds = {"FD": said[:5], "DS": said, "CS": said, "US": said[2:4], "LO": said}
    told = [
        {
            "00181020": {"vr": vr, "Value": value},
            "00081115": {"vr": "SQ", "Value": [{"00080050": {"vr": vr, "Value": value}}]},
        }
        for vr, values_of in kinds.items()
        for value in values_of
    ]
    known: Known = {}
    alone, together = [dataset_from(item) for item in told], [dataset_from(item, known) for item in told * 2]

    assert known
    with quiet_reading():
        assert alone * 2 == together
        for first, second in zip(alone * 2, together, strict=True):
            assert repr(values(first, 0x00181020)) == repr(values(second, 0x00181020))


@pytest.mark.parametrize("address", ["ftp://pacs", "pacs", "http://", "http://a:secret@pacs/x", "http://pacs?x=1"])
def test_addresses_that_are_none_are_refused(address: str) -> None:
    """An address with a password in it would end up in logs; others lead nowhere."""
    with pytest.raises(ValueError, match="address"):
        DicomwebSource(address)
