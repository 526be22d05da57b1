"""Walks the running product: asks every address with every method as every person, and says who was let through."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlparse

import requests

from readingroom_hub.processes import arguments
from readingroom_hub.testing import Launched

NO_ACCESS = "No access to resources or resources not found"
NOT_FOUND = 404
REFUSED = (401, 403, 405)
TIMEOUT_S = 60


@dataclass
class Asker:
    """Somebody who asks: a person by their login or by a token of theirs, or nobody (``name`` empty)."""

    name: str
    session: requests.Session = field(default_factory=requests.Session)
    token: str = ""

    def ask(self, method: str, url: str) -> requests.Response:
        """Ask as a program of theirs would, with the XSRF value of their login where there is one."""
        headers = {"Referer": url}
        path = urlparse(url).path
        values = [cookie for cookie in self.session.cookies if cookie.name == "_xsrf" and path.startswith(cookie.path)]
        if values:
            headers["X-XSRFToken"] = str(max(values, key=lambda cookie: len(cookie.path)).value)
        if self.token:
            headers["Authorization"] = f"token {self.token}"
        try:
            return self.session.request(method, url, headers=headers, allow_redirects=False, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            raise AssertionError(f"{method} {url} as {self.name}") from error


def let_through(answer: requests.Response, hides: bool) -> bool:
    """Return whether an answer is one to somebody who may; a request that made no sense has passed the check too.

    ``hides``: the application tells whoever may not that there is nothing.
    """
    if answer.status_code in REFUSED:
        return False
    if answer.is_redirect:
        return "/hub/login" not in answer.headers["Location"] and "oauth2/authorize" not in answer.headers["Location"]
    if answer.status_code == NOT_FOUND and hides:
        return NO_ACCESS not in answer.text and "json" in answer.headers.get("Content-Type", "")
    return True


def environments(product: Launched, server: str) -> dict[str, dict[str, str]]:
    """Return what each running server of this name was told, by person, as whoever reads its environment finds it."""
    found = {}
    for pid in product.below():
        if any(each.endswith(f"readingroom_viewer.{server}_server") for each in arguments(pid)):
            lines = Path(f"/proc/{pid}/environ").read_text(encoding="utf-8").split("\0")
            told = dict(line.split("=", 1) for line in lines if "=" in line)
            if "JUPYTERHUB_API_TOKEN" in told:
                found[told["JUPYTERHUB_USER"]] = told
    return found
