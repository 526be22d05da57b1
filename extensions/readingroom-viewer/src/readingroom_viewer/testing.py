"""The steps that every reading in a real browser begins with, for tests and measurements; ``page`` is Playwright's."""

from typing import Any

VERIFIED = '[data-testid="viewport"][data-fidelity="verified"]'
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
]
"""A browser that runs as root, in a container, and asks nobody outside for anything."""


def log_in(
    page: Any,  # noqa: ANN401 - Playwright is a test tool
    url: str,
    password: str,
    person: str = "trainee",
    study_list: str = '[data-testid="study"]',
) -> None:
    """Log in and wait for the study list of the person's own reading server, or for what it shows in place of a row."""
    page.goto(url)
    page.fill("#username_input", person)
    page.fill("#password_input", password)
    page.click("#login_submit")
    page.wait_for_url(f"**/user/{person}/reading/**", timeout=90_000)
    page.wait_for_selector(study_list, timeout=60_000)


def open_study(page: Any, words: str) -> None:  # noqa: ANN401
    """Open the study whose row holds ``words`` and wait for its first verified image."""
    page.locator('[data-testid="study"]', has_text=words).first.dblclick()
    page.wait_for_selector(VERIFIED, timeout=30_000)
