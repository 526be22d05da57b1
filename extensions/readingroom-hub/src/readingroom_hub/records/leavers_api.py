"""The leaver's procedure over the records' API, for the administrator's command alone."""

from typing import Any, ClassVar

from sqlalchemy import Connection

from readingroom_hub.handlers import Access
from readingroom_hub.records import fields
from readingroom_hub.records.base import RecordsHandler
from readingroom_hub.records.leavers import Leaving, Plan
from readingroom_hub.records.refusals import RequestError
from readingroom_hub.roles import KEEPER

_KEEPER = Access(services=frozenset({KEEPER}))


class Leavers(RecordsHandler):
    """What somebody who leaves still holds, and the steps by which it ends."""

    access: ClassVar = {"GET": _KEEPER, "POST": _KEEPER}

    async def get(self) -> None:
        """List it; nothing is changed."""
        person, leaving = self.get_query_argument("person", ""), Leaving(self.context.clock)
        if not person:
            raise RequestError("Name the person: leavers?person=…")
        await self.look(lambda connection: leaving.left(connection, person))

    async def post(self) -> None:
        """Do one step: ``begin``, ``closed`` or ``hand-over``."""
        given = self.body()
        step = fields.choice(given, "step", "begin", "closed", "hand-over")
        names = {name: fields.text(given, name, "") for name in ("to", "grants_to", "account")}
        plan = Plan(fields.text(given, "person"), revoke=given.get("revoke", False) is True, **names)
        if plan.person in (plan.to, plan.grants_to):
            raise RequestError("Nobody leaves their work to themselves.")
        leaving, asker = Leaving(self.context.clock), self.asker

        def do(connection: Connection) -> dict[str, Any]:
            if step == "begin":
                return leaving.begin(connection, asker, plan)
            if step == "hand-over":
                return leaving.hand_over(connection, asker, plan)
            leaving.closed(connection, asker, plan, fields.number(given, "tokens"), fields.number(given, "servers"))
            return {}

        await self.change(do)


LEAVERS_API: dict[str, type[RecordsHandler]] = {"api/leavers": Leavers}
