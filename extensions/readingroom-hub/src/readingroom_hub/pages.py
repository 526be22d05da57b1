"""The hub's own pages in our words and colours: where the templates are, and what they are given."""

from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

from readingroom_hub.servers import PEOPLE, ServerKind, servers_for

PAGES_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; form-action 'self'; frame-ancestors 'none'"
)
"""No page of the hub loads anything from another origin; the browser enforces it."""


def template_folder() -> Path:
    """Return the folder whose templates take precedence over JupyterHub's."""
    return Path(str(files("readingroom_hub"))) / "templates"


def built(name: str) -> str:
    """Return a file that the front-end build makes, or nothing before the first build: the pages stay usable."""
    path = Path(str(files("readingroom_hub"))) / "static" / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def template_variables() -> dict[str, object]:
    """Return what every template is given."""
    return {
        "theme_css": built("theme.css"),
        "icon_url": f"data:image/svg+xml,{quote(built('icon.svg'))}",
        "accounts": list(PEOPLE),
        "offered_servers": offered_servers,
        "run_by": "the person who started it on this computer",
    }


def offered_servers(user: Any) -> list[ServerKind]:  # noqa: ANN401 - JupyterHub has no types
    """Return the servers that the home page offers; JupyterHub calls this for every page, with ``None`` for nobody."""
    if user is None:
        return []
    return servers_for([group.name for group in user.orm_user.groups])
