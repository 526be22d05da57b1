"""Is the audit what was written? Every entry against its hash, the whole against what was signed, each fault in words.

What each proof can tell: an entry's own hash finds an edit; a number that is not there finds a removal; a signed root finds
whatever was done to the entries before it, also where hashes and numbers were put right, but only that it was done; the
leaves in a second place name the entry. Of entries after the last checkpoint nothing is signed yet. Entries that were removed
because their time was over are told by a signed statement, by the event about it among those that stay, and by roots that
still come out; entries that are missing without all three were taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from readingroom.reading.audit_codes import Kind
from readingroom.reading.audit_message import AuditEvent, InvalidAuditEventError, from_json
from readingroom.reading.checkpoints import Checkpoint, holds, key_id
from readingroom.reading.comparing import Change, Deed, changes
from readingroom.reading.merkle import Tree, leaf_hash, tree_of
from readingroom.reading.pruning import Pruning, faults, last_of
from readingroom.reading.witness import UNKNOWN, Witness


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the audit as it is found."""

    number: int
    at: str
    kind: str
    person: str
    patient_id: str
    study_uid: str
    body: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something wrong, in words; ``number`` is that of the entry (0 where it is about no one entry), ``last`` ends a range."""

    number: int
    last: int
    deed: str
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was found: how many entries, up to which the last good checkpoint signed and when, and what is wrong.

    The first ``pruned`` were removed by a signed statement, ``pruned_why`` says when and by which rule; ``left`` of them are
    still there.
    """

    entries: int
    root: bytes
    signed: int
    signed_at: str
    findings: tuple[Finding, ...]
    pruned: int = 0
    pruned_why: str = ""
    left: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def verify(
    entries: Iterable[Entry],
    checkpoints: Sequence[Checkpoint],
    key: Ed25519PublicKey,
    witness: Witness | None = None,
    prunings: Sequence[Pruning] = (),
) -> Report:
    """Return what is wrong with a log; ``entries`` come by number, ``checkpoints`` by size."""
    check = _Check(key, witness or Witness(), last_of(prunings, key))
    check.signatures(checkpoints)
    check.entries(entries)
    check.statements(prunings)
    check.named(check.compared())
    check.roots()
    if check.numbers and not check.good:
        check.say(
            0, "unsigned", "No signed checkpoint is left, so nothing proves that these entries are what was written."
        )
    last = check.good[-1] if check.good else None
    return Report(
        entries=len(check.numbers),
        root=check.tree.root,
        signed=last.size if last else 0,
        signed_at=last.at if last else "",
        findings=tuple(_joined(sorted(check.findings.values()))),
        pruned=check.start,
        pruned_why=f"{check.pruning.at}: {check.pruning.rule}" if check.pruning else "",
        left=check.left,
    )


