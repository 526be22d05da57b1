"""The whole product as a person starts it, and a real browser in front of it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from readingroom_hub.preflight import free_ports

REPOSITORY = Path(__file__).resolve().parents[2]
PASSWORD = "e2e-pass-words"  # noqa: S105 - of a hub that lives for one test session
START_S = 180
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
VERIFIED = '[data-testid="viewport"][data-fidelity="verified"]'


@dataclass(frozen=True)
class Product:
    """A running Reading Room."""

    url: str
    state: Path
    process: "subprocess.Popen[str]"
    password: str = PASSWORD


def start(state: Path, *more: str) -> Product:
    """Start the launcher as ``make run`` does and wait for its ready line."""
    (port,) = free_ports(1)
    state.mkdir(parents=True, exist_ok=True)
    said = state.parent / f"said-{port}"
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "readingroom_hub.launch", "--port", str(port), "--state", str(state), *more],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "READINGROOM_DEMO_PASSWORD": PASSWORD},
        )
    deadline = time.monotonic() + START_S
    while "is ready" not in said.read_text() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "is ready" in said.read_text(), said.read_text()
    return Product(f"http://127.0.0.1:{port}", state, process)


@pytest.fixture(scope="session")
def run_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Product]]:
    """Start products; every one is ended with the session."""
    started: list[Product] = []

    def run(*more: str) -> Product:
        started.append(start(tmp_path_factory.mktemp("product") / "state", *more))
        return started[-1]

    yield run
    for product in started:
        product.process.send_signal(signal.SIGINT)
    for product in started:
        product.process.wait(30)


@pytest.fixture(scope="session")
def product(run_product: Callable[..., Product]) -> Product:
    """Return one product over the demo studies, shared by the tests that only read."""
    return run_product()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium; without it the test fails, it is never skipped.

    Of one module: Playwright keeps an event loop running, which other tests must not find.
    """
    executable = shutil.which("chromium")
    assert executable, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a new window of 1440 by 900 that remembers every request it made."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    yield opened
    context.close()


def log_in(page: Page, url: str, person: str = "trainee") -> None:
    """Log in and wait for the study list of the person's own reading server."""
    page.goto(url)
    page.fill("#username_input", person)
    page.fill("#password_input", PASSWORD)
    page.click("#login_submit")
    page.wait_for_url(f"**/user/{person}/reading/**", timeout=90_000)
    page.wait_for_selector('[data-testid="study"]', timeout=60_000)


def open_study(page: Page, words: str) -> None:
    """Open the study whose row holds ``words`` and wait for its first verified image."""
    page.locator('[data-testid="study"]', has_text=words).first.dblclick()
    page.wait_for_selector(VERIFIED, timeout=30_000)


@pytest.fixture(scope="session")
def steps() -> tuple[Callable[..., None], Callable[..., None]]:
    """Return the two steps that every reading begins with."""
    return log_in, open_study
