"""``readingroom-hub``: what the keeper of a site does to the records beside the running hub.

The database is that of ``READINGROOM_RECORDS_DB``, else the SQLite file in the state folder. Exit status 2 for what
cannot be done, said in words.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from readingroom_hub.retention.commands import add_prune, do_prune
from readingroom_hub.retention.leaver import add_leaver, do_leaver
from readingroom_hub.retention.subject_command import add_subject, do_subject
from readingroom_hub.settings import SettingsError
from readingroom_hub.store.backup import back_up, restore
from readingroom_hub.store.errors import StoreError
from readingroom_hub.store.insert_only import ROLE_PASSWORD, make_role, role_password
from readingroom_hub.store.schema import NEWEST
from readingroom_hub.store.store import Store


def main(argv: Sequence[str] | None = None) -> int:
    """Do one thing; return the exit status."""
    chosen = _parser().parse_args(argv)
    address = os.environ.get("READINGROOM_RECORDS_DB") or f"sqlite:///{chosen.state.resolve()}/records/records.sqlite"
    do: Callable[[argparse.Namespace, str], str] = chosen.do
    try:
        sys.stdout.write(f"{do(chosen, address)}\n")
    except (StoreError, SettingsError) as error:
        sys.stderr.write(f"{error} {getattr(error, 'what_to_do', '')}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="readingroom-hub", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(".state"), help="the state folder of make run")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _command(commands, "migrate", "make the tables, or bring them up to date", _migrate)
    _command(commands, "backup", "copy the records to one new file, while the service runs", _back_up, "DEST")
    _command(commands, "restore", "put a copy into an empty database", _restore, "SRC")
    words = f"make the service's own role in PostgreSQL, which only reads and adds (its password in {ROLE_PASSWORD})"
    _command(commands, "role", words, _role, "NAME")
    words = "end what a colleague who leaves had open, and hand over what they hold, while Reading Room runs"
    add_leaver(_command(commands, "leaver", words, do_leaver, "NAME"))
    words = "say what is held about a patient, and erase what may be erased"
    add_subject(_command(commands, "subject-report", words, do_subject, "PATIENT"))
    add_prune(_command(commands, "prune", "remove what is older than its period, as the database's owner", do_prune))
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    words: str,
    do: Callable[[argparse.Namespace, str], str],
    *wanted: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=words, description=words)
    for each in wanted:
        parser.add_argument("what", metavar=each)
    parser.set_defaults(do=do)
    return parser


def _migrate(_chosen: argparse.Namespace, address: str) -> str:
    Store(address).close()
    return f"The tables are of revision {NEWEST}."


def _back_up(chosen: argparse.Namespace, address: str) -> str:
    return f"{back_up(address, Path(chosen.what))} audit entries, with everything else, are in {chosen.what}."


def _restore(chosen: argparse.Namespace, address: str) -> str:
    return f"{restore(Path(chosen.what), address)} audit entries, with everything else, are back."


def _role(chosen: argparse.Namespace, address: str) -> str:
    store = Store(address)
    try:
        store.write_and_wait(lambda connection: make_role(connection, chosen.what, role_password()))
    finally:
        store.close()
    return f"The role {chosen.what} may read and add, and nothing else."


if __name__ == "__main__":
    sys.exit(main())
