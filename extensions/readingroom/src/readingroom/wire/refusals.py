"""The one shape in which every endpoint of ours tells an error, whichever program serves it."""

from http.client import responses

TRY_AGAIN = "Try again in a moment. If it goes on, tell your administrator."


def error_body(code: str, message: str, what_to_do: str = "") -> dict[str, dict[str, str]]:
    """Return what an error is told as: a word for programs, what happened, and what a person can do."""
    return {"error": {"code": code, "message": message, "what_to_do": what_to_do}}


def code_of(status: int) -> str:
    """Return the word of an HTTP status that says nothing more, as in ``not-found``."""
    return responses.get(status, "refused").lower().replace(" ", "-")


def words_of(error: BaseException | None, status: int) -> str:
    """Return what a handler of JupyterHub or Jupyter Server says about its refusal, else the words of the status."""
    template, arguments = getattr(error, "log_message", None), getattr(error, "args", ())
    try:
        said = str(template) % arguments if template and arguments else str(template or "")
    except (TypeError, ValueError):
        said = str(template)
    return said or f"The request is refused: {code_of(status).replace('-', ' ')}."
