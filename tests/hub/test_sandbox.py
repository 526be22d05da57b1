"""What a server sees of the machine."""

from dataclasses import replace
from pathlib import Path

import pytest

from readingroom_hub.sandbox import HOME, PASSAGE, RECORDS, sandbox_command
from readingroom_hub.servers import READING, WORKBENCH, ServerRefusedError, choose_server
from readingroom_hub.settings import HubSettings

OWN = Path("/the records of one server")


def binds(command: list[str]) -> dict[str, str]:
    """Return what is bound where."""
    kinds = ("--bind", "--ro-bind", "--ro-bind-try")
    return {command[n + 2]: command[n + 1] for n, word in enumerate(command) if word in kinds}


def test_no_state_folder(settings: HubSettings) -> None:
    """Neither the state folder nor any folder that holds it is bound."""
    for kind in (READING, WORKBENCH):
        sources = [Path(source) for source in binds(sandbox_command(settings, kind, None, OWN)).values()]
        assert [source for source in sources if settings.state.is_relative_to(source)] == []


def test_identifiable_studies_are_in_no_server(settings: HubSettings) -> None:
    """A reading server has no study at all, it asks the gateway; a workbench gets the demo studies."""
    given = replace(settings, studies=Path("/the studies"))
    reading, workbench = (binds(sandbox_command(given, kind, None, None)) for kind in (READING, WORKBENCH))
    assert [] == [place for place in ("/studies", "/index", RECORDS) if place in reading]
    assert str(given.demo.path) == workbench["/studies"]
    assert str(given.demo.index_folder) == workbench["/index"]
    assert "/the studies" not in {*reading.values(), *workbench.values()}


def test_studies_are_read_only(settings: HubSettings) -> None:
    """The only things that a workbench can write are its own home, its records and its passage; a reading server nothing."""
    command = sandbox_command(settings, WORKBENCH, Path("/a home"), OWN, Path("/its passage"))
    writable = [command[n + 2] for n, word in enumerate(command) if word == "--bind"]
    assert writable == [HOME, RECORDS, PASSAGE]
    assert "--bind" not in sandbox_command(settings, READING, None, None)


def test_a_server_that_runs_its_owners_code_has_a_network_of_its_own(settings: HubSettings) -> None:
    """A workbench shares one folder with the outside, which leads to the hub; a reading server asks the gateway by itself."""
    command = sandbox_command(settings, WORKBENCH, None, OWN, Path("/its passage"))
    assert "--unshare-net" in command
    assert "/its passage" == binds(command)[PASSAGE]
    assert "--unshare-net" not in sandbox_command(settings, READING, None, OWN)


def test_namespaces_and_no_capability(settings: HubSettings) -> None:
    """Own processes, no capability, and the end of the parent is the end of the server."""
    command = sandbox_command(settings, READING, None, OWN)
    assert {"--unshare-pid", "--die-with-parent", "--new-session"} <= set(command)
    assert command[command.index("--cap-drop") + 1] == "ALL"


@pytest.mark.parametrize(
    ("name", "group", "words"),
    [
        ("", "trainees", "without a name"),
        ("evil", "trainees", "no server called 'evil'"),
        ("research", "researchers", "not available yet"),
        ("workbench", "guests", "is for trainees"),
        ("reading", "strangers", "is for"),
    ],
)
def test_a_server_outside_the_table_is_refused_in_words(name: str, group: str, words: str) -> None:
    """No row, no server."""
    with pytest.raises(ServerRefusedError, match=words):
        choose_server(name, [group])


def test_a_guest_reads() -> None:
    """The reading server is open to every group."""
    assert choose_server("reading", ["guests"]) == READING
