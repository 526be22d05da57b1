"""``readingroom-hub subject-report``: what is held about a patient, for them to have, and the erasure of what may go."""

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime

from readingroom.reading.audit_codes import Kind
from readingroom_hub.retention.owner import Owner
from readingroom_hub.retention.subject import lines, seen_by_readers, studies_of, subject
from readingroom_hub.store.tables import coverage


def add_subject(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="for programs: the fields of the report")
    parser.add_argument("--erase", action="store_true", help="erase what may be erased first, and report what stays")


def do_subject(chosen: argparse.Namespace, address: str) -> str:
    """Make the report; that it was made is itself in the audit. Raises ``StoreError``."""
    patient, state = str(chosen.what), chosen.state.resolve()
    with Owner(address) as owner:
        erased = 0
        if chosen.erase:
            owner.tell(Kind.RECORDS_REMOVED, "Began to erase what may go about this patient.", patient_id=patient)
            uids = owner.write(lambda connection: studies_of(connection, state, patient))
            erased = owner.remove(coverage, seen_by_readers(uids))
            words = f"Erased {erased} marks of which images a reader has seen, at the patient's request."
            owner.tell(Kind.RECORDS_REMOVED, words, patient_id=patient)
        owner.tell(Kind.AUDIT_LOG_USED, "Made the report about what is held of this patient.", patient_id=patient)
        found = owner.write(lambda connection: subject(connection, state, patient))
    made = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    if chosen.json:
        return json.dumps({**asdict(found), "made": made, "erased": erased}, indent=2)
    told = lines(found, made)
    return "\n".join(
        [*told, *([f"Erased now: {erased} marks of which images a reader has seen."] if chosen.erase else [])]
    )
