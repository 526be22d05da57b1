"""How a PACS is named: what cannot be asked, and what would show a secret, is refused in words before anything starts."""

from pathlib import Path

import pytest

from readingroom_hub.pacs import Dimse, Pacs, PacsError
from readingroom_hub.preflight import check_pacs
from readingroom_hub.settings import SettingsError

SECRET = Path("/secret")


@pytest.mark.parametrize(
    ("address", "file", "words"),
    [
        ("pacs.example", None, "no address of a PACS"),
        ("ftp://pacs.example/", None, "no address of a PACS"),
        ("https://pacs.example/dicom-web?x=1", None, "no address of a PACS"),
        ("https://me:word@pacs.example/dicom-web", None, "no password"),
        ("http://pacs.example/dicom-web", SECRET, "must be https"),
        ("dimse://pacs.example:104", None, "no address of a PACS"),
        ("dimse://PACS@pacs.example", None, "no address of a PACS"),
        ("dimse://PACS@pacs.example:0", None, "no address of a PACS"),
        ("dimse://PACS@pacs.example:one", None, "no address of a PACS"),
        ("dimse://PACS:word@pacs.example:104", None, "no password"),
        ("dimse://A_TITLE_OF_17_CHARS@pacs.example:104", None, "no address of a PACS"),
        ("dimse://PACS@pacs.example:104?called=X", None, "no address of a PACS"),
        ("dimse://PACS@pacs.example:104", SECRET, "whose address is https"),
    ],
)
def test_a_wrong_address_is_refused(address: str, file: Path | None, words: str) -> None:
    """Each is refused in words that hold no password."""
    with pytest.raises(PacsError, match=words) as refused:
        Pacs(address, file)
    assert "word@" not in str(refused.value)


def test_titles_and_port_are_those_of_the_address() -> None:
    """Our own title is READINGROOM unless the address names another."""
    assert Dimse("pacs.example", 104, "PACS", "READINGROOM") == Pacs("dimse://PACS@pacs.example:104").dimse
    assert Dimse("10.0.0.1", 11112, "PACS", "US") == Pacs("dimse://PACS@10.0.0.1:11112?calling=US").dimse
    assert Pacs("https://pacs.example/dicom-web").dimse is None


@pytest.mark.parametrize("held", ["", "two\nlines", "\u00fc"])
def test_a_file_without_a_header_is_refused(held: str, tmp_path: Path) -> None:
    """What holds no Authorization header is told before anything starts, as is a file that is not there."""
    file = tmp_path / "authorization"
    with pytest.raises(SettingsError, match="cannot be read"):
        check_pacs("https://pacs.example/dicom-web", file, None)
    file.write_text(held, encoding="utf-8")
    with pytest.raises(SettingsError, match="file of the PACS"):
        check_pacs("https://pacs.example/dicom-web", file, None)


def test_certificates_are_looked_at_first(tmp_path: Path) -> None:
    """A file that holds none is refused in words; secrets and certificates without a PACS are no setting."""
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(SettingsError, match="PEM"):
        check_pacs("https://pacs.example/dicom-web", None, tmp_path / "ca.pem")
    with pytest.raises(SettingsError, match="give PACS too"):
        check_pacs("", None, tmp_path / "ca.pem")
    assert check_pacs("", None, None) is None
