"""What a browser is told of our pages: as little as each can work with."""

import pytest

from readingroom.wire.browser import Page, content_security_policy, response_headers


def directives(page: Page, people: str = "") -> dict[str, list[str]]:
    """Return the policy as a table."""
    rows = (row.split() for row in content_security_policy(page, people=people).split("; "))
    return {name: sources for name, *sources in rows}


@pytest.mark.parametrize("page", ["hub", "reading", "workbench", "records"])
def test_nothing_comes_from_elsewhere(page: Page) -> None:
    """No page names another host, may be framed, or sends a form away."""
    policy = directives(page)
    named = {source for sources in policy.values() for source in sources if ":" in source}

    assert named <= {"data:", "blob:"}
    assert ["'none'"] == policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"]
    assert ["'self'"] == policy["form-action"]


def test_only_a_workbench_may_compile_text() -> None:
    """JupyterLab needs it; the pages that show an identifiable patient do not get it."""
    evaluating = [page for page in ("hub", "reading", "workbench") if "'unsafe-eval'" in content_security_policy(page)]

    assert ["workbench"] == evaluating


def test_the_pages_of_the_records_run_no_script_that_stands_in_them() -> None:
    """What a patient or a reader is called can run nowhere; and an answer that is no page shows and loads nothing at all."""
    assert ["'self'"] == directives("records")["script-src"]
    assert {"default-src": ["'none'"], "frame-ancestors": ["'none'"]} == directives("data")


def test_the_login_form_may_end_on_a_subdomain() -> None:
    """A browser holds the form to its policy through every redirect; nothing else is widened by subdomains."""
    with_people, without = directives("hub", "https://*.room.example"), directives("hub")

    assert ["'self'", "https://*.room.example"] == with_people.pop("form-action")
    assert without.pop("form-action") == ["'self'"]
    assert without == with_people


def test_what_holds_for_every_answer() -> None:
    """No guessing of types, no address told to other sites, nothing of a patient kept by the browser."""
    for page in ("hub", "reading"):
        headers = response_headers(page)
        assert ("nosniff", "same-origin", "no-store") == (
            headers["X-Content-Type-Options"],
            headers["Referrer-Policy"],
            headers["Cache-Control"],
        )
