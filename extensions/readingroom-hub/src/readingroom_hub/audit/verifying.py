"""``readingroom audit verify`` over a database: what the entry point of ``readingroom-hub`` gives to the command line."""

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from readingroom.reading.checkpoints import Checkpoint
from readingroom.reading.pruning import Pruning, read_prunings
from readingroom.reading.verification import Entry, Report, verify
from readingroom.reading.witness import read_witness
from readingroom_hub.store.engine import make_engine
from readingroom_hub.store.errors import typed
from readingroom_hub.store.tables import audit_checkpoints, audit_entries, audit_prunings

ROWS = 1000


def verify_database(url: str, key: Ed25519PublicKey, second_place: list[bytes] | None) -> Report:
    """Return what is wrong with the audit in a database; nothing in it is changed. Raises ``StoreError``."""
    witness = None if second_place is None else read_witness(second_place, key)
    engine = make_engine(url, writing=False)
    try:
        with engine.connect() as connection, connection.begin():
            found = _entries(connection), _checkpoints(connection), key, witness, prunings(connection)
            return verify(*found)
    except SQLAlchemyError as error:
        raise typed(error) from error
    finally:
        engine.dispose()


def prunings(connection: Connection) -> list[Pruning]:
    """Return the statements about removed entries; records of an older program have no table of them."""
    if not connection.dialect.has_table(connection, audit_prunings.name):
        return []
    table = audit_prunings.c
    query = select(table.size, table.peaks, table.at, table.rule, table.key_id, table.signature).order_by(table.size)
    return read_prunings(tuple(row) for row in connection.execute(query))


def _checkpoints(connection: Connection) -> list[Checkpoint]:
    rows = connection.execute(select(audit_checkpoints).order_by(audit_checkpoints.c.size))
    return [Checkpoint(row.size, bytes(row.root), row.at, row.key_id, bytes(row.signature)) for row in rows]


def _entries(connection: Connection) -> Iterator[Entry]:
    rows = connection.execution_options(yield_per=ROWS).execute(select(audit_entries).order_by(audit_entries.c.number))
    for row in rows:
        yield Entry(
            row.number, row.at, row.kind, row.person, row.patient_id, row.study_uid, bytes(row.body), bytes(row.leaf)
        )
