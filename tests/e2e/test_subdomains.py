"""A host of their own for each person: no server shares an origin with the hub or with another person's."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from readingroom_hub.preflight import free_ports
from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.testing import VERIFIED, log_in, open_study

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def apart(launch: Callable[..., Launched]) -> tuple[Launched, str]:
    """Return a product with subdomains, and its address; Chromium finds ``*.localhost`` without any DNS."""
    (port,) = free_ports(1)
    address = f"http://rr.localhost:{port}"
    return launch("--subdomain-host", address, port=port).wait_until_ready(), address


def test_everybody_reads_on_a_host_of_their_own(page: Page, apart: tuple[Launched, str]) -> None:
    """From the login on the hub's host to a verified image on the person's; locked and signed out across the two."""
    product, address = apart
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    log_in(page, address, PASSWORD)
    own = address.replace("://", "://trainee.")
    open_study(page, "PHANTOM")

    assert f"Reading Room is ready: {address}" in product.said()
    assert page.url.startswith(own)
    assert [] == [text for text in said if "Content Security Policy" in text]
    reach = f"fetch('{address}/hub/api/user', {{credentials: 'include'}}).then(() => 'answered', () => 'refused')"
    assert "refused" == page.evaluate(reach)

    page.evaluate("localStorage.setItem('rr-active', String(Date.now() - 16 * 60000))")
    page.wait_for_url(f"{address}/hub/login?**")
    page.fill("#password_input", PASSWORD)
    page.click("#login_submit")
    page.wait_for_selector(VERIFIED)
    assert page.url.startswith(own)

    page.locator('[data-testid="logout"]').click()
    page.wait_for_url(f"{address}/hub/login")
    page.goto(f"{own}/user/trainee/reading/viewer/")
    assert page.url.startswith(f"{address}/hub/login")
