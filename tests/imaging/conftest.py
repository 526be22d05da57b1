"""A gateway that runs, over a folder of real files in every transfer syntax, and people who may this and that."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import requests
from pydicom.data import get_testdata_file

from readingroom.dicom.folder import FolderSource
from readingroom.dicom.source import StudySource
from readingroom.errors import RecordsUnavailableError
from readingroom.reading.audit_message import AuditEvent
from readingroom.reading.permissions import Action
from readingroom.testing.encoders import ENCODERS
from readingroom.testing.files import SMALL_STUDY, compress, small_image, write
from readingroom_hub.callers import Caller, Callers, SupersededTokenError, UnknownCallerError, WrongServerError
from readingroom_hub.imaging.base import Gateway
from readingroom_hub.imaging.decisions import Answer, Decider, StudyFacts
from readingroom_hub.imaging.service import listen, make_application, make_gateway
from readingroom_hub.imaging.settings import ImagingSettings
from readingroom_hub.pacs import Pacs
from readingroom_hub.preflight import free_ports

REAL = (
    "CT_small.dcm",
    "MR_small_RLE.dcm",
    "JPEG2000.dcm",
    "examples_palette.dcm",
    "test-SR.dcm",
    "examples_overlay.dcm",
)
SECOND = replace(
    SMALL_STUDY, key="second", patient_name="Beispiel^Bernd", patient_id="RR-TEST-2", accession_number="RR2"
)
SYNTAXES = replace(SMALL_STUDY, key="syntaxes", patient_name="Silbe^Sara", patient_id="RR-TEST-3", date="20250101")
ANNA = "trainee-anna"
GRAY = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)


class HubOfTest:
    """Stands in for the hub: which token is whose. What the real hub says is proved in ``tests/records``."""

    def __init__(self) -> None:
        self.refused: dict[str, Exception] = {
            "of-a-workbench": WrongServerError("Images are given to a person's own reading server only."),
            "of-yesterday": SupersededTokenError("The reading server that asks was started again since."),
        }

    async def of(self, token: str) -> Caller:
        """Return the person whose name the token ends in: ``trainee-anna`` is Anna, a trainee."""
        if token in self.refused:
            raise self.refused[token]
        role, _, name = token.partition("-")
        if not name:
            raise UnknownCallerError("The hub does not know this server's token any more.")
        scope = f"custom:readingroom:pixels!server={name}/reading"
        return Caller("user", name, frozenset({f"{role}s"}), "reading", frozenset({scope}), f"id-{token}")


@dataclass
class RecordsOfTest:
    """Stands in for records: everything is allowed but what is named; what was asked is kept."""

    refused: dict[str, frozenset[str]] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    away: bool = False
    lease_s: float = 2.0

    told: list[AuditEvent] = field(default_factory=list)

    async def decide(self, caller: Caller, action: Action, study: StudyFacts) -> Answer:
        """Refuse the study UIDs that are named for this person, and permit all others."""
        await self._answers()
        self.asked.append((caller.person, study.uid, action.value))
        refused = self.refused.get(caller.person, frozenset())
        return Answer(study.uid not in refused, "It is not assigned to you.", self.lease_s)

    async def known(self, caller: Caller, studies: Sequence[StudyFacts]) -> frozenset[str]:
        """Return all but the refused studies."""
        await self._answers()
        return frozenset(study.uid for study in studies) - self.refused.get(caller.person, frozenset())

    async def tell(self, event: AuditEvent) -> None:
        """Keep an event."""
        await self._answers()
        self.told.append(event)

    async def _answers(self) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise RecordsUnavailableError("Who may see what cannot be asked just now.")


@dataclass
class Running:
    """A gateway that listens, in a thread of its own."""

    url: str
    source: StudySource
    records: RecordsOfTest
    gateway: Gateway
    loop: asyncio.AbstractEventLoop

    def get(self, path: str, token: str = ANNA, **headers: str) -> requests.Response:
        """Return what the gateway answers to a person's reading server."""
        return requests.get(self.url + path, headers={"Authorization": f"token {token}", **headers}, timeout=60)


def run_gateway(
    source: StudySource, state: Path, real: Callable[[], tuple[Callers, Decider]] | None = None, **changes: object
) -> Iterator[Running]:
    """Run a gateway over a source until the caller is done.

    ``real`` makes what asks a real hub and real records in the place of the stand-ins; ``changes`` are parts of
    ``Gateway`` to replace.
    """
    (port,) = free_ports(1)
    settings = ImagingSettings(
        port, "http://127.0.0.1:9/records", state, "http://127.0.0.1:9/hub", "-", pacs=Pacs("http://127.0.0.1:9")
    )
    records = RecordsOfTest()
    started: Future[tuple[asyncio.AbstractEventLoop, Gateway]] = Future()

    async def serve() -> None:
        callers, decider = real() if real else (HubOfTest(), records)
        gateway = make_gateway(settings, source, callers, decider)  # type: ignore[arg-type]
        gateway = replace(gateway, **changes)  # type: ignore[arg-type]
        server = listen(make_application(gateway), port)
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.over = over  # type: ignore[attr-defined]
        started.set_result((loop, gateway))
        await over.wait()
        server.stop()
        await server.close_all_connections()
        gateway.executor.shutdown()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    loop, gateway = started.result(60)
    try:
        yield Running(f"http://127.0.0.1:{port}", source, records, gateway, loop)
    finally:
        loop.call_soon_threadsafe(loop.over.set)  # type: ignore[attr-defined]
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def studies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FolderSource]:
    """Return a folder of real files, a small series of each of two people, and a frame in every transfer syntax."""
    folder = tmp_path_factory.mktemp("studies")
    for name in REAL:
        (folder / name).write_bytes(Path(get_testdata_file(name)).read_bytes())
    for number in range(1, 6):
        write(small_image(number), folder / "small" / f"{number}.dcm")
        write(small_image(number, study=SECOND), folder / "second" / f"{number}.dcm")
    for number, (syntax, encode) in enumerate(ENCODERS.items(), 1):
        pixels = (GRAY + number).astype(np.uint16)
        image = small_image(number, pixels, study=SYNTAXES)
        if syntax not in ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"):
            image = compress(image, syntax, [encode(pixels, 16), encode(pixels + 1, 16)])
        else:
            image.file_meta.TransferSyntaxUID = syntax
        write(image, folder / "syntaxes" / f"{number}.dcm")
    source = FolderSource(folder, tmp_path_factory.mktemp("index") / "index.sqlite")
    source.refresh()
    assert not [problem for problem in source.problems() if problem.kind == "unreadable"]
    yield source
    source.close()


@pytest.fixture(scope="session")
def gateway_of_session(studies: FolderSource, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run one gateway for all tests of its routes."""
    yield from run_gateway(studies, tmp_path_factory.mktemp("state"))


@pytest.fixture
def gateway(gateway_of_session: Running) -> Running:
    """Return the gateway of all tests, where everybody may do everything again."""
    gateway_of_session.records.refused = {}
    gateway_of_session.records.away = False
    gateway_of_session.gateway.gate._held.clear()
    gateway_of_session.gateway.gate._searched.clear()
    return gateway_of_session
