"""The frame socket by itself, as the server extension in front of it sees it."""

import asyncio
import json
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from websockets.asyncio.client import ClientConnection, connect

from readingroom.dicom.folder import FolderSource
from readingroom.reading.local import LocalRecords
from readingroom.testing.files import small_image, write
from readingroom_viewer.leases import NoLeases
from readingroom_viewer.records import ServerRecords
from readingroom_viewer.server_extension import USER_HEADER
from readingroom_viewer.settings import ServerSettings
from readingroom_viewer.socket import FrameSocket


@asynccontextmanager
async def page(folder: Path, records: Path) -> AsyncIterator[tuple[ClientConnection, str]]:
    """Return the connection of a page that has opened a study of one image, and the series."""
    image = small_image()
    write(image, folder / "studies" / "1.dcm")
    source = FolderSource(folder / "studies", folder / "index.sqlite")
    source.refresh()
    kept = ServerRecords.local(records, 90)
    settings = ServerSettings(folder / "studies", folder / "index.sqlite", "teaching", "/", records)
    with ThreadPoolExecutor(2) as pool:
        served = {"source": source, "settings": settings, "records": kept, "leases": NoLeases(), "pool": pool}
        server = HTTPServer(Application([("/frames", FrameSocket, served)]))
        listening, port = bind_unused_port()
        server.add_socket(listening)
        async with connect(f"ws://127.0.0.1:{port}/frames", additional_headers={USER_HEADER: "trainee"}) as socket:
            await socket.send(json.dumps({"type": "open", "study_uid": image.StudyInstanceUID}))
            assert "study" == json.loads(await socket.recv())["type"]
            yield socket, str(image.SeriesInstanceUID)
        server.stop()
        await server.close_all_connections()
    assert isinstance(kept.audit, LocalRecords)
    kept.audit.close()
    source.close()


async def pictures(socket: ClientConnection, seconds: float, most: int | None = None) -> list[bytes]:
    """Return the pictures that come in a time, or as soon as there are so many."""
    found: list[bytes] = []
    try:
        async with asyncio.timeout(seconds):
            while len(found) != most:
                message = await socket.recv()
                if isinstance(message, bytes):
                    found.append(message)
    except TimeoutError:
        pass
    return found


def test_no_audit_no_thumbnail(tmp_path: Path) -> None:
    """While nothing can be recorded not even a small picture leaves; it comes by itself once the file is there."""
    records = tmp_path / "records" / "records.sqlite"
    records.mkdir(parents=True)

    async def walk() -> tuple[int, int, int]:
        async with page(tmp_path, records) as (socket, series):
            await socket.send(json.dumps({"type": "thumbnail", "series_uid": series}))
            blocked = await pictures(socket, 1.0)
            records.rmdir()
            first = await pictures(socket, 60.0, most=1)
            return len(blocked), len(first), len(await pictures(socket, 1.0))

    assert (0, 1, 0) == asyncio.run(walk())
