"""A hub that tells the records of one login and is killed at a moment of the test's: ``python -m tests.records.dying_hub``."""

import asyncio
import sys
from pathlib import Path

from jupyterhub import orm

from readingroom.reading.audit_codes import Kind
from readingroom_hub.telling.spool import Spool, Waiting
from readingroom_hub.telling.teller import Teller


class Dying(Teller):
    """Says that the login is about to be sent, and goes no further."""

    async def _give(self, one: Waiting) -> None:
        if Kind.LOGGED_IN.value in one.event:
            await wait_for_the_end()
        await super()._give(one)


class Forgetful(Teller):
    """Says that the records have the login, and does not come to noting that."""

    async def _give(self, one: Waiting) -> None:
        await super()._give(one)
        if Kind.LOGGED_IN.value in one.event:
            await wait_for_the_end()


async def wait_for_the_end() -> None:
    """Tell the test, and wait to be killed."""
    sys.stdout.write("now\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def live(folder: Path, address: str, moment: str) -> None:
    """Begin as the hub does; tell of a login unless this is the hub that comes after, and run on."""
    database = orm.new_session_factory(f"sqlite:///{folder}/hub.sqlite")()
    if database.query(orm.OAuthClient).first() is None:
        database.add(orm.OAuthClient(identifier="jupyterhub"))
    kind = {"before": Dying, "after": Forgetful, "again": Teller}[moment]
    teller = kind(address, Spool(folder / "hub-audit" / "spool.sqlite"))
    teller.begin(database)
    if moment != "again":
        await teller.tell(teller.event(Kind.LOGGED_IN, "ann"))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(live(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
