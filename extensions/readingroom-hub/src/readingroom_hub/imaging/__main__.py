"""Run the gateway: ``python -m readingroom_hub.imaging``, started by the hub with its environment."""

import asyncio
import logging
import signal

from readingroom.wire.logs import keep_secrets_out_of_logs
from readingroom_hub.imaging.service import forget_token, listen, make_application, make_gateway, make_source, settle
from readingroom_hub.imaging.settings import ImagingSettings


async def serve() -> None:
    """Listen until the hub says that it is enough."""
    settings = ImagingSettings.from_environment()
    forget_token()
    source = make_source(settings)
    server = listen(make_application(make_gateway(settings, source)), settings.port)
    settle()
    enough = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, enough.set)
    logging.getLogger("readingroom_hub.imaging").info("The imaging service listens on port %s.", settings.port)
    await enough.wait()
    server.stop()
    await server.close_all_connections()


if __name__ == "__main__":
    keep_secrets_out_of_logs()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s imaging %(levelname)s %(message)s")
    asyncio.run(serve())
