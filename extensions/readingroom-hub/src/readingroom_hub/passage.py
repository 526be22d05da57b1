"""``python -m readingroom_hub.passage FOLDER PORT HUB_PORT COMMAND …``: a server without a network, and the way to it.

Stands outside of the sandbox. Ends with the command and passes its exit status on; told to end, it ends the command.
"""

import asyncio
import signal
import sys
from pathlib import Path

from readingroom.wire.passage import HUB, SERVER, answers, from_port, from_socket, to_port, to_socket

LOOK_S = 0.05


async def carry(folder: Path, port: int, hub_port: int, command: list[str]) -> int:
    """Run the command with a way to the hub; once its server answers, open the way to it."""
    server = to_socket(folder, SERVER)
    (folder / SERVER).unlink(missing_ok=True)
    hub = await from_socket(folder, HUB, to_port(hub_port))
    process = await asyncio.create_subprocess_exec(*command)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, process.terminate)
    ended = asyncio.ensure_future(process.wait())
    while not ended.done() and not await answers(server):
        await asyncio.wait([ended], timeout=LOOK_S)
    opened = [hub] if ended.done() else [hub, await from_port(port, server)]
    status = await ended
    for each in opened:
        each.close()
    return status


def passage_command(folder: Path, port: int, hub_port: int, command: list[str]) -> list[str]:
    """Return the command line that runs ``command``, in a network of its own, with a passage."""
    return [sys.executable, "-m", "readingroom_hub.passage", str(folder), str(port), str(hub_port), *command]


if __name__ == "__main__":
    sys.exit(asyncio.run(carry(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])))
