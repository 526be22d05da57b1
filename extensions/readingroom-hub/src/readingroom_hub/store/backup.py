"""A copy of the records in one SQLite file, whichever database they are in, and the way back into an empty one.

The copy is of one moment, though the service goes on writing. Before rows come back, the audit is counted, and hashed
against its last checkpoint.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from readingroom.reading.merkle import Tree
from readingroom.reading.pruning import read_prunings
from readingroom_hub.store.audit_rows import leaf_hash
from readingroom_hub.store.engine import make_engine, sqlite_path
from readingroom_hub.store.errors import BackupError, DatabaseUnreachableError, SchemaError, typed
from readingroom_hub.store.schema import NEWEST, bring_up_to_date, revision_of
from readingroom_hub.store.store import Store
from readingroom_hub.store.tables import TABLES, audit_checkpoints, audit_entries, audit_prunings

AT_ONCE = 1000


def back_up(address: str, destination: Path) -> int:
    """Copy the records of a database to a new file (mode 0600); return how many audit entries it holds.

    Raises ``StoreError``; what was written of the file until then is removed.
    """
    if destination.exists():
        raise BackupError(f"{destination} exists already. Nothing was written; give another name.")
    partial = destination.with_name(destination.name + ".partial")
    with _reading(address) as source:
        if revision_of(source) != NEWEST:
            raise SchemaError("These tables are not of this program's revision. Bring them up to date first.")
        try:
            os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            size = _written(source, partial)
            with partial.open("rb") as file:
                os.fsync(file.fileno())
            partial.rename(destination)
        except (SQLAlchemyError, OSError) as error:
            raise typed(error) from error
        finally:
            partial.unlink(missing_ok=True)
    return size


def restore(source: Path, address: str) -> int:
    """Put a copy into an empty database; return how many audit entries there are. All of it, or nothing.

    Raises ``BackupError`` for a file that is no copy, whose audit does not hold together, or a database that holds
    something, and another ``StoreError`` as ``Store`` does.
    """
    if not source.is_file():
        raise BackupError(f"There is no file {source}.")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.sqlite"
        shutil.copyfile(source, copy)
        try:
            _bring_up_to_date(copy)
            with _reading(f"sqlite:///{copy}") as connection, closing(Store(address)) as store:
                return store.write_and_wait(lambda target: _put_back(connection, target))
        except SQLAlchemyError as error:
            raise BackupError(f"{source} is not a copy of the records, or it is damaged.") from error


@contextmanager
def _reading(address: str) -> Iterator[Connection]:
    """Read a database as it is at one moment."""
    engine = make_engine(address, writing=False)
    path = sqlite_path(engine)
    if path is not None and not path.is_file():
        raise DatabaseUnreachableError(f"There are no records at {path}.")
    try:
        with engine.connect() as connection, connection.begin():
            yield connection
    except SQLAlchemyError as error:
        raise typed(error) from error
    finally:
        engine.dispose()


def _written(source: Connection, path: Path) -> int:
    engine = make_engine(f"sqlite:///{path}", writing=True)
    try:
        with engine.begin() as target:
            bring_up_to_date(target)
            _copy(source, target)
            size = _count(target)
        _leave_one_file(engine)
    finally:
        engine.dispose()
    return size


def _leave_one_file(engine: Engine) -> None:
    """Take in what SQLite keeps beside its file."""
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA journal_mode=DELETE")
    finally:
        raw.close()


def _bring_up_to_date(copy: Path) -> None:
    engine = make_engine(f"sqlite:///{copy}", writing=True)
    try:
        with engine.begin() as connection:
            if revision_of(connection) is None:
                raise BackupError("This file is not a copy of the records.")
            bring_up_to_date(connection)
        _leave_one_file(engine)
    finally:
        engine.dispose()


def _put_back(source: Connection, target: Connection) -> int:
    for table in TABLES:
        if target.execute(select(table).limit(1)).first() is not None:
            raise BackupError("The database holds records already. Nothing was changed; restore into an empty one.")
    _copy(source, target)
    _check_audit(target)
    return _count(target)


def _copy(source: Connection, target: Connection) -> None:
    for table in TABLES:
        rows = source.execution_options(yield_per=AT_ONCE).execute(select(table))
        for part in rows.mappings().partitions(AT_ONCE):
            target.execute(insert(table), [dict(row) for row in part])


def _count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(audit_entries)).scalar_one())


def _check_audit(connection: Connection) -> None:
    """Raise ``BackupError`` unless every entry is there, is what was hashed, and the last checkpoint stands for them."""
    query = select(audit_checkpoints).order_by(audit_checkpoints.c.size.desc()).limit(1)
    last = connection.execute(query).mappings().first()
    entries = connection.execution_options(yield_per=AT_ONCE).execute(
        select(audit_entries.c.number, audit_entries.c.body, audit_entries.c.leaf).order_by(audit_entries.c.number)
    )
    tree = _before_the_first(connection)
    root = tree.root
    for number, body, leaf in entries:
        if number <= tree.size:
            continue  # its removal was interrupted
        if number != tree.size + 1 or leaf_hash(bytes(body)) != bytes(leaf):
            raise BackupError(f"Audit entry {tree.size + 1} is missing from the copy, or is not what was written.")
        tree = tree.appended(bytes(leaf))
        root = tree.root if last is not None and tree.size == last["size"] else root
    if last is not None and (tree.size < last["size"] or (last["size"] and root != bytes(last["root"]))):
        raise BackupError(
            f"The copy's audit has {tree.size} entries that are not those of its checkpoint over {last['size']}."
        )


def _before_the_first(connection: Connection) -> Tree:
    """Return what the tree had grown to with the entries that were removed; ``audit verify`` looks at its signature."""
    table = audit_prunings.c
    query = select(table.size, table.peaks, table.at, table.rule, table.key_id, table.signature)
    found = read_prunings(tuple(row) for row in connection.execute(query))
    return max((each.tree for each in found), key=lambda tree: tree.size, default=Tree())