@dataclass
class _Check:
    key: Ed25519PublicKey
    second: Witness
    pruning: Pruning | None
    findings: dict[tuple[int, str], Finding] = field(default_factory=dict)
    good: list[Checkpoint] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    tree: Tree = field(default_factory=Tree)
    roots_at: dict[int, bytes] = field(default_factory=dict)
    gaps: list[tuple[int, int]] = field(default_factory=list)
    left: int = 0
    told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.tree = self.pruning.tree if self.pruning else Tree()

    @property
    def start(self) -> int:
        """How many entries were lawfully removed from the beginning."""
        return self.pruning.size if self.pruning else 0

    def statements(self, prunings: Sequence[Pruning]) -> None:
        """Say what is wrong with the statements about removed entries."""
        roots = {each.root for each in self.good if each.size == self.start}
        kept = self.second.leaves[: self.start]
        if len(kept) == self.start and UNKNOWN not in kept:
            roots.add(tree_of(kept).root)
        for words in faults(prunings, self.key, roots, self.told):
            self.say(0, "pruning", words)

    def say(self, number: int, deed: str, words: str, last: int = 0) -> None:
        """Note a finding; of one entry the first is enough."""
        about = (number, "" if number else words)
        self.findings.setdefault(about, Finding(number, last or number, deed, words))

    def signatures(self, checkpoints: Sequence[Checkpoint]) -> None:
        """Take the checkpoints that hold, of the database and of the second place, and say which do not."""
        for each in checkpoints:
            if not holds(each, self.key):
                words = f"The checkpoint over {each.size} entries of {each.at} is not signed with the key {key_id(self.key)}."
                self.say(0, "checkpoint", words)
        for words in self.second.wrong:
            self.say(0, "checkpoint", words)
        kept = {each.size for each in checkpoints}
        for each in self.second.checkpoints:
            if each.size not in kept and each.size >= self.start:
                words = f"The database has lost the checkpoint over {each.size} entries that was signed at {each.at}."
                self.say(0, "checkpoint", words)
        both = (*self.second.checkpoints, *(each for each in checkpoints if holds(each, self.key)))
        self.good = sorted(both, key=lambda each: each.size)

    def entries(self, entries: Iterable[Entry]) -> None:
        """Go through the rows once: their numbers, their hashes, and the columns by which they are found."""
        wanted = {each.size for each in self.good}
        self.roots_at[self.start] = self.tree.root
        for entry in entries:
            if entry.number <= self.start:
                self.left += 1
                continue
            expected = self.numbers[-1] + 1 if self.numbers else self.start + 1
            self.gaps += [(number, len(self.numbers)) for number in range(expected, entry.number)]
            self._one(entry)
            self.numbers.append(entry.number)
            self.leaves.append(entry.leaf)
            self.tree = self.tree.appended(entry.leaf)
            if self.tree.size in wanted:
                self.roots_at[self.tree.size] = self.tree.root

    def _one(self, entry: Entry) -> None:
        if leaf_hash(entry.body) != entry.leaf:
            self.say(
                entry.number,
                Deed.EDITED,
                f"was edited: it does not have the hash that it was written with{_says(entry)}",
            )
            return
        event = _event(entry.body)
        if event is None:
            self.say(entry.number, Deed.EDITED, "is no audit event, though it has its hash")
            return
        if event.kind is Kind.AUDIT_PRUNED:
            self.told.add(dict(event.details).get("root", ""))
        at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
        said_of = {"time": at, "kind": event.kind.value, "person": event.person}
        said_of |= {"patient": event.patient_id, "study": event.study_uid}
        shown_of = dict(
            zip(said_of, (entry.at, entry.kind, entry.person, entry.patient_id, entry.study_uid), strict=True)
        )
        for name, said in said_of.items():
            shown = shown_of[name]
            if shown != said:
                words = f"was edited: it is listed under the {name} {shown!r}, but says {said!r}"
                self.say(entry.number, Deed.EDITED, words)

    def compared(self) -> list[Change]:
        """Return how the rows differ from what the second place holds of them."""
        written = list(self.second.leaves[self.start :])
        return [] if written == self.leaves[: len(written)] else changes(self.leaves, written)

    def named(self, found: list[Change]) -> None:
        """Say of each entry what was done to it; a number that is not there counts where the second place tells no better."""
        for change in found:
            self._name(change)
        moved = {change.now for change in found if change.deed is Deed.MOVED}
        for number, following in self.gaps:
            if number > len(self.second.leaves) and following not in moved:
                self.say(number, Deed.REMOVED, "was removed")

    def roots(self) -> None:
        """Compare with what was signed: the cut end, and stretches whose entries are not those of then."""
        highest = max((each.size for each in self.good), default=0)
        last = max(self.numbers[-1] if self.numbers else self.start, len(self.second.leaves))
        for number in range(last + 1, highest + 1):
            self.say(number, Deed.CUT, "was cut off the end")
        held = self.start
        for each in self.good:
            if self.roots_at.get(each.size) == each.root:
                held = each.size
            elif each.size > max(len(self.second.leaves), held) and not self._explained(each.size):
                words = (
                    f"are not those that were signed at {each.at}: at least one was edited, removed, put in or moved"
                )
                self.say(held + 1, "stretch", words, each.size)
                return

    def _explained(self, size: int) -> bool:
        """Return whether a root over so many entries must differ for what is already said, or cannot be made at all."""
        return size > self.start + len(self.leaves) or any(
            0 < finding.number <= size for finding in self.findings.values()
        )

    def _name(self, change: Change) -> None:
        written = self.start + change.index + 1
        if change.deed is Deed.MOVED:
            self.say(written, Deed.MOVED, f"was moved: it is now entry {self.numbers[change.now]}")
        elif change.deed is Deed.INSERTED:
            like = (
                "nothing like it was ever signed"
                if change.now < 0
                else f"it repeats entry {self.start + change.now + 1}"
            )
            self.say(self.numbers[change.index], Deed.INSERTED, f"was put in later: {like}")
        elif change.deed is Deed.EDITED:
            self.say(written, Deed.EDITED, "was edited: it is not what the second place holds the hash of")
        else:
            self.say(written, change.deed, "was removed" if change.deed is Deed.REMOVED else "was cut off the end")


def _event(body: bytes) -> AuditEvent | None:
    try:
        return from_json(body)
    except InvalidAuditEventError:
        return None


def _says(entry: Entry) -> str:
    event = _event(entry.body)
    return f". It now says: {event.title}, {event.person or event.source}, {event.at.isoformat()}" if event else ""


def _joined(findings: Iterable[Finding]) -> list[Finding]:
    """Make one finding of neighbours of which the same is said."""
    joined: list[Finding] = []
    for each in findings:
        before = joined[-1] if joined else None
        if (
            before
            and each.number
            and before.last + 1 == each.number
            and (before.deed, before.words) == (each.deed, each.words)
        ):
            joined[-1] = Finding(before.number, each.last, each.deed, each.words)
        else:
            joined.append(each)
    return [Finding(each.number, each.last, each.deed, _sentence(each)) for each in joined]


def _sentence(finding: Finding) -> str:
    if not finding.number:
        return finding.words
    if finding.last == finding.number:
        return f"Entry {finding.number} {finding.words}."
    words = finding.words.replace("was ", "were ", 1) if finding.words.startswith("was ") else finding.words
    return f"Entries {finding.number} to {finding.last} {words}."
