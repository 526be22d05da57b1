"""Who holds what, asked of JupyterHub itself with the real configuration and a database in memory."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyterhub import orm, scopes
from jupyterhub.app import JupyterHub
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from readingroom.reading.permissions import Action, Role, could, decide
from readingroom_hub.roles import (
    HUB_SCOPES,
    INVITING_SCOPES,
    KEEPER_SCOPES,
    LEAVERS,
    PIXELS,
    USER_SCOPES,
    load_roles,
    server_token_scopes,
)
from readingroom_hub.servers import GROUPS, PEOPLE, SERVERS, servers_for

from .conftest import CONFIGURATION

ADMINISTRATION = ("admin", "tokens", "shares", "inherit", "self", "proxy", "shutdown", "groups", "services")


def held(hub: JupyterHub, name: str) -> set[str]:
    """Return every scope that a person holds, groups' roles included."""
    return set(scopes.get_scopes_for(orm.User.find(hub.db, name)))


def test_the_user_role_is_the_list(hub: JupyterHub) -> None:
    """Nothing was added to the list by a default."""
    assert sorted(USER_SCOPES) == sorted(orm.Role.find(hub.db, "user").scopes)


@pytest.mark.parametrize("name", PEOPLE)
def test_nobody_administers_the_hub(hub: JupyterHub, name: str) -> None:
    """No account holds tokens, shares, another metascope or the built-in admin role."""
    person = orm.User.find(hub.db, name)
    assert not person.admin
    assert "admin" not in [role.name for role in person.roles]
    assert [scope for scope in held(hub, name) if scope.split("!")[0].split(":")[0] in ADMINISTRATION] == []


@pytest.mark.parametrize("name", PEOPLE)
def test_nobody_reaches_the_server_of_another(hub: JupyterHub, name: str) -> None:
    """Access, start and pixels are each filtered to the person."""
    own = f"!user={name}"
    reaching = [scope for scope in held(hub, name) if scope.split("!")[0] in ("access:servers", "servers", PIXELS)]
    assert sorted([f"access:servers{own}", f"servers{own}", f"{PIXELS}{own}"]) == sorted(reaching)


def test_every_account_is_in_its_one_group(hub: JupyterHub) -> None:
    """The groups decide everything else."""
    assert {name: group.name for name in PEOPLE for group in orm.User.find(hub.db, name).groups} == PEOPLE


@pytest.mark.parametrize("name", PEOPLE)
def test_the_hub_gives_what_the_table_gives(hub: JupyterHub, name: str) -> None:
    """JupyterHub, asked for each person, holds the scopes of the actions of their role, and no scope without an action."""
    may = {action for action in HUB_SCOPES if could(Role(name), action)}
    given = {scope for action in may for scope in HUB_SCOPES[action]}
    expected = scopes.expand_scopes(sorted(given), owner=orm.User.find(hub.db, name))
    assert sorted(expected) == sorted(held(hub, name))


@pytest.mark.parametrize("group", GROUPS)
def test_servers_are_for_whom_the_table_says(group: str) -> None:
    """Who may start which server is asked of the table, one role after the other."""
    action = {"reading": Action.USE_READING, "workbench": Action.USE_WORKBENCH, "research": Action.USE_RESEARCH}
    may = [name for name in SERVERS if decide(Role(group.removesuffix("s")), action[name]).allowed]
    assert may == [name for name, kind in SERVERS.items() if kind.is_for([group])]
    assert ["reading"] == may or group not in ("guests", "coordinators", "administrators")


def test_an_account_in_two_groups_starts_nothing() -> None:
    """A guest who is also something else would else get a kernel."""
    assert [] == servers_for(["guests", "consultants"])


def test_only_the_reading_token_opens_pixels() -> None:
    """No kernel ever holds the scope."""
    opening = [name for name in ("", *SERVERS) if f"{PIXELS}!server" in server_token_scopes(SimpleNamespace(name=name))]
    assert opening == ["reading"]


def test_no_oauth_client_may_ask_for_more(config: Config) -> None:
    """Neither spawner nor service lists a metascope or a custom scope."""
    lists = [config.Spawner.oauth_client_allowed_scopes]
    lists += [service.get("oauth_client_allowed_scopes", []) for service in config.JupyterHub.services]
    asked = [scope for each in lists for scope in each]
    assert [scope for scope in asked if scope.startswith(("inherit", "self", "custom:"))] == []


def test_the_indexer_and_the_keeper_have_no_route(config: Config) -> None:
    """A service without a URL is not put behind the public proxy; for the keeper nothing runs at all."""
    indexer, keeper = config.JupyterHub.services
    assert ["indexer", "keeper"] == [indexer["name"], keeper["name"]]
    assert {"url"} - (indexer.keys() | keeper.keys()) == {"url"}
    assert "command" not in keeper


def test_only_the_keeper_may_end_accounts(config: Config) -> None:
    """No person, group or other service holds its scope, and it holds no scope over servers, tokens or files."""
    holders = [role["name"] for role in config.JupyterHub.load_roles if LEAVERS in role["scopes"]]
    assert ["keeper"] == holders
    assert {LEAVERS, "read:users:name", "read:users:groups"} == set(KEEPER_SCOPES)


def test_the_inviting_service_alone_makes_accounts() -> None:
    """No other role of people or services holds ``admin:users``; it stops the servers of guests alone."""
    roles = load_roles(["records", "imaging", "invitations"])
    holders = [role for role in roles if any(str(scope).startswith("admin:users") for scope in _listed(role, "scopes"))]
    assert [["invitations"]] == [_listed(role, "services") for role in holders]
    assert ["admin:users", "delete:servers!group=guests"] == INVITING_SCOPES


def _listed(role: dict[str, object], name: str) -> list[str]:
    found = role.get(name, [])
    assert isinstance(found, list)
    return found


def test_topics_are_loaded_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """The later number has the last word, and a file without a number is not loaded."""
    folder = tmp_path / "jupyterhub_config.d"
    folder.mkdir()
    (tmp_path / "jupyterhub_config.py").write_text(CONFIGURATION.read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "20_later.py").write_text("c = get_config()\nc.X.order = 'later'\n", encoding="utf-8")
    (folder / "10_earlier.py").write_text("c = get_config()\nc.X.order = 'earlier'\n", encoding="utf-8")
    (folder / "notes.py").write_text("raise SystemExit\n", encoding="utf-8")
    assert PyFileConfigLoader(str(tmp_path / "jupyterhub_config.py")).load_config().X.order == "later"
