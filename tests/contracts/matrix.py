"""The tables of docs/security.md: roles by actions, and roles by endpoints, from the product's own tables.

``python -m tests.contracts.matrix`` writes them anew.
"""

from pathlib import Path

from tests.contracts.statement import as_table
from tests.routes.addresses import Route, address, of_imaging, of_invitations, of_records

from readingroom.reading.permissions import PERMISSIONS, Action, Relation, Role, could
from readingroom_hub.handlers import Access, Public
from readingroom_hub.routes import HUB, HUB_PATTERNS, READING_HOLDS, SERVER_OWN, WORKBENCH_HOLDS, Rule

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
ROLES = [role.value for role in Role]


def written() -> dict[str, list[list[str]]]:
    """Return the rows, their header first, of each table under its heading."""
    return {
        "Roles and actions": [["action", *ROLES], *(_action(action) for action in Action)],
        "Endpoints of the hub": [["handler", "method", *ROLES, "nobody"], *_hub()],
        "Endpoints of a person's servers": [["server", "handlers", *ROLES, "anybody else"], *_servers()],
        "Endpoints of the records": [["address", "method", "who", *ROLES], *_service(of_records())],
        "Endpoints of the gateway": [["address", "method", "who", *ROLES], *_service(of_imaging())],
        "Endpoints of the inviting service": [["address", "method", "who", *ROLES], *_service(of_invitations())],
    }


def _action(action: Action) -> list[str]:
    """Return the relations through which each role has an action."""
    cells = []
    for role in Role:
        found = {row.relation for row in PERMISSIONS if (row.role, row.action) == (role, action)}
        cells.append("yes" if Relation.ANY in found else ", ".join(each for each in Relation if each in found) or "-")
    return [action.value, *cells]


def _hub() -> list[list[str]]:
    rows = [[handler, method, *_cells(rule)] for handler, rules in HUB.items() for method, rule in rules.items()]
    return rows + [[pattern, method, *_cells(rule)] for (pattern, method), rule in HUB_PATTERNS.items()]


def _cells(rule: Rule) -> list[str]:
    if rule.public:
        return ["yes"] * (len(ROLES) + 1)
    cells = []
    for role in Role:
        others = rule.others is not None and could(role, rule.others)
        own = rule.own is not None and could(role, rule.own)
        cells.append("yes" if others else "own" if own else "-")
    return [*cells, "-"]


def _servers() -> list[list[str]]:
    held = {"reading": READING_HOLDS, "workbench": WORKBENCH_HOLDS - READING_HOLDS}
    return [
        [kind, ", ".join(sorted(held[kind])), *("own" if could(role, action) else "-" for role in Role), "-"]
        for kind, action in SERVER_OWN.items()
    ]


def _service(routes: list[Route]) -> list[list[str]]:
    return [
        [address(route.pattern), method, *_said(route.says[method])] for route in routes for method in route.methods
    ]


def _said(says: Access | Public) -> list[str]:
    if isinstance(says, Public):
        return [says.reason, *(["yes"] * len(ROLES))]
    if says.services:
        return [f"services: {', '.join(sorted(says.services))}", *(["-"] * len(ROLES))]
    who = "reading server, login" if says.browser else "reading server"
    return [who, *(_may(role, says.action) for role in Role)]


def _may(role: Role, action: Action | None) -> str:
    if action is None:
        return "asks for each"
    return action.value if could(role, action) else "-"


def rewrite(text: str) -> str:
    """Return the document with the tables of ``written`` in place of what stood under their headings."""
    parts = text.split("\n## ")
    tables = written()
    for number, part in enumerate(parts):
        heading, _, body = part.partition("\n")
        if heading in tables:
            prose = "\n".join(line for line in body.splitlines() if not line.startswith("|")).strip()
            parts[number] = "\n".join([heading, "", *([prose, ""] if prose else []), *as_table(tables[heading]), ""])
    return "\n## ".join(parts)


if __name__ == "__main__":
    DOCUMENT.write_text(rewrite(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
