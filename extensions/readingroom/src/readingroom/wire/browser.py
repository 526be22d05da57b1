"""What a browser may do with our pages: the response headers of hub, services and servers, in one table.

Content Security Policy Level 3, and as little of it as each page can work with. ``'unsafe-inline'`` stands for scripts
where Panel, JupyterHub and JupyterLab write theirs into the page; nothing that a person typed is ever written there.
"""

from typing import Literal

Page = Literal["hub", "reading", "workbench", "records", "data"]
"""``hub``: JupyterHub's pages; ``reading`` and ``workbench``: a person's servers; ``records``: the pages of that service,
which have no script in them; ``data``: answers that are no page."""

_OWN = "'self'"
_ALWAYS = {"default-src": ("'none'",), "frame-ancestors": ("'none'",)}
_EVERY_PAGE = {
    "script-src": (_OWN,),
    "style-src": (_OWN, "'unsafe-inline'"),
    "img-src": (_OWN, "data:"),
    "font-src": (_OWN, "data:"),
    "connect-src": (_OWN,),
    "form-action": (_OWN,),
    "base-uri": ("'none'",),
}
_INLINE = "'unsafe-inline'"
_BEYOND: dict[Page, dict[str, tuple[str, ...]]] = {
    "hub": {"script-src": (_INLINE,)},
    # Panel hands the viewer's module to the page as a blob, and loads it from there.
    "reading": {"script-src": (_INLINE, "blob:"), "connect-src": ("blob:",), "img-src": ("blob:",)},
    # JupyterLab compiles the schemas of its settings with `new Function`; results and files are shown from blobs.
    "workbench": {
        "script-src": (_INLINE, "'unsafe-eval'", "blob:"),
        "connect-src": ("blob:", "data:"),
        "img-src": ("blob:",),
        "media-src": (_OWN, "blob:", "data:"),
        "worker-src": (_OWN, "blob:"),
        "frame-src": (_OWN, "blob:"),
        "manifest-src": (_OWN,),
    },
    "records": {},
    "data": {},
}


def content_security_policy(page: Page, *, people: str = "") -> str:
    """Return the policy of a page.

    ``people`` is the host pattern of the people's own subdomains (``https://*.readingroom.example``), empty where there
    are none: the login form of the hub ends on one, and browsers hold a form to its policy through every redirect.
    """
    shared = _ALWAYS if page == "data" else _ALWAYS | _EVERY_PAGE
    policy = {directive: list(sources) for directive, sources in shared.items()}
    for directive, sources in _BEYOND[page].items():
        policy.setdefault(directive, []).extend(sources)
    if people and page == "hub":
        policy["form-action"].append(people)
    return "; ".join(f"{directive} {' '.join(sources)}" for directive, sources in policy.items())


def response_headers(page: Page, *, people: str = "") -> dict[str, str]:
    """Return what every answer carries, whatever its body; JupyterLab's own files may be kept by the browser."""
    headers = {
        "Content-Security-Policy": content_security_policy(page, people=people),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return headers if page == "workbench" else {**headers, "Cache-Control": "no-store"}
