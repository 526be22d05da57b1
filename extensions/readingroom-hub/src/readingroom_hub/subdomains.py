"""Which host people and services have, where the site gives people hosts of their own."""

from jupyterhub.utils import subdomain_hook_idna


def host_of(name: str, domain: str, kind: str) -> str:
    """Return the host of a person, below ``domain``, or of a service, which is ``domain``: that of the hub itself.

    The one service that people open keeps the pages that sign, grant and read the audit. They belong to the hub, as no
    person's server does, and every address of them names the hub's host.
    """
    return domain if kind == "service" else str(subdomain_hook_idna(name, domain, kind))
