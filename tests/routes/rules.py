"""What the permission table and the handlers say about a question that a walk asks."""

from dataclasses import dataclass
from typing import Literal

from tests.routes.addresses import Route

from readingroom.reading.permissions import OF_A_STUDY, Action, Relation, Role, could, decide
from readingroom_hub.handlers import Access, Method, Public
from readingroom_hub.routes import Rule, hub_rule, server_rule

By = Literal["nobody", "login", "reading-token", "workbench-token"]


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, with what, for which route, and whether about themselves (``own``) or about somebody else or everybody."""

    route: Route
    method: Method
    role: Role | None
    by: By
    own: bool


def rule_of(application: str, route: Route, method: Method) -> Rule:
    """Return the rule of a route of the hub or of a person's server."""
    says = route.says.get(method)
    if isinstance(says, Public):
        return Rule(public=says.reason)
    if says is not None:
        action = says.action or Action.USE_READING
        return Rule(action, action) if says.browser else Rule()
    return hub_rule(route.pattern, route.name, method) if application == "hub" else server_rule(application, route.name)


def expected(application: str, question: Question) -> bool | None:
    """Return whether the asker passes, by the table; None where anybody may, or more than who asks decides."""
    if application in ("records", "imaging", "invitations"):
        return _of_service(question)
    rule = rule_of(application, question.route, question.method)
    if rule.public:
        return None
    if question.role is None:
        return False
    if question.by == "login":
        action = rule.own if question.own else rule.others
        return action is not None and could(question.role, action)
    return rule.by_server and (question.own or not question.route.of_a_person)


def _of_service(question: Question) -> bool | None:
    says = question.route.says[question.method]
    if isinstance(says, Public):
        return None
    if question.role is None or question.by == "workbench-token" or not says.people:
        return False
    if question.by == "reading-token":
        return _by_table(question.role, says)
    # A login opens the records' pages to whoever may see their own audit; a change needs the value of a form besides.
    passes = says.browser and could(question.role, Action.READ_OWN_AUDIT) and _by_table(question.role, says)
    return passes if question.method == "GET" or not passes else None


def _by_table(role: Role, says: Access) -> bool | None:
    """Return what the table says to a role's reading server; the study that the walk names is a teaching study."""
    if says.action is None:
        return None
    if says.action in OF_A_STUDY:
        return decide(role, says.action, [Relation.TEACHING]).allowed
    return could(role, says.action)
