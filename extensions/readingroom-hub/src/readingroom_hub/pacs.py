"""The PACS of a house as an administrator names it: one address, and files for what is secret."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

CALLING = "READINGROOM"
"""Our application entity title where the address names no other; the PACS must be told of it."""

_AE_TITLE = re.compile(r"[!-\[\]-~](?:[ -\[\]-~]{0,14}[!-\[\]-~])?")
"""Up to 16 printable characters without a backslash (PS3.5 6.2, AE)."""

_HERE = ("127.0.0.1", "::1", "localhost")
_WHAT = "it must be https://HOST/PATH of its DICOMweb services, or dimse://AE_TITLE@HOST:PORT"


class PacsError(ValueError):
    """A PACS that cannot be asked as it is named, said in words for the person who started the program."""


@dataclass(frozen=True, slots=True)
class Dimse:
    """Where a PACS listens, its application entity title, and ours."""

    host: str
    port: int
    called: str
    calling: str


@dataclass(frozen=True, slots=True)
class Pacs:
    """Where studies come from instead of a folder.

    ========================================  =============================================================
    ``READINGROOM_PACS``                      ``https://host/dicom-web``, the root of its DICOMweb services, or
                                              ``dimse://AE_TITLE@host:port``; ``?calling=TITLE`` if we are not READINGROOM
    ``READINGROOM_PACS_AUTHORIZATION_FILE``   file that holds the Authorization header for DICOMweb; optional
    ``READINGROOM_PACS_CA``                   certificates (PEM) to trust for https instead of the machine's; optional
    ========================================  =============================================================
    """

    address: str
    authorization_file: Path | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        """Refuse an address that leads nowhere, or that would carry a secret where it can be read."""
        parts = urlsplit(self.address)
        if parts.password is not None or (parts.username is not None and parts.scheme != "dimse"):
            raise PacsError("The PACS' address may hold no password: put the Authorization header into a file.")
        if parts.scheme == "dimse":
            self._check_dimse()
            return
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise PacsError(f"PACS={self.address} is no address of a PACS; {_WHAT}.")
        if self.authorization_file is not None and parts.scheme == "http" and parts.hostname not in _HERE:
            raise PacsError(
                "The PACS' Authorization would cross the network readable by all: its address must be https."
            )
        if self.ca_file is not None and parts.scheme != "https":
            raise PacsError("Certificates to trust belong to a PACS whose address is https.")

    def __str__(self) -> str:
        """Return the address, which holds no secret."""
        return self.address

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Pacs | None":
        """Return the PACS that the environment names, None where it names none; raises ``PacsError``."""
        address = environment.get("READINGROOM_PACS", "")
        files = (environment.get(f"READINGROOM_PACS_{name}") for name in ("AUTHORIZATION_FILE", "CA"))
        return cls(address, *(Path(file) if file else None for file in files)) if address else None

    def to_environment(self) -> dict[str, str]:
        """Return the variables from which ``from_environment`` reads this same value."""
        files = {"AUTHORIZATION_FILE": self.authorization_file, "CA": self.ca_file}
        told = {f"READINGROOM_PACS_{name}": str(file) for name, file in files.items() if file is not None}
        return {"READINGROOM_PACS": self.address, **told}

    def authorization(self) -> str:
        """Return the Authorization header, empty where there is none; raises ``PacsError`` for a file that holds none."""
        if self.authorization_file is None:
            return ""
        try:
            text = self.authorization_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as error:
            raise PacsError(
                f"The file of the PACS' Authorization header cannot be read ({type(error).__name__})."
            ) from None
        if not text or not text.isprintable():
            raise PacsError("The file of the PACS' Authorization header must hold one line, such as: Bearer abc")
        return text

    @property
    def dimse(self) -> Dimse | None:
        """Whom to ask by DIMSE, None where DICOMweb is asked."""
        parts = urlsplit(self.address)
        if parts.scheme != "dimse":
            return None
        calling = parse_qs(parts.query).get("calling", [CALLING])[0]
        return Dimse(str(parts.hostname), int(parts.port or 0), str(parts.username), calling)

    def _check_dimse(self) -> None:
        parts = urlsplit(self.address)
        try:
            port = parts.port
        except ValueError:
            port = None
        query = parse_qs(parts.query, keep_blank_values=True)
        titles = [parts.username or "", *query.get("calling", [CALLING])]
        named = parts.hostname and port and parts.path in ("", "/")
        if not named or set(query) - {"calling"} or not all(_AE_TITLE.fullmatch(title) for title in titles):
            raise PacsError(f"PACS={self.address.partition('?')[0]} is no address of a PACS; {_WHAT}.")
        if self.authorization_file is not None or self.ca_file is not None:
            raise PacsError("An Authorization header and certificates belong to a PACS whose address is https.")
