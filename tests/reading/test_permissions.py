"""The one table: no row, no access, and a refusal that a radiologist understands."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from readingroom.reading.break_glass import LASTS, BreakGlass, BreakGlassError, break_glass, may_review
from readingroom.reading.permissions import OF_A_STUDY, PERMISSIONS, Action, Relation, Role, could, decide, role_of
from readingroom.reading.relations import PersonFacts, StudyFacts, StudyKind, relations_of

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
EVERYTHING = frozenset(Relation)


def opening(role: Role) -> set[Relation]:
    """Return the relations through which a role opens a study."""
    return {relation for relation in Relation if decide(role, Action.OPEN_STUDY, [relation]).allowed}


def test_without_a_row_there_is_no_access() -> None:
    """Every pair of role and action is allowed through the relations of its rows, and through no other."""
    for role in Role:
        for action in Action:
            rows = {row.relation for row in PERMISSIONS if (row.role, row.action) == (role, action)}
            allowed = {each for each in Relation if decide(role, action, [each]).allowed}
            assert (set(Relation) if Relation.ANY in rows else rows) == allowed
            assert bool(rows) == could(role, action)


@pytest.mark.parametrize(
    ("role", "relations"),
    [
        (Role.TRAINEE, {Relation.ASSIGNED, Relation.ROTA, Relation.TEACHING}),
        (Role.CONSULTANT, EVERYTHING - {Relation.DEIDENTIFIED, Relation.ANY}),
        (Role.COORDINATOR, {Relation.TEACHING}),
        (Role.GUEST, {Relation.GRANTED}),
        (Role.RESEARCHER, {Relation.TEACHING, Relation.DEIDENTIFIED}),
        (Role.ADMINISTRATOR, {Relation.TEACHING}),
    ],
)
def test_who_opens_what(role: Role, relations: set[Relation]) -> None:
    """Who opens images is as ``research/workflow_and_sessions.md`` §1 has it, teaching studies beside."""
    assert relations == opening(role)


def test_nobody_takes_a_study_out() -> None:
    """No relation of any role allows an export."""
    assert [] == [role for role in Role if decide(role, Action.EXPORT, EVERYTHING).allowed]


def test_a_guest_reads_and_does_nothing_else() -> None:
    """A guest has a reading server over what was granted: no kernel, no search, no audit, no list of people."""
    reading = {Action.KNOW_STUDY, Action.OPEN_STUDY, Action.READ_VALUES, Action.STORE_DERIVED}
    own = {Action.USE_READING, Action.KEEP_DISPLAY, Action.RECORD_READING}
    assert reading | own == {action for action in Action if could(Role.GUEST, action)}


def test_an_emergency_is_named_only_where_nothing_else_would_do() -> None:
    """The relation of a decision is the most ordinary one."""
    both = decide(Role.CONSULTANT, Action.OPEN_STUDY, [Relation.BREAK_GLASS, Relation.ROTA])
    assert Relation.ROTA == both.relation
    assert Relation.BREAK_GLASS == decide(Role.CONSULTANT, Action.OPEN_STUDY, [Relation.BREAK_GLASS]).relation
    assert Relation.ANY == decide(Role.COORDINATOR, Action.KNOW_STUDY, []).relation


def test_refusals_are_words() -> None:
    """Every refusal is whole sentences that begin with what may not be done and hold no name of ours."""
    refused = [decide(role, action, []) for role in Role for action in Action]
    ours = re.compile(rf"[_{{}}<>]|\b({'|'.join(each.value for each in Action if '-' in each.value)})\b")
    for decision in refused:
        assert decision.allowed == (not decision.reason)
        if decision.reason:
            assert decision.relation is None
            assert re.fullmatch(r"You may not [a-z].+\.", decision.reason)
            assert ours.search(decision.reason) is None


def test_a_group_gives_its_role_and_two_give_none() -> None:
    """An account in two groups would else mix what each of them must not do."""
    assert list(Role) == [role_of([role.group, "choir"]) for role in Role]
    assert [None, None, None] == [role_of([]), role_of(["guests", "consultants"]), role_of(["admin"])]


@pytest.mark.parametrize(
    ("kind", "person", "relations"),
    [
        ("identifiable", PersonFacts("ann"), set()),
        ("identifiable", PersonFacts("ann", on_rota=True), {Relation.ROTA}),
        ("identifiable", PersonFacts("ann", assigned=frozenset({"1.2"})), {Relation.ASSIGNED}),
        ("identifiable", PersonFacts("ann", patients=frozenset({"P1"})), {Relation.LEGITIMATE}),
        ("teaching", PersonFacts("ann", on_rota=True, patients=frozenset({"P1"})), {Relation.TEACHING}),
        ("deidentified", PersonFacts("ann", on_rota=True, patients=frozenset({"P1"})), {Relation.DEIDENTIFIED}),
    ],
)
def test_how_a_person_stands_to_a_study(kind: StudyKind, person: PersonFacts, relations: set[Relation]) -> None:
    """Rota and care are matters of identifiable studies; a kind is a relation of everybody's."""
    study = StudyFacts("1.2", kind, "P1")
    assert relations == relations_of(person, study, Action.OPEN_STUDY, now=NOW)


