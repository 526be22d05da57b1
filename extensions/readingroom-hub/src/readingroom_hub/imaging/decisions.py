"""What ``records`` decides: may this person do this to these studies? It has written the audit before it answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from tornado.httpclient import AsyncHTTPClient, HTTPClientError

from readingroom.dicom.model import Study
from readingroom.errors import RecordsUnavailableError
from readingroom.reading.audit_message import AuditEvent, to_fields
from readingroom.reading.permissions import Action
from readingroom_hub.callers import Caller

StudyKind = Literal["identifiable", "teaching", "deidentified"]

LEASE_S = 2.0
"""No answer holds longer, whatever records says: so soon shows what was revoked."""

TOGETHER = 500
"""Studies of one question; 20,000 at once would keep everybody else waiting."""

TIMEOUT_S = 10.0
OK = 200


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What the decision is about; a study that is not here has no patient, so that nobody can tell it from a refused one."""

    uid: str
    kind: StudyKind
    patient_id: str = ""
    patient_name: str = ""
    accession_number: str = ""

    @classmethod
    def of(cls, study: Study, kind: StudyKind) -> "StudyFacts":
        """Return the facts of a study of the source."""
        return cls(study.uid, kind, study.patient_id, study.patient_name, study.accession_number)


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision and the seconds it holds; ``reason`` is for the person."""

    allowed: bool
    reason: str
    lease_s: float


class Decider(Protocol):
    """Whoever decides; ``records`` in a running house."""

    async def decide(self, caller: Caller, action: Action, study: StudyFacts) -> Answer:
        """Return the decision, which the audit has; raises ``RecordsUnavailableError`` where there is none."""

    async def known(self, caller: Caller, studies: Sequence[StudyFacts]) -> frozenset[str]:
        """Return the UIDs of those studies that the caller may know of; raises ``RecordsUnavailableError``."""

    async def tell(self, event: AuditEvent) -> None:
        """Put an event into the audit; raises ``RecordsUnavailableError`` where it cannot be."""


class RecordsDecider:
    """Asks ``records`` at its internal address with this service's own token."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
        self._client = AsyncHTTPClient(force_instance=True, max_clients=64)

    async def decide(self, caller: Caller, action: Action, study: StudyFacts) -> Answer:
        """Return the decision, which the audit has; raises ``RecordsUnavailableError`` where there is none."""
        asked = {**_asking(caller), "action": action.value, "study_uid": study.uid, "study": _facts(study)}
        told = await self._post("/decisions", asked)
        lease_s = told.get("lease_s", 0)
        lease_s = float(lease_s) if isinstance(lease_s, int | float) and not isinstance(lease_s, bool) else 0.0
        return Answer(told.get("allowed") is True, str(told.get("reason", "")), min(max(lease_s, 0.0), LEASE_S))

    async def known(self, caller: Caller, studies: Sequence[StudyFacts]) -> frozenset[str]:
        """Return the UIDs of those studies that the caller may know of; raises ``RecordsUnavailableError``."""
        known: set[str] = set()
        for start in range(0, len(studies), TOGETHER):
            asked = [{"study_uid": study.uid, **_facts(study)} for study in studies[start : start + TOGETHER]]
            told = (await self._post("/knowable", {**_asking(caller), "studies": asked})).get("study_uids")
            if not isinstance(told, list):
                raise _silent()
            known |= {each["study_uid"] for each in asked} & set(map(str, told))
        return frozenset(known)

    async def tell(self, event: AuditEvent) -> None:
        """Put an event into the audit; raises ``RecordsUnavailableError`` where it cannot be."""
        await self._post("/events", {"events": [to_fields(event)]})

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    async def _post(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps(content, separators=(",", ":"))
        try:
            answer = await self._client.fetch(
                self._url + path, method="POST", headers=self._headers, body=body, raise_error=False,
                connect_timeout=TIMEOUT_S, request_timeout=TIMEOUT_S,
            )  # fmt: skip
            told = json.loads(answer.body or b"null") if answer.code == OK else None
        except (OSError, ValueError, HTTPClientError) as error:
            raise _silent() from error
        if not isinstance(told, dict):
            raise _silent()
        return told


def _asking(caller: Caller) -> dict[str, Any]:
    return {"person": caller.person, "groups": sorted(caller.groups), "server": caller.server}


def _facts(study: StudyFacts) -> dict[str, str]:
    return {
        "kind": study.kind,
        "patient_id": study.patient_id,
        "patient_name": study.patient_name,
        "accession": study.accession_number,
    }


def _silent() -> RecordsUnavailableError:
    return RecordsUnavailableError("Who may see what cannot be asked and recorded just now, so nothing is shown.")
