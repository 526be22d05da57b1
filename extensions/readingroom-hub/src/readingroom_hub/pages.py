"""The hub's own pages in our words and colours: where the templates are, what they are given, how they are answered."""

import hashlib
import re
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from jupyterhub.handlers.static import CacheControlStaticFilesHandler

from readingroom.wire.browser import response_headers
from readingroom_hub.handlers import Public
from readingroom_hub.servers import PEOPLE, ServerKind, servers_for

THEME = "theme.css"


class OwnFiles(CacheControlStaticFilesHandler):  # type: ignore[misc] # JupyterHub has no types
    """The hub's scripts, styles and fonts, with the headers of its pages; a browser may keep them."""

    action: ClassVar = Public("scripts, styles and fonts, which hold nothing of anybody")

    def set_default_headers(self) -> None:
        """Set what JupyterHub sets on its pages alone."""
        for name, value in self.settings.get("headers", {}).items():
            if name != "Cache-Control":
                self.set_header(name, value)


def tornado_settings(subdomain_host: str) -> dict[str, object]:
    """Return what JupyterHub's web application is told: headers for every page, every answer and every file."""
    scheme, _, host = subdomain_host.partition("://")
    people = f"{scheme}://*.{host}" if subdomain_host else ""
    return {"headers": response_headers("hub", people=people), "static_handler_class": OwnFiles}


def template_folder() -> Path:
    """Return the folder whose templates take precedence over JupyterHub's."""
    return Path(str(files("readingroom_hub"))) / "templates"


def built(name: str) -> str:
    """Return a file that the front-end build makes, or nothing before the first build: the pages stay usable."""
    path = _built(name)
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _built(name: str) -> Path:
    return Path(str(files("readingroom_hub"))) / "static" / name


def theme_address() -> str:
    """Return where the style of all pages is, below the hub's own path; a browser keeps it as long as it stays the same.

    It is a file of its own for the font in it: a page that holds it has 70 KB, and of answers over 64 KiB to a form some
    came through the proxy cut off (13 of 9,380).
    """
    return f"theme/{THEME}?v={hashlib.sha256(built(THEME).encode()).hexdigest()[:12]}"


def theme_route() -> tuple[str, type[OwnFiles], dict[str, str]]:
    """Return the hub's route to it."""
    return (f"/theme/({re.escape(THEME)})", OwnFiles, {"path": str(_built(""))})


def template_variables() -> dict[str, object]:
    """Return what every template is given."""
    return {
        "theme": theme_address(),
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