def test_an_unknown_patient_is_nobodys() -> None:
    """Two studies without a Patient ID are not of the same patient."""
    person = PersonFacts("ann", patients=frozenset({""}))
    assert frozenset() == relations_of(person, StudyFacts("1.2", "identifiable"), Action.OPEN_STUDY, now=NOW)


def test_a_broken_glass_opens_one_study_to_one_consultant_for_an_hour() -> None:
    """Neither another study, another person, a teaching copy nor a later hour is opened."""
    broken = break_glass("ann", Role.CONSULTANT, "1.2", "Bleeding, theatre waits", relations=[], now=NOW)

    def open_to(person: str, uid: str, kind: StudyKind, now: datetime) -> bool:
        study = StudyFacts(uid, kind)
        standing = relations_of(PersonFacts(person), study, Action.OPEN_STUDY, broken=[broken], now=now)
        return Relation.BREAK_GLASS in standing

    assert open_to("ann", "1.2", "identifiable", NOW + LASTS - timedelta(seconds=1))
    assert not open_to("ann", "1.2", "identifiable", NOW + LASTS)
    assert not open_to("bob", "1.2", "identifiable", NOW)
    assert not open_to("ann", "1.3", "identifiable", NOW)
    assert not open_to("ann", "1.2", "deidentified", NOW)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CONSULTANT])
def test_only_consultants_break_the_glass(role: Role) -> None:
    """Everybody else is refused, whatever they say."""
    with pytest.raises(BreakGlassError, match="You may not open a study in an emergency"):
        break_glass("ann", role, "1.2", "Bleeding, theatre waits", relations=[], now=NOW)


@pytest.mark.parametrize("reason", ["", " " * 40, "emergency", "x" * 40, "ab ab ab ab ab ab"])
def test_a_reason_has_to_say_something(reason: str) -> None:
    """Blanks, one word and a key held down are no reason; nothing is opened."""
    with pytest.raises(BreakGlassError, match="Nothing was opened"):
        break_glass("ann", Role.CONSULTANT, "1.2", reason, relations=[], now=NOW)


def test_no_glass_is_broken_for_what_is_open() -> None:
    """A study on the rota needs no emergency, so that the list for review holds emergencies alone."""
    with pytest.raises(BreakGlassError, match="open to you already"):
        break_glass("ann", Role.CONSULTANT, "1.2", "Bleeding, theatre waits", relations=[Relation.ROTA], now=NOW)


def test_an_emergency_is_reviewed_by_somebody_else() -> None:
    """Reviewers are the table's, and nobody reviews their own."""
    emergency = BreakGlass("ann", "1.2", NOW, "Bleeding, theatre waits")
    reviewers = {role for role in Role if may_review(emergency, "bob", role)}
    assert {Role.COORDINATOR, Role.ADMINISTRATOR} == reviewers
    assert not may_review(emergency, "ann", Role.COORDINATOR)


def test_what_concerns_a_study_is_decided_for_that_study() -> None:
    """No row of a reader gives them all studies at once; what a coordinator may do to all shows no image."""
    everywhere = {(row.role, row.action) for row in PERMISSIONS if row.relation == Relation.ANY} & {
        (role, action) for role in Role for action in OF_A_STUDY
    }
    assert {(Role.COORDINATOR, Action.KNOW_STUDY), (Role.COORDINATOR, Action.PROPOSE_GRANT)} == everywhere
