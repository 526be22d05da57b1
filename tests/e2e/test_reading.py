"""A trainee logs in, opens studies, scrolls and windows; what the browser decoded is what ``render`` writes."""

import base64
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

from readingroom_hub.processes import arguments
from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.testing import VERIFIED, log_in, open_study

pytestmark = pytest.mark.e2e
VIEWPORT = '[data-testid="viewport"]'


def file_of(studies: Path, sop_uid: str) -> Path:
    """Return the file that holds an instance."""
    for path in studies.rglob("*"):
        if path.is_file() and path.suffix != ".json":
            try:
                if pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID == sop_uid:
                    return path
            except pydicom.errors.InvalidDicomError:
                continue
    raise AssertionError(sop_uid)


def rendered(viewport: Locator, studies: Path, folder: Path) -> np.ndarray:
    """Return the picture that the command line writes for the state the viewport shows."""
    told = {name: viewport.get_attribute(f"data-{name}") or "" for name in ("sop-uid", "frame", "window-center")}
    command = [Path(sys.executable).parent / "readingroom", "render", file_of(studies, told["sop-uid"])]
    command += ["--frame", told["frame"], "-o", folder / "out.png"]
    if told["window-center"]:
        width, function = viewport.get_attribute("data-window-width"), viewport.get_attribute("data-window-function")
        command += [f"--window={told['window-center']}/{width}/{function}"]
    subprocess.run(command, check=True)
    return np.asarray(Image.open(folder / "out.png"))


def shown(viewport: Locator) -> bytes:
    """Return the decoder's output for the frame on the screen."""
    text = viewport.evaluate(
        "e => { let s = ''; const p = e.pixels; for (let i = 0; i < p.length; i += 32768)"
        " s += String.fromCharCode.apply(null, p.subarray(i, i + 32768)); return btoa(s); }"
    )
    return base64.b64decode(text)


@pytest.mark.parametrize("words", ["PHANTOM", "MR", "CR"])
def test_pixels_on_the_screen_are_those_of_render(page: Page, product: Launched, tmp_path: Path, words: str) -> None:
    """After scrolling and a window drag, the verified pixels equal ``readingroom render`` byte for byte."""
    log_in(page, product.url, PASSWORD)
    open_study(page, words)
    viewport = page.locator(VIEWPORT)
    box = viewport.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    if words != "CR":
        before = int(viewport.get_attribute("data-position") or 0)
        for _ in range(20):
            page.mouse.wheel(0, 100)
            page.wait_for_timeout(20)
        page.wait_for_selector(f'{VERIFIED}[data-position="{before + 20}"]')
    first_width = viewport.get_attribute("data-window-width")
    page.mouse.down()
    page.mouse.move(x + 60, y + 25, steps=8)
    page.mouse.up()
    page.wait_for_function("([e, w]) => e.dataset.windowWidth !== w", arg=[viewport.element_handle(), first_width])
    page.wait_for_selector(VERIFIED)

    expected = rendered(viewport, product.state / "demo-studies", tmp_path)

    assert expected.tobytes() == shown(viewport)
    assert hashlib.sha256(expected.tobytes()).hexdigest() == viewport.get_attribute("data-pixels-sha256")


def test_no_request_leaves_the_origin(page: Page, product: Launched) -> None:
    """From the login page to a verified image, every request goes to Reading Room itself, and none fails."""
    asked: list[str] = []
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url.replace("ws://", "http://")))
    log_in(page, product.url, PASSWORD, "consultant")
    open_study(page, "PHANTOM")

    assert [] == [url for url in asked if not url.startswith((product.url, "data:", "blob:"))]
    assert any("/viewer/frames" in url for url in asked)
    assert [] == complaints


def test_a_lost_connection_is_said_and_recovers(page: Page, product: Launched) -> None:
    """Without a connection the image says stalled; when the connection is back it is verified again."""
    log_in(page, product.url, PASSWORD)
    open_study(page, "PHANTOM")
    page.context.set_offline(True)
    page.wait_for_selector(f'{VIEWPORT}[data-fidelity="stalled"]')
    page.wait_for_timeout(5_000)
    page.context.set_offline(False)

    page.wait_for_selector(VERIFIED)


def test_a_viewer_that_is_killed_is_replaced_under_the_reader(page: Page, product: Launched) -> None:
    """After kill -9 of the viewer the image says stalled, then the same image is verified again without a word of blame."""
    log_in(page, product.url, PASSWORD)
    open_study(page, "PHANTOM")
    page.keyboard.press("Home")
    page.wait_for_selector(f'{VERIFIED}[data-position="0"]')
    for pid in product.below():
        if "readingroom_viewer.app" in arguments(pid):
            os.kill(pid, signal.SIGKILL)
    page.wait_for_selector(f'{VIEWPORT}[data-fidelity="stalled"]')

    page.wait_for_selector(f'{VERIFIED}[data-position="0"]')
    assert "" == page.locator('[data-testid="trouble"]').inner_text()


def test_a_forged_identity_is_overridden(page: Page, product: Launched) -> None:
    """The page knows its reader from the hub alone, whatever headers a browser sends."""
    page.set_extra_http_headers({"X-Readingroom-User": "mallory", "X-Readingroom-Groups": "consultants"})
    log_in(page, product.url, PASSWORD)

    assert ["trainee", "trainees"] == page.locator(".rr-banner-person").inner_text().split()
