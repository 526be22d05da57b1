"""The life of a server's token: it ends some hours after its server, and never in the middle of a reading."""

import asyncio
import os
from datetime import timedelta
from types import SimpleNamespace

import pytest
from jupyterhub import orm
from jupyterhub.app import JupyterHub
from jupyterhub.utils import utcnow

from readingroom_hub.spawner import TOKEN_LIFETIME, LocalSpawner

NEARLY = TOKEN_LIFETIME - timedelta(minutes=1)
NOBODY = 2**22 + 1
"""A process number above the kernel's largest."""


class ReadySpawner(LocalSpawner):
    """A spawner whose server has started: everything but its process is made up."""

    ready = True


def left_after_poll(hub: JupyterHub, hours: float, process: int) -> timedelta:
    """Return the rest of a token's life after the hub has looked at its server; it had ``hours`` before."""
    token = orm.APIToken.new(user=orm.User.find(hub.db, "trainee"), scopes=[], note="Server at /here/")
    row = orm.APIToken.find(hub.db, token)
    row.expires_at = utcnow(with_tz=False) + timedelta(hours=hours)
    hub.db.commit()
    spawner = ReadySpawner(pid=process, api_token=token)
    spawner.user = SimpleNamespace(db=hub.db)
    asyncio.run(spawner.poll())
    return row.expires_at - utcnow(with_tz=False)


def test_a_running_server_keeps_its_token(hub: JupyterHub) -> None:
    """Hours before its end the token has its whole life again: nobody is cut off in the middle of a reading."""
    assert left_after_poll(hub, 5, os.getpid()) > NEARLY


@pytest.mark.parametrize(("hours", "process"), [(5, NOBODY), (-1, os.getpid())], ids=["server gone", "token ended"])
def test_a_token_outlives_nothing(hub: JupyterHub, hours: float, process: int) -> None:
    """The token of a server that is gone runs out, and one that has run out stays so."""
    assert left_after_poll(hub, hours, process) <= timedelta(hours=hours)


def test_a_young_token_is_left_alone(hub: JupyterHub) -> None:
    """The hub's database is not written every 30 s for every reader."""
    assert left_after_poll(hub, 7, os.getpid()) <= timedelta(hours=7)
