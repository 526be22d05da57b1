"""Who passes at the handlers that are not ours: JupyterHub's own, and Jupyter Server's below a person's servers.

Ours declare it themselves (``handlers.declared``). A handler that is in neither place has no rule, and the build fails.
"""

from dataclasses import dataclass

from readingroom.reading.permissions import Action
from readingroom_hub.handlers import Method, Public


@dataclass(frozen=True, slots=True)
class Rule:
    """The action by which somebody passes: at what concerns themselves, and at what concerns others or everybody.

    None is nobody. ``public`` is the reason why anybody may, without a login; ``by_server`` says that the token of a
    person's own server passes as its owner does.
    """

    own: Action | None = None
    others: Action | None = None
    public: str = ""
    by_server: bool = False


class UnknownRouteError(LookupError):
    """A route that nobody has said who passes at."""


NOBODY = Rule()
_PERSON = Rule(Action.USE_READING, Action.USE_READING)
_OWN = Rule(Action.USE_READING)
_OWN_BY_SERVER = Rule(Action.USE_READING, by_server=True)
_MANAGED = Rule(others=Action.MANAGE_PEOPLE)
_OWN_OR_MANAGED = Rule(Action.USE_READING, Action.MANAGE_PEOPLE)
_REDIRECT = Rule(public="a redirect to another address")
_UNSERVED = Rule(public="says only that no server answers there")
_GONE = Rule(public="JupyterHub has taken it out; answers so to everybody")
_LOGIN = Rule(public="the login itself, or its end")
_ALIVE = Rule(public="says that the hub is alive, and its version")
_PICTURE = Rule(public="a picture or a style")

HUB: dict[str, dict[Method, Rule]] = {
    "AddSlashHandler": {"GET": _REDIRECT},
    "PrefixRedirectHandler": {"GET": _REDIRECT},
    "RootHandler": {"GET": _REDIRECT},
    "UserRedirectHandler": {"GET": _PERSON},
    "UserUrlHandler": {"GET": _OWN_BY_SERVER, "POST": _UNSERVED, "PATCH": _UNSERVED, "DELETE": _UNSERVED},
    "CSPReportHandler": {"POST": _PERSON},
    "ProxyErrorHandler": {"GET": Rule(public="words about an error")},
    "HealthCheckHandler": {"GET": _ALIVE, "HEAD": _ALIVE},
    "LogoHandler": {"GET": _PICTURE, "HEAD": _PICTURE},
    "CacheControlStaticFilesHandler": {"GET": _PICTURE, "HEAD": _PICTURE},
    "LoginHandler": {"GET": _LOGIN, "POST": _LOGIN},
    "LogoutHandler": {"GET": _LOGIN},
    "HomeHandler": {"GET": _PERSON},
    "TokenPageHandler": {"GET": _PERSON},
    "AdminHandler": {"GET": NOBODY},
    "SpawnHandler": {"GET": _OWN, "POST": _OWN},
    "SpawnPendingHandler": {"GET": _OWN},
    "AcceptShareHandler": {"GET": _PERSON, "POST": _PERSON},
    "MetricsHandler": {"GET": NOBODY},
    "CookieAPIHandler": {"GET": Rule(by_server=True)},
    "TokenAPIHandler": {"GET": Rule(by_server=True), "POST": _GONE},
    "OAuthAuthorizeHandler": {"GET": _PERSON, "POST": _PERSON},
    "OAuthTokenHandler": {"POST": Rule(public="asks for the secret of an OAuth client and a code")},
    "RootAPIHandler": {"GET": _ALIVE},
    "ShutdownAPIHandler": {"POST": NOBODY},
    "InfoAPIHandler": {"GET": NOBODY},
    "ProxyAPIHandler": {"GET": NOBODY, "POST": NOBODY, "PATCH": NOBODY},
    "SelfAPIHandler": {"GET": Rule(Action.USE_READING, Action.USE_READING, by_server=True)},
    "UserListAPIHandler": {"GET": _MANAGED, "POST": NOBODY},
    "UserAPIHandler": {
        "GET": Rule(Action.USE_READING, Action.MANAGE_PEOPLE, by_server=True),
        "POST": NOBODY,
        "PATCH": NOBODY,
        "DELETE": NOBODY,
    },
    "UserServerAPIHandler": {"POST": _OWN, "DELETE": _OWN_OR_MANAGED},
    "SpawnProgressAPIHandler": {"GET": _OWN_OR_MANAGED},
    "UserTokenListAPIHandler": {"GET": NOBODY, "POST": NOBODY},
    "UserTokenAPIHandler": {"GET": NOBODY, "DELETE": NOBODY},
    "ActivityAPIHandler": {"POST": _OWN_BY_SERVER},
    "UserAdminAccessAPIHandler": {"POST": NOBODY},
    "GroupListAPIHandler": {"GET": _MANAGED, "POST": NOBODY},
    "GroupAPIHandler": {"GET": _MANAGED, "POST": NOBODY, "DELETE": NOBODY},
    "GroupUsersAPIHandler": {"POST": NOBODY, "DELETE": NOBODY},
    "GroupPropertiesAPIHandler": {"PUT": NOBODY},
    "ServiceListAPIHandler": {"GET": NOBODY},
    "ServiceAPIHandler": {"GET": NOBODY, "POST": NOBODY, "DELETE": NOBODY},
    "ServerShareAPIHandler": {"GET": NOBODY, "POST": NOBODY, "PATCH": NOBODY, "DELETE": NOBODY},
    "UserShareListAPIHandler": {"GET": NOBODY},
    "GroupShareListAPIHandler": {"GET": NOBODY},
    "UserShareAPIHandler": {"GET": NOBODY, "DELETE": NOBODY},
    "GroupShareAPIHandler": {"GET": NOBODY, "DELETE": NOBODY},
    "ServerShareCodeAPIHandler": {"GET": NOBODY, "POST": NOBODY, "DELETE": NOBODY},
}
"""JupyterHub's handlers by the name of their class."""

