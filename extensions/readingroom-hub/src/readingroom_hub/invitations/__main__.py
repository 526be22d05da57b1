"""``python -m readingroom_hub.invitations``: started by the hub. Exit status 2 for a setting that cannot be used."""

import asyncio
import logging
import os
import signal
import sys

from tornado.httpserver import HTTPServer

from readingroom.wire.logs import keep_secrets_out_of_logs
from readingroom_hub.callers import Callers
from readingroom_hub.invitations.asking import Accounts, Records
from readingroom_hub.invitations.doorway import Doorway
from readingroom_hub.invitations.service import MAX_BODY, make_application
from readingroom_hub.invitations.settings import InvitingSettings
from readingroom_hub.settings import SettingsError


async def serve(settings: InvitingSettings) -> None:
    """Serve until the process is told to end."""
    doorway = Doorway(Records(settings.records_url, settings.token), Accounts(settings.hub_api_url, settings.token))
    callers = Callers(settings.hub_api_url, settings.token)
    server = HTTPServer(make_application(doorway, callers), max_body_size=MAX_BODY)
    server.listen(settings.port, "127.0.0.1")
    enough = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, enough.set)
    clearing = asyncio.ensure_future(doorway.keep_clearing())
    await enough.wait()
    clearing.cancel()
    server.stop()


def main() -> int:
    """Run the service; return the exit status."""
    keep_secrets_out_of_logs()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s invitations %(levelname)s %(message)s")
    try:
        asyncio.run(serve(InvitingSettings.from_environment(os.environ)))
    except SettingsError as error:
        sys.stderr.write(f"invitations: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
