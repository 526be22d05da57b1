"""A guest's whole journey, from the coordinator's page to the end: one study, one link, one code, and nothing left of it."""

import os
import re
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page
from tests.e2e.conftest import Window

from readingroom_hub.testing import PASSWORD, PATIENCE_S, Launched, wait_for
from readingroom_viewer.testing import log_in, open_study

pytestmark = pytest.mark.e2e
STUDY, ROW, NOTE = '[data-testid="study"]', '[data-testid="guests"] tbody tr', '[data-testid="note"]'
CLOSED = (
    "api/contents",
    "api/kernels",
    "api/terminals",
    "api/sessions",
    "lab",
    "tree",
    "files/",
    "terminals/1",
    "nbconvert/html",
)


def picture(page: Page, name: str) -> None:
    """Keep what is seen where ``READINGROOM_PICTURES`` names a folder: docs/guests.md shows some of them."""
    if folder := os.environ.get("READINGROOM_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def invite(page: Page, product: Launched, study: str, minutes: int = 0) -> tuple[str, str, str]:
    """Fill in the coordinator's form, for a day or for some minutes; return link, code and account."""
    page.goto(f"{product.url}/services/records/guests")
    for name, typed in (
        ("name", "Dr Ada Lovelace"),
        ("email", "ada@example.org"),
        ("study", study),
        ("question", "Is the wedge uniform?"),
    ):
        page.fill(f'[name="{name}"]', typed)
    if minutes:
        page.fill('[name="lasts"]', str(minutes))
        page.select_option('[name="unit"]', "minutes")
    picture(page, "guest-invite")
    page.click('[data-testid="invite"] button')
    link, code = (page.inner_text(f'[data-testid="{name}"]') for name in ("link", "code"))
    picture(page, "guest-keys")
    account = re.search(r"guest-\w{8}", page.inner_text("main"))
    assert account
    return link, code, account[0]


def try_code(page: Page, link: str, code: str) -> str:
    """Open a link, type a code; return what the page then says to a person."""
    page.goto("about:blank")
    page.goto(link)
    page.fill("#code", code)
    with page.expect_navigation():
        page.click("#enter")
    return page.inner_text("main")


def test_a_guest_comes_reads_one_study_and_is_gone(window: Window, page: Page, product: Launched) -> None:
    """Invited, let in once by link and code, shown one verified study and nothing else; taken back, nothing of it is left."""
    log_in(page, product.url, PASSWORD, "coordinator")
    open_study(page, "PHANTOM")
    study = page.locator('[data-testid="viewport"]').first.get_attribute("data-study-uid") or ""
    link, code, account = invite(page, product, study)
    assert link.startswith(f"{product.url}/hub/invitation#")
    guest = window()
    asked: list[str] = []
    guest.on("request", lambda request: asked.append(f"{request.url} {request.headers.get('referer', '')}"))
    requests.get(link, timeout=30)  # as a mail scanner does, which knows no code
    assert "The code is wrong" in try_code(guest, link, "1234 5678")
    picture(guest, "guest-code")
    guest.fill("#code", code)
    guest.click("#enter")
    guest.wait_for_url(f"**/user/{account}/reading/**", timeout=90_000)
    guest.wait_for_selector(STUDY)
    assert 1 == guest.locator(STUDY).count()
    open_study(guest, "PHANTOM")
    picture(guest, "guest-reading")
    assert study == guest.locator('[data-testid="viewport"]').first.get_attribute("data-study-uid")
    secret = link.partition("#")[2]
    assert [] == [each for each in asked if secret in each.replace(link, "", 1) or code.replace(" ", "") in each]
    room = f"{product.url}/user/{account}/reading"
    assert {404, 403, 405} >= {guest.request.get(f"{room}/{path}").status for path in CLOSED}
    for path in ("services/records/grants", "services/records/audit", "services/records/guests"):
        assert 403 == guest.request.get(f"{product.url}/{path}").status
    assert guest.request.get(f"{product.url}/hub/spawn/{account}/workbench").status >= 400

    stranger = window()
    assert "used already, in another browser" in try_code(stranger, link, code)
    page.goto(f"{product.url}/services/records/guests")
    row = page.locator(ROW, has_text=account)
    assert "came in" in row.inner_text()
    row.locator('[data-testid="revoke"]').click()
    guest.wait_for_selector(f"{NOTE} >> text=This study has been closed")
    picture(guest, "guest-closed")
    words = guest.inner_text(NOTE)
    assert "taken back" in words
    assert wait_for(lambda: f"{account}\nremoved" in _rows(page, product), PATIENCE_S)
    guest.wait_for_url("**/hub/invitation?came=ended")
    picture(guest, "guest-ended")
    guest.goto(f"{product.url}/hub/home")
    assert "/hub/login" in guest.url
    picture(guest, "guest-login")
    assert "Your access was taken back" in try_code(guest, link, code)
    picture(guest, "guest-gone")
    assert "ended" in try_code(stranger, link, code)


def test_an_access_ends_by_itself_while_the_guest_looks(window: Window, page: Page, product: Launched) -> None:
    """Two minutes after the invitation the image goes, the page says that the time is over, and the account is no more."""
    log_in(page, product.url, PASSWORD, "coordinator")
    open_study(page, "PHANTOM")
    study = page.locator('[data-testid="viewport"]').first.get_attribute("data-study-uid") or ""
    link, code, account = invite(page, product, study, minutes=2)
    guest = window()
    guest.goto(link)
    guest.fill("#code", code)
    guest.click("#enter")
    guest.wait_for_selector(STUDY, timeout=100_000)
    open_study(guest, "PHANTOM")
    guest.wait_for_selector(f"{NOTE} >> text=This study has been closed", timeout=130_000)
    picture(guest, "guest-expired")
    assert "ended" in guest.inner_text(NOTE)
    assert "" == guest.locator('[data-testid="viewport"]').first.get_attribute("data-sop-uid")
    guest.wait_for_url("**/hub/invitation?came=ended")
    assert wait_for(lambda: f"{account}\nremoved" in _rows(page, product), PATIENCE_S)
    assert "ended" in try_code(guest, link, code)


def _rows(page: Page, product: Launched) -> str:
    page.goto(f"{product.url}/services/records/guests")
    return page.inner_text('[data-testid="guests"]')