HUB_PATTERNS: dict[tuple[str, Method], Rule] = {
    ("/hub/spawn", "GET"): NOBODY,
    ("/hub/spawn", "POST"): NOBODY,
    ("/hub/spawn/([^/]+)", "GET"): NOBODY,
    ("/hub/spawn/([^/]+)", "POST"): NOBODY,
    ("/hub/api/users/([^/]+)/server", "POST"): NOBODY,
}
"""Patterns that pass fewer people than their handler elsewhere: nobody starts the unnamed server."""

SERVER_PUBLIC = {
    "FileFindHandler": "a script, a picture or a style of Jupyter's",
    "ThemesHandler": "a style of JupyterLab's",
    "PublicStaticFileHandler": "a picture of Jupyter's",
    "TrailingSlashHandler": "a redirect to another address",
    "NotebooksRedirectHandler": "a redirect to another address",
    "RedirectWithParams": "a redirect to another address",
    "APIVersionHandler": "the version of Jupyter Server",
    "JupyterHubLogoutHandler": "the end of a login",
    "JupyterHubOAuthCallbackHandler": "the return from the hub's login, with a code that the hub checks",
    "Template404": "says that there is nothing",
}
"""Jupyter Server's handlers at which anybody passes, and why: none of them holds anything of a person or a study."""

SERVER_OWN = {"reading": Action.USE_READING, "workbench": Action.USE_WORKBENCH}
READING_HOLDS = frozenset({"ViewerPage", "ViewerSocket", "PrometheusMetricsHandler"})
"""All that a reading server gives its owner: the viewer, and figures about its own process."""

WORKBENCH_HOLDS = READING_HOLDS | {
    *("BuildHandler", "ExtensionHandler", "PluginHandler", "CheckForUpdateHandler", "NewsHandler", "LabHandler"),
    *("SettingsHandler", "TranslationsHandler", "WorkspacesHandler", "ListingsHandler"),
    *("LicensesHandler", "NotFoundHandler", "APISpecHandler", "APIStatusHandler", "IdentityHandler"),
    *("PathResolverHandler", "ConfigHandler", "CheckpointsHandler", "ModifyCheckpointsHandler"),
    *("TrustNotebooksHandler", "ContentsHandler", "MainKernelHandler", "KernelHandler"),
    *("KernelActionHandler", "KernelWebsocketHandler", "KernelSpecResourceHandler", "MainKernelSpecHandler"),
    *("KernelSpecHandler", "NbconvertPostHandler", "NbconvertFileHandler", "NbconvertRootHandler"),
    *("CSPReportHandler", "SessionHandler", "SessionRootHandler", "ShutdownHandler", "ViewHandler", "EventHandler"),
    *("SubscribeWebsocket", "AuthenticatedFileHandler"),
}
"""What a workbench gives its owner: files, kernels and sessions of their own, and the viewer over teaching studies."""

READING_REFUSES = frozenset({"AuthenticatedFileHandler", "CSPReportHandler"})
"""What Jupyter Server adds to every server, and a reading server refuses to everybody."""


SERVICE_PUBLIC = {"HubOAuthCallbackHandler": Public("the return from the hub's login, with a code that the hub checks")}
"""Handlers that JupyterHub gives to services."""


def given_public(handler: type) -> Public | None:
    """Return why anybody passes at a handler that is one of JupyterHub's for services, or made from one."""
    return next((SERVICE_PUBLIC[each.__name__] for each in handler.__mro__ if each.__name__ in SERVICE_PUBLIC), None)


def hub_rule(pattern: str, handler: str, method: Method) -> Rule:
    """Return who passes at a handler of JupyterHub; raises ``UnknownRouteError`` for one that is not in the list."""
    rule = HUB_PATTERNS.get((pattern, method)) or HUB.get(handler, {}).get(method)
    if rule is None:
        raise UnknownRouteError(f"Say in readingroom_hub.routes who may {method} {pattern} ({handler}).")
    return rule


def server_rule(kind: str, handler: str) -> Rule:
    """Return who passes at a handler of a person's server; raises ``UnknownRouteError`` for one that is not listed."""
    if handler in SERVER_PUBLIC:
        return Rule(public=SERVER_PUBLIC[handler])
    if handler in (READING_HOLDS if kind == "reading" else WORKBENCH_HOLDS):
        return Rule(SERVER_OWN[kind])
    if kind == "reading" and handler in READING_REFUSES:
        return NOBODY
    raise UnknownRouteError(f"Say in readingroom_hub.routes who may ask {handler} of a {kind} server.")
