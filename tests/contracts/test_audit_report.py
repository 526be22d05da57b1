"""docs/audit.md shows what the command says today, and names the settings that there are."""

import re

from tests.contracts.audit_report import DOCUMENT, rewrite

from readingroom_hub.audit.keys import PRIVATE, PUBLIC
from readingroom_hub.audit.settings import AuditSettings


def test_the_report_over_a_tampered_log_is_of_today() -> None:
    """Edited, removed, reordered, truncated, each entry named; ``python -m tests.contracts.audit_report`` writes it."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert rewrite(text) == text
    for words in ("Entry 17 was edited", "Entry 15 was removed", "Entry 12 was moved", "Entries 19 to 30 were cut off"):
        assert words in text


def test_an_administrator_finds_every_setting() -> None:
    """The document names each variable of the audit, no other, and the files of the key."""
    text = DOCUMENT.read_text(encoding="utf-8")
    named = set(re.findall(r"READINGROOM_AUDIT_[A-Z_]+", AuditSettings.__doc__ or ""))
    assert named == set(re.findall(r"READINGROOM_AUDIT_[A-Z_]+", text))
    assert all(name in text for name in (PRIVATE, PUBLIC))
