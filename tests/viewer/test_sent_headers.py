"""Attributes that were sent: read when somebody asks for them, and kept within bounds."""

from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from readingroom.dicom.part10 import open_file
from readingroom.dicom.stored_header import StoredHeader
from readingroom.errors import WireError
from readingroom.wire.gateway_header import SentHeader, written
from readingroom_viewer.sent_headers import TIMES_AS_MUCH, SentHeaders

STORED = written(open_file(Path(get_testdata_file("MR_small.dcm"))).dataset)
SIZE = len(STORED.meta) + len(STORED.dataset)
DAMAGED = StoredHeader(STORED.meta, STORED.dataset[:-1] + b"\xff\xff\xff\xff\xff\xff\xff\xff\xff", is_implicit=False)


def sent(many: int) -> list[SentHeader]:
    """Return headers of as many instances."""
    return [SentHeader(f"1.2.{number}", STORED) for number in range(many)]


def test_a_dataset_is_the_same_object_until_it_is_forgotten() -> None:
    """Whoever asks again gets what was read before; what was dropped is gone, whether it had been read or not."""
    headers = SentHeaders()
    headers.keep(sent(2))
    first = headers.get("1.2.0")

    assert first is not None
    assert first is headers.get("1.2.0")
    assert [True, True, False] == [f"1.2.{number}" in headers for number in range(3)]
    headers.drop(["1.2.0", "1.2.1"])
    assert headers.get("1.2.0") is headers.get("1.2.1") is None


def test_what_was_sent_is_read_when_it_is_asked_for() -> None:
    """A header that cannot be read hinders nobody but who asks for it."""
    headers = SentHeaders()
    headers.keep([SentHeader("1.2.9", DAMAGED), *sent(1)])

    assert headers.get("1.2.0") is not None
    with pytest.raises(WireError):
        headers.get("1.2.9")


def test_both_kinds_are_bounded() -> None:
    """No more bytes are kept than allowed, nor more datasets; what was asked for longest ago is read again from its bytes."""
    headers = SentHeaders(sent_bytes=10 * SIZE, read_bytes=3 * TIMES_AS_MUCH * SIZE)
    headers.keep(sent(25))

    assert [False] * 15 + [True] * 10 == [f"1.2.{number}" in headers for number in range(25)]
    first = headers.get("1.2.15")
    for number in range(16, 20):
        assert headers.get(f"1.2.{number}") is not None
    again = headers.get("1.2.15")
    assert again == first
    assert again is not first


def test_the_newest_dataset_is_kept_however_large_it_is() -> None:
    """An object with ten thousand frames would else be read again for each of them."""
    headers = SentHeaders(read_bytes=1)

    found = headers.read(sent(1)[0])

    assert found is headers.get("1.2.0")
