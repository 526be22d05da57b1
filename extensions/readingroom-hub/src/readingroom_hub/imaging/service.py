"""The gateway put together: its routes over a source, and the server that listens for reading servers."""

import gc
import os
from concurrent.futures import ThreadPoolExecutor

from tornado.httpserver import HTTPServer
from tornado.web import Application

from readingroom.dicom.dicomweb import DicomwebSource
from readingroom.dicom.dimse import DimseSource
from readingroom.dicom.folder import FolderSource
from readingroom.dicom.source import StudySource
from readingroom_hub.callers import Callers
from readingroom_hub.imaging import extensions, frames, retrieve, search, store
from readingroom_hub.imaging.access import Gate
from readingroom_hub.imaging.base import Gateway, NoSuchRouteHandler
from readingroom_hub.imaging.catalogue import Catalogue
from readingroom_hub.imaging.decisions import Decider, RecordsDecider
from readingroom_hub.imaging.derived import DerivedObjects
from readingroom_hub.imaging.rates import FrameRate
from readingroom_hub.imaging.refused import RefusedCallers
from readingroom_hub.imaging.settings import ImagingSettings
from readingroom_hub.imaging.turns import AT_ONCE, Turns
from readingroom_hub.imaging.with_derived import WithDerived

MAX_BODY = 2**16
"""Bytes of a request; nothing but objects to be kept is larger."""

IDLE_S = 120.0
ROUTES = [*extensions.ROUTES, *search.ROUTES, *frames.ROUTES, *retrieve.ROUTES, *store.ROUTES]


def make_gateway(
    settings: ImagingSettings, source: StudySource, callers: Callers | None = None, decider: Decider | None = None
) -> Gateway:
    """Return the gateway to ``source`` and to the derived objects of its state.

    Callers are asked for at the hub and decisions at records unless others are given.
    """
    derived = DerivedObjects(settings.state)
    source = WithDerived(source, derived.source)
    decider = decider or RecordsDecider(settings.records_url, settings.token)
    executor = ThreadPoolExecutor(AT_ONCE + 1, thread_name_prefix="source")  # one more, for looking at the revision
    return Gateway(
        source=source,
        catalogue=Catalogue(source, settings.kind, executor),
        callers=callers or Callers(settings.hub_api_url, settings.token),
        gate=Gate(decider),
        refused=RefusedCallers(decider),
        turns=Turns(),
        rate=FrameRate(settings.frames_per_second, settings.frames_at_once),
        executor=executor,
        derived=derived,
    )


def make_application(gateway: Gateway) -> Application:
    """Return the routes over a gateway; every other address is refused to callers, and callers only."""
    given = {"gateway": gateway}
    routes = [(pattern, handler, given) for pattern, handler in ROUTES]
    return Application(
        routes, default_handler_class=NoSuchRouteHandler, default_handler_args=given, log_function=lambda _handler: None
    )


def listen(application: Application, port: int) -> HTTPServer:
    """Return the server, which listens on 127.0.0.1 and takes no request larger than it needs."""
    server = HTTPServer(application, max_body_size=MAX_BODY, idle_connection_timeout=IDLE_S, body_timeout=IDLE_S)
    server.listen(port, "127.0.0.1")
    return server


def make_source(settings: ImagingSettings) -> StudySource:
    """Return where studies come from, by configuration."""
    pacs = settings.pacs
    if pacs is not None and pacs.dimse is not None:
        return DimseSource(pacs.dimse.host, pacs.dimse.port, pacs.dimse.called, pacs.dimse.calling)
    if pacs is not None:
        headers = {"Authorization": told} if (told := pacs.authorization()) else None
        return DicomwebSource(pacs.address, headers, ca_file=str(pacs.ca_file) if pacs.ca_file else None)
    return FolderSource(str(settings.studies), str(settings.index), read_only=True)


def forget_token() -> None:
    """Take this service's token out of its environment, so that no child process and no error report holds it."""
    os.environ.pop("JUPYTERHUB_API_TOKEN", None)


def settle() -> None:
    """Keep what is loaded by now out of every later round of the garbage collector: it lives as long as the process.

    Describing a series of 500 slices makes enough objects for several rounds: 22 of its 120 ms.
    """
    gc.collect()
    gc.freeze()
