"""Removing what is older than its period: the audit by a signed statement, everything else by its rule.

The statement and the audit event about it are written first, in one transaction; the entries go after it. Whenever this is
ended in the middle, the next run goes on, and ``readingroom audit verify`` can say at any moment what was lawfully removed.
Only entries go that are signed, that the second place holds, and that the repository has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, func, insert, select

from readingroom.reading.audit_codes import Kind
from readingroom.reading.checkpoints import Checkpoint, holds
from readingroom.reading.merkle import Tree
from readingroom.reading.pruning import Pruning, last_of, sign_pruning
from readingroom.reading.retention import Kept, Retention
from readingroom_hub.audit.keys import PRIVATE, open_key
from readingroom_hub.audit.second_place import SecondPlace
from readingroom_hub.audit.verifying import prunings
from readingroom_hub.records.clock import LatestClock, iso
from readingroom_hub.retention.owner import Owner, told
from readingroom_hub.retention.rules import due_rules
from readingroom_hub.store.audit_rows import leaf_hash
from readingroom_hub.store.errors import StoreError
from readingroom_hub.store.tables import audit_checkpoints, audit_entries, audit_prunings

ROWS = 1000


class PruningRefusedError(StoreError):
    """Entries that must stay until something else is in order; nothing of the audit was removed."""

    reason = "pruning-refused"


@dataclass(frozen=True, slots=True)
class Proofs:
    """What proves the audit: the key, and how many entries the second place and the repository have (None: there is none)."""

    key: Ed25519PrivateKey
    copied: int | None
    sent: int | None

    @classmethod
    def of(cls, folder: Path, environment: Mapping[str, str]) -> "Proofs":
        """Read them from the service's folder; raises ``SettingsError`` and ``PruningRefusedError``."""
        if not (folder / PRIVATE).is_file():
            raise PruningRefusedError(
                f"The audit's key is not at {folder / PRIVATE}. Name the state folder with --state."
            )
        key = open_key(folder)
        place = Path(environment.get("READINGROOM_AUDIT_CHECKPOINTS") or folder / "audit_checkpoints.jsonl")
        if not place.is_file():
            raise PruningRefusedError(f"The second place of the checkpoints is not at {place}. Nothing was removed.")
        sent = folder / "audit_sent"
        position = int(sent.read_text()) if sent.is_file() else 0
        return cls(key, SecondPlace(place, key.public_key()).size, position if _sends(environment) else None)


def _sends(environment: Mapping[str, str]) -> bool:
    return bool(environment.get("READINGROOM_AUDIT_SYSLOG"))


def prune(owner: Owner, proofs: Proofs, retention: Retention) -> dict[Kept, int]:
    """Remove what is older than its period; return how many rows of each kind went. Raises ``StoreError``."""
    now = owner.write(lambda connection: LatestClock(connection).now())
    entries = prune_audit(owner, proofs, retention, now)
    removed = dict.fromkeys(Kept, 0)
    for rule, old in due_rules(retention, now):
        removed[rule.kind] += owner.remove(rule.table, old)
    for kind, count in removed.items():
        if count:
            words = f"Removed {count} rows: {kind.words}, kept {retention.of(kind)}."
            owner.tell(Kind.RECORDS_REMOVED, words, subject=kind.value)
    removed[Kept.AUDIT] += entries
    return {kind: count for kind, count in removed.items() if count}


def prune_audit(owner: Owner, proofs: Proofs, retention: Retention, now: datetime) -> int:
    """Remove the old entries of the audit; return how many. Raises ``PruningRefusedError``."""
    public = proofs.key.public_key()
    before = retention.before(Kept.AUDIT, now)
    last = last_of(owner.write(prunings), public)
    size = 0 if before is None else owner.write(lambda connection: _reach(connection, iso(before), proofs))
    if before is not None and size > (last.size if last else 0):
        rule = f"older than {retention.of(Kept.AUDIT)}, from before {before:%Y-%m-%d}"
        tree = owner.write(lambda connection: _tree(connection, last, size))
        last = sign_pruning(proofs.key, tree, iso(now), rule)
        statement = last
        owner.write(lambda connection: _state(connection, statement))
    if last is None:
        return 0
    removed = owner.remove(audit_entries, audit_entries.c.number <= last.size)
    owner.remove(audit_checkpoints, audit_checkpoints.c.size < last.size)
    return removed


def _reach(connection: Connection, before: str, proofs: Proofs) -> int:
    """Return how many entries may go: as many as a checkpoint stands for, 0 for none."""
    table, signed = audit_entries.c, audit_checkpoints.c
    young = connection.execute(select(func.min(table.number)).where(table.at >= before)).scalar()
    newest = connection.execute(select(func.coalesce(func.max(table.number), 0))).scalar_one()
    most = min(
        each for each in (newest if young is None else young - 1, proofs.copied, proofs.sent) if each is not None
    )
    query = select(audit_checkpoints).where(signed.size <= most).order_by(signed.size.desc())
    for row in connection.execute(query):
        if holds(
            Checkpoint(row.size, bytes(row.root), row.at, row.key_id, bytes(row.signature)), proofs.key.public_key()
        ):
            return int(row.size)
    return 0


def _tree(connection: Connection, last: Pruning | None, size: int) -> Tree:
    """Return the tree over the entries that are to go; raises ``PruningRefusedError`` unless it is what was signed."""
    tree = last.tree if last else Tree()
    table, signed = audit_entries.c, audit_checkpoints.c
    query = select(table.number, table.body, table.leaf).where(table.number > tree.size, table.number <= size)
    with connection.execution_options(yield_per=ROWS).execute(query.order_by(table.number)) as entries:
        for number, body, leaf in entries:
            if number != tree.size + 1 or leaf_hash(bytes(body)) != bytes(leaf):
                break
            tree = tree.appended(bytes(leaf))
    root = connection.execute(select(signed.root).where(signed.size == size)).scalar_one()
    if tree.size != size or tree.root != bytes(root):
        raise PruningRefusedError(
            "The old entries of the audit are not those that were signed. They prove what was done to them, so nothing was "
            "removed. Run readingroom audit verify."
        )
    return tree


def _state(connection: Connection, statement: Pruning) -> None:
    """Write the statement with the event about it."""
    details = (("first_kept", str(statement.size + 1)), ("root", statement.tree.root.hex()))
    words = f"Removed the first {statement.size} entries of the audit: {statement.rule}."
    told(connection, Kind.AUDIT_PRUNED, words, details=details)
    values = {"at": statement.at, "rule": statement.rule, "key_id": statement.key_id, "signature": statement.signature}
    connection.execute(insert(audit_prunings).values(size=statement.size, peaks=statement.joined, **values))
