"""How a login ends: locked by itself, signed out everywhere, and never by another site."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from playwright.sync_api import Page
from tests.e2e.test_secrets import environment
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from readingroom_hub.processes import arguments
from readingroom_hub.testing import PASSWORD, PATIENCE_S, Launched, open_server, wait_for
from readingroom_hub.testing import log_in as post_login
from readingroom_viewer.testing import VERIFIED, log_in, open_study

pytestmark = pytest.mark.e2e
REMOVED = "Removing user coordinator from proxy"
HEADERS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy")


def test_every_answer_carries_the_headers(product: Launched) -> None:
    """Pages, errors, files and interfaces of hub and reading server: each is told to the browser in the same words."""
    session = open_server(product.url, "trainee")
    room = "/user/trainee/reading"
    paths = ["/hub/login", "/hub/home", "/hub/nowhere", "/hub/api/user", "/hub/static/css/style.min.css"]
    paths += [f"{room}/viewer/", f"{room}/viewer/static/js/bokeh.min.js", f"{room}/api", f"{room}/nowhere"]
    for path in paths:
        answer = session.get(product.url + path, timeout=30, allow_redirects=False)
        assert [] == [name for name in HEADERS if name not in answer.headers], path
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        assert ("static" in path) != ("no-store" in answer.headers.get("Cache-Control", "")), path
        assert "unsafe-eval" not in answer.headers["Content-Security-Policy"], path


def test_the_reading_page_needs_no_more_than_its_policy(page: Page, product: Launched) -> None:
    """From the login to a verified image and a turned wheel no rule is broken, and text is never compiled to code."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    log_in(page, product.url, PASSWORD)
    open_study(page, "PHANTOM")
    page.locator('[data-testid="viewport"]').hover()
    page.mouse.wheel(0, 300)
    page.wait_for_selector(VERIFIED)

    assert [] == [text for text in said if "Content Security Policy" in text]
    # Out of the reach of the test driver, whose own words may be compiled.
    trial = "try { new Function('')(); done('compiled'); } catch (error) { done(error.name); }"
    assert "EvalError" == page.evaluate(f"() => new Promise((done) => setTimeout(() => {{ {trial} }}, 0))")


def test_an_idle_screen_locks_and_comes_back_to_its_study(page: Page, product: Launched) -> None:
    """Nothing of the image is left; the hub asks for the password again; the same study opens after it."""
    log_in(page, product.url, PASSWORD)
    open_study(page, "PHANTOM")
    study = page.locator('[data-testid="viewport"]').get_attribute("data-study-uid")
    page.evaluate("localStorage.setItem('rr-active', String(Date.now() - 16 * 60000))")
    page.wait_for_url("**/hub/login?**")

    assert page.get_by_text("The screen was locked").is_visible()
    assert "trainee" == page.input_value("#username_input")
    page.goto(f"{product.url}/user/trainee/reading/viewer/")
    assert "/hub/login" in page.url
    page.go_back()
    page.fill("#username_input", "trainee")
    page.fill("#password_input", PASSWORD)
    page.click("#login_submit")
    page.wait_for_selector(VERIFIED)
    assert study == page.locator('[data-testid="viewport"]').get_attribute("data-study-uid")


def test_signing_out_ends_every_browser(page: Page, product: Launched) -> None:
    """Page, cookies, tokens and sockets of a second browser end within seconds, and its image is gone."""
    log_in(page, product.url, PASSWORD, person="consultant")
    open_study(page, "PHANTOM")
    other = open_server(product.url, "consultant")
    address = f"{product.url}/user/consultant/reading/viewer/"
    sent = other.prepare_request(requests.Request("GET", address)).headers["Cookie"]
    with connect(
        address.replace("http", "ws") + "frames", additional_headers={"Cookie": sent, "Origin": product.url}
    ) as socket:
        other.get(f"{product.url}/hub/logout", timeout=30)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PATIENCE_S)
    page.wait_for_url("**/hub/login?**")

    assert closed.value.rcvd is not None
    assert 4403 == closed.value.rcvd.code
    page.goto(address)
    assert "/hub/login" in page.url


def test_another_site_signs_nobody_out(product: Launched) -> None:
    """A link or a picture elsewhere that points at the log-out or the lock is refused."""
    session, _ = post_login(product.url, "researcher")
    for path in ("logout", "lock"):
        answer = session.get(f"{product.url}/hub/{path}", headers={"Sec-Fetch-Site": "cross-site"}, timeout=30)
        assert 403 == answer.status_code
    assert session.get(f"{product.url}/hub/home", timeout=30).url.endswith("/hub/home")


def test_a_server_that_is_stopped_says_so_and_shows_nothing(page: Page, product: Launched) -> None:
    """An image without a server behind it does not stay on the screen."""
    log_in(page, product.url, PASSWORD, person="coordinator")
    open_study(page, "PHANTOM")
    stop_reading_server(product, "coordinator")

    # To the end of the way: while the server is stopping a page says so and looks again by itself.
    page.wait_for_selector("text=Your reading server is not running")
    assert 0 == page.locator('[data-testid="viewport"]').count()


def test_a_server_that_takes_its_time_to_stop_leads_on(page: Page, product: Launched) -> None:
    """The page that says that it is stopping goes on by itself to the one that starts it again."""
    log_in(page, product.url, PASSWORD, person="coordinator")
    for pid in product.below():
        if (
            arguments(pid)[1:3] == ["-m", "readingroom_viewer.reading_server"]
            and environment(pid)["USER"] == "coordinator"
        ):
            os.kill(pid, signal.SIGSTOP)  # the hub ends it after some seconds
    log = product.state / "hub.log"
    removed = log.read_text().count(REMOVED)
    with ThreadPoolExecutor(1) as threads:
        stopping = threads.submit(stop_reading_server, product, "coordinator")
        assert wait_for(lambda: log.read_text().count(REMOVED) > removed, PATIENCE_S)
        page.goto(f"{product.url}/hub/user/coordinator/reading/viewer/")
        page.wait_for_selector("text=Your server is stopping")
        page.wait_for_selector("text=Your reading server is not running")
        stopping.result()


def stop_reading_server(product: Launched, person: str) -> None:
    """Stop it as the page of the person's servers does."""
    session, _ = post_login(product.url, person)
    token = session.get(f"{product.url}/hub/home", timeout=30).text.split('xsrf_token: "')[1].split('"')[0]
    stop = f"{product.url}/hub/api/users/{person}/servers/reading"
    session.delete(stop, headers={"X-XSRFToken": token}, timeout=60)
