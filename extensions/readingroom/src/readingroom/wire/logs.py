"""What no log of ours may keep: the values of addresses' parameters that open something.

JupyterHub, Jupyter Server and Tornado write the address of a request in many places (an access line, a refused request, a
redirect, the page that a request came from, the trace of an error), and hide its secrets in a few of them. So every line
of a process passes here, whoever writes it.
"""

import logging
import re

HIDDEN = "[secret]"
_NAME = r"[\w.\-]*(?:token|code|state|xsrf|password|secret|ticket)[\w.\-]*"
_PLAIN = re.compile(rf"(?<=[?&])({_NAME}=)(?:[^&\s\"'<>#\\]*)", re.IGNORECASE)
_INSIDE = re.compile(
    rf"(?P<level>%(?:25)*)(?P<mark>3F|26)(?P<name>{_NAME})(?P<equals>(?P=level)3D)(?:(?!(?P=level)26)[^&\s\"'<>#\\])*",
    re.IGNORECASE,
)
"""An address inside a parameter of another one, as ``next=`` has it, however many times its marks were encoded."""

_COMPARED = re.compile(r"(oauth state argument |[\w.\-]+-oauth-state[\w.\-]*=)(?!None\b)('[^']*'|[^&\s\"'<>]+)")
"""How JupyterHub says that a login came back with another state than it left with."""


def without_secrets(text: str) -> str:
    """Return ``text`` with ``[secret]`` in place of the values of all parameters whose name says that they are one."""
    for pattern, kept in ((_PLAIN, r"\1"), (_COMPARED, r"\1"), (_INSIDE, r"\g<level>\g<mark>\g<name>\g<equals>")):
        text = pattern.sub(kept + HIDDEN, text)
    return text


def keep_secrets_out_of_logs() -> None:
    """See to it that no line that this process logs from now on holds such a value, nor the trace of an error."""
    logging.setLogRecordFactory(_Line)


class _Line(logging.LogRecord):
    """A record that says what it has to say without the secrets in it, to every handler and formatter alike."""

    def getMessage(self) -> str:  # noqa: N802 - Python's name
        """Return the message with its arguments, and without secrets."""
        return without_secrets(super().getMessage())

    @property
    def exc_text(self) -> str | None:  # formatters write the trace of an error here
        """The trace of an error."""
        return self._trace

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        self._trace = without_secrets(text) if text else text
