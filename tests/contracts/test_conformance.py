"""The conformance table tells the truth: every transfer syntax has a row, every row a test, and nothing crashes."""

from pathlib import Path

import numpy as np
import pytest
from pydicom._uid_dict import UID_dictionary

from readingroom.dicom.part10 import DEFLATED, OTHER_ENCODINGS
from readingroom.dicom.single import FileSource
from readingroom.errors import UnreadableFileError, UnsupportedImageError
from readingroom.pixels.codecs import PixelDescription, decode, is_encapsulated
from readingroom.pixels.codecs.conformance import PIXELS, SyntaxSupport, transfer_syntaxes
from readingroom.testing.files import compress, small_image, write

REPOSITORY = Path(__file__).parents[2]
ROWS = transfer_syntaxes()
REFUSED = [row for row in ROWS if not row.is_supported]


def named(row: SyntaxSupport) -> str:
    """Return a row's name for a test."""
    return row.uid.removeprefix("1.2.840.10008.1.")


def test_every_transfer_syntax_has_one_row() -> None:
    """The rows are the transfer syntaxes of the Standard, those newer than pydicom's dictionary included."""
    known = {uid for uid, entry in UID_dictionary.items() if entry[1] == "Transfer Syntax"}
    assert len(ROWS) == len({row.uid for row in ROWS})
    assert known <= {row.uid for row in ROWS}
    assert {f"1.2.840.10008.1.2.4.{n}" for n in (110, 111, 112)} <= {row.uid for row in ROWS}


@pytest.mark.parametrize("test", sorted({row.test for row in (*ROWS, *PIXELS)}))
def test_every_row_names_a_test_that_is_there(test: str) -> None:
    """The proof of a row can be run."""
    path, _, function = test.partition("::")
    assert f"def {function}(" in (REPOSITORY / path).read_text()


@pytest.mark.parametrize("row", REFUSED, ids=named)
def test_syntax_without_decoder_is_refused_by_name(row: SyntaxSupport, tmp_path: Path) -> None:
    """A frame and a file in it are refused in words that hold the syntax's own name."""
    with pytest.raises(UnsupportedImageError) as frame_error:
        decode(row.uid, b"\0" * 64, PixelDescription(2, 2))
    assert row.name in str(frame_error.value)
    dataset = small_image(1)
    if is_encapsulated(row.uid):
        compress(dataset, row.uid, [b"\0" * 64])
    path = write(dataset, tmp_path / "image.dcm")
    with pytest.raises(UnreadableFileError) as file_error:
        FileSource(path)
    assert row.name in str(file_error.value)


@pytest.mark.parametrize("row", [row for row in REFUSED if row.uid not in OTHER_ENCODINGS], ids=named)
def test_image_without_pixel_data_names_the_syntax_it_is_sent_in(row: SyntaxSupport, tmp_path: Path) -> None:
    """Where pixel data is referred to or streamed, the file holds none, and the reason is its syntax."""
    dataset = small_image(1)
    del dataset.PixelData
    dataset.file_meta.TransferSyntaxUID = row.uid
    with pytest.raises(UnreadableFileError) as error:
        FileSource(write(dataset, tmp_path / "image.dcm"))
    assert row.name in str(error.value)


def test_deflated_jpip_is_refused_by_name(tmp_path: Path) -> None:
    """A dataset that is deflated because its pixels are sent by JPIP is named, not taken for damage."""
    dataset = small_image(1)
    del dataset.PixelData
    dataset.file_meta.TransferSyntaxUID = DEFLATED
    path = write(dataset, tmp_path / "image.dcm")
    path.write_bytes(path.read_bytes().replace(DEFLATED.encode(), b"1.2.840.10008.1.2.4.95", 1))
    with pytest.raises(UnreadableFileError, match="JPIP Referenced Deflate"):
        FileSource(path)


@pytest.mark.parametrize("uid", ["1.2.840.113619.5.2", "1.2.3.4", "", "no uid at all"])
def test_private_syntax_is_refused_by_its_uid(uid: str) -> None:
    """A syntax that no standard names is named by its UID, never guessed at."""
    with pytest.raises(UnsupportedImageError) as error:
        decode(uid, np.zeros(4, np.uint16).tobytes(), PixelDescription(2, 2))
    assert uid in str(error.value)
