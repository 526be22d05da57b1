"""The one shape of errors, and the words that handlers of others bring into it."""

import json
from types import SimpleNamespace

import pytest

from readingroom.wire.gateway import error_from
from readingroom.wire.refusals import code_of, error_body, words_of


def test_what_one_side_writes_the_other_reads() -> None:
    """The viewer shows the words of a refusal, whichever service they come from."""
    told = json.dumps(error_body("not_found", "No such study.", "Reload the list.")).encode()
    assert "No such study. Reload the list." == str(error_from(told, 404))


@pytest.mark.parametrize(
    ("message", "arguments", "words"),
    [
        ("%s", ("100 % sure",), "100 % sure"),
        ("Not yours.", (), "Not yours."),
        ("50 % off", (), "50 % off"),
        ("%d of %s", ("wrong",), "%d of %s"),
        (None, (), "The request is refused: not found."),
    ],
)
def test_the_words_of_a_handler_are_kept(message: str | None, arguments: tuple[str, ...], words: str) -> None:
    """With its arguments, without them, and where they do not fit."""
    assert words == words_of(SimpleNamespace(log_message=message, args=arguments), 404)  # type: ignore[arg-type]


def test_a_status_has_a_word() -> None:
    """Also one that HTTP does not know."""
    assert ["not-found", "refused"] == [code_of(404), code_of(499)]
