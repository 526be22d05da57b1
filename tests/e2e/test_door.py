"""The door: a study closes while it is looked at, and neither code in a kernel nor a logged-in browser gets behind it."""

import json
import logging
import os
import re
import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import requests
from playwright.sync_api import Page
from tests.e2e.conftest import Window
from tests.records.rooms import Room
from websockets.sync.client import connect

from readingroom.testing.files import SMALL_STUDY, small_image, write
from readingroom_hub.testing import PASSWORD, Launched, open_server
from readingroom_viewer.testing import VERIFIED, log_in

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("bubblewrap")]
NOTE = '[data-testid="note"]'
VALUES = np.random.default_rng(5).integers(0, 4096, (8, 6), np.int16)
STUDY, PIXELS = str(small_image(1, VALUES).StudyInstanceUID), VALUES.tobytes()[:48]
URGENT = small_image(1, study=replace(SMALL_STUDY, key="urgent", patient_id="RR-URGENT"))
"""Of another patient, and opened in an emergency: for an hour, which the other tests would find."""

HOSTILE = Path(__file__).with_name("hostile_kernel.txt").read_text(encoding="utf-8")
BLACK = """e => {
  const canvas = e.querySelector("canvas.rr-canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.every((value, at) => at % 4 === 3 || value === 0) && e.pixels.length === 0 && e.dataset.sopUid === "";
}"""


@pytest.fixture(scope="module")
def room(launch: Callable[..., Launched], tmp_path_factory: pytest.TempPathFactory) -> Room:
    """Return a house that serves one identifiable study, where nobody is on the rota: assignments alone open it."""
    studies = tmp_path_factory.mktemp("identifiable")
    for number in range(1, 4):
        write(small_image(number, VALUES), studies / f"{number}.dcm")
    write(URGENT, studies / "urgent.dcm")
    return Room(launch("--studies", str(studies), environment={"READINGROOM_ROTA": ""}).wait_until_ready())


def assign(room: Room, person: str, change: str = "assigned", study: str = STUDY) -> None:
    """Assign a study to a person as the coordinator, or withdraw it."""
    asked = {"study_uid": study, "person": person, "change": change}
    assert room.records(room.token("coordinator"), "assignments", asked)[0] == 200


def open_row(page: Page, study: str = STUDY) -> None:
    """Open a study from the list."""
    page.dblclick(f'[data-testid="study"][data-study-uid="{study}"]')


def test_a_study_that_is_withdrawn_leaves_the_screen(page: Page, room: Room) -> None:
    """Within seconds nothing is on the canvas and nothing is kept; the page says why; a new assignment opens it again."""
    assign(room, "consultant")
    log_in(page, room.launched.url, PASSWORD, "consultant")
    open_row(page)
    page.wait_for_selector(VERIFIED)
    seconds = []
    for _ in range(3):
        assign(room, "consultant", "withdrawn")
        began = time.monotonic()
        page.wait_for_selector(f"{NOTE} >> text=This study has been closed", timeout=30_000)
        seconds.append(time.monotonic() - began)
        assert page.locator('[data-testid="viewport"]').first.evaluate(BLACK)
        assert 0 == page.locator('[data-testid="series"]').count()
        page.click(f"{NOTE} >> text=Open again")
        page.wait_for_selector(f"{NOTE} >> text=This study could not be opened")
        assert "an assignment" in page.locator(NOTE).inner_text()
        assign(room, "consultant")
        time.sleep(1.1)  # a refusal holds for a second at the gateway
        page.click(f"{NOTE} >> text=Open again")
        page.wait_for_selector(VERIFIED)
    logging.getLogger(__name__).info("from withdrawn to blank: %s s", seconds)


def test_a_consultant_breaks_the_glass(page: Page, window: Window, room: Room) -> None:
    """From the refusal in the viewer to the reason, the picture, the alarm in the audit, and the coordinator's review."""
    url, reason = room.launched.url, "Patient in resus, the radiologist on call cannot be reached"
    study = str(URGENT.StudyInstanceUID)
    assign(room, "consultant", study=study)
    log_in(page, url, PASSWORD, "consultant")
    assign(room, "consultant", "withdrawn", study)
    open_row(page, study)
    page.wait_for_selector(f"{NOTE} >> text=in an emergency you may open it yourself")
    picture(page, "refused")
    page.click(f"{NOTE} >> text=Open in an emergency")
    page.wait_for_selector('[data-testid="break-glass"]')
    assert study == page.input_value('[name="study"]')
    page.fill('[name="reason"]', "because")
    page.press('[name="reason"]', "Enter")
    page.wait_for_selector("main >> text=State the reason")
    page.goto(f"{url}/services/records/break-glass?study={study}")
    page.fill('[name="reason"]', reason)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=The study is open to you for an hour")
    picture(page, "opened")
    page.click("text=Go to your study list")
    open_row(page, study)
    page.wait_for_selector(VERIFIED)
    picture(page, "seen")

    assert ("break-glass-started", "consultant") in room.audit()
    review = window()
    log_in_at(review, url, "coordinator", "/services/records/break-glass")
    row = review.locator("tr[data-event]")
    assert [reason, "consultant"] == [word for word in (reason, "consultant") if word in row.inner_text()]
    picture(review, "listed")
    row.locator('[name="note"]').fill("Agreed with the ward")
    row.locator("text=It was justified").click()
    review.wait_for_selector("text=It was justified, says coordinator: Agreed with the ward")
    review.goto(f"{url}/services/records/audit?kind=break-glass-started")
    assert reason in review.inner_text('[data-testid="audit"]')
    picture(review, "audit")
    assert ("break-glass-reviewed", "coordinator") in room.audit()


def log_in_at(page: Page, url: str, person: str, path: str) -> None:
    """Log in as a person who wants to see another page than their study list."""
    page.goto(f"{url}{path}")
    page.fill("#username_input", person)
    page.fill("#password_input", PASSWORD)
    page.click("#login_submit")
    page.wait_for_url(f"**{path}*")


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody wants to look at it: READINGROOM_PICTURES names the folder."""
    if folder := os.environ.get("READINGROOM_PICTURES"):
        page.screenshot(path=f"{folder}/break-glass-{name}.png")


def test_records_that_fall_silent_close_what_is_open(page: Page, room: Room) -> None:
    """After ten seconds without records the picture goes, and comes back by itself when they answer again."""
    assign(room, "consultant")
    log_in(page, room.launched.url, PASSWORD, "consultant")
    open_row(page)
    page.wait_for_selector(VERIFIED)
    (records,) = room.launched.service("records")
    os.kill(records, signal.SIGSTOP)
    try:
        page.wait_for_selector(f"{NOTE} >> text=has not answered for 10 s", timeout=40_000)
        assert page.locator('[data-testid="viewport"]').first.evaluate(BLACK)
    finally:
        os.kill(records, signal.SIGCONT)
    page.wait_for_selector(VERIFIED)


def run_in_kernel(room: Room, person: str, code: str) -> str:
    """Run code in a new kernel of a person's workbench, as JupyterLab does; return what it printed."""
    session = open_server(room.launched.url, person, "workbench")
    base = f"{room.launched.url}/user/{person}/workbench"
    session.get(f"{base}/lab", timeout=60)
    xsrf = next(cookie.value for cookie in session.cookies if cookie.name == "_xsrf" and "workbench" in cookie.path)
    kernel = session.post(f"{base}/api/kernels", headers={"X-XSRFToken": xsrf or ""}, timeout=60).json()["id"]
    address = f"{base}/api/kernels/{kernel}/channels"
    cookies = session.prepare_request(requests.Request("GET", address)).headers["Cookie"]
    header = {"msg_id": uuid.uuid4().hex, "session": "hostile", "username": "", "msg_type": "execute_request",
              "version": "5.3"}  # fmt: skip
    message = {"header": header, "parent_header": {}, "metadata": {}, "channel": "shell",
               "content": {"code": code, "silent": False}}  # fmt: skip
    said = ""
    with connect(address.replace("http", "ws"), additional_headers={"Cookie": cookies}) as socket:
        socket.send(json.dumps(message))
        while True:
            answer = json.loads(socket.recv(timeout=600))
            if answer["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            assert answer["msg_type"] != "error", answer["content"]
            said += answer["content"].get("text", "") if answer["msg_type"] == "stream" else ""
            if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                return said


def test_code_in_a_kernel_finds_no_way_to_a_study(room: Room) -> None:
    """With everything that it can find, from files and processes to ports, the hub's API and planted configuration."""
    assign(room, "trainee")
    tokens = {kind: room.token("trainee", kind) for kind in ("reading", "workbench")}
    told = {"study": STUDY, "pixels": PIXELS.hex()}
    found = json.loads(run_in_kernel(room, "trainee", f"TOLD = {told!r}\n{HOSTILE}").splitlines()[-1])

    assert [tokens["workbench"]] == found["tokens"]
    assert [] == found["files"]
    assert [] == found["services"], "a port that answers as a service of ours"
    assert found["hub"], "the hub is reached: it is what the kernel may reach"
    assert [] == [path for path, status, _ in found["hub"] if status < 400 and path not in found["harmless"]]
    assert not any(leaks for _, _, leaks in found["hub"])
    session = open_server(room.launched.url, "trainee")
    session.delete(f"{room.launched.url}/hub/api/users/trainee/servers/reading", timeout=30)
    room.tokens.pop(("trainee", "reading"))
    room.token("trainee")
    loot = room.launched.state / "homes" / "trainee" / "workbench" / "loot"
    assert not loot.exists(), "what a kernel planted was run by another server"


def test_the_token_of_a_workbench_opens_nothing(room: Room) -> None:
    """Even code that could reach the gateway, by its true address, gets neither list nor picture."""
    gateway = next(each for each in addresses(room) if each)
    for token in (room.token("trainee", "workbench"), "", "0" * 32):
        for path in ("/readingroom/studies", f"/readingroom/studies/{STUDY}/series", f"/dicom-web/studies/{STUDY}"):
            answer = requests.get(gateway + path, headers={"Authorization": f"token {token}"}, timeout=30)
            assert answer.status_code in (401, 403)
            assert STUDY not in answer.text


def addresses(room: Room) -> list[str]:
    """Return where reading servers are told that the gateway is."""
    room.token("trainee")
    found = []
    for pid in room.launched.below():
        text = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
        found += re.findall(r"READINGROOM_IMAGING_URL=([^\0]+)", text)
    return found


def test_a_browser_gets_pictures_and_nothing_else(room: Room) -> None:
    """With every cookie of a login no address gives a DICOM object, raw pixels or the server's token, and no cookie is one."""
    assign(room, "consultant")
    token = room.token("consultant")
    session = open_server(room.launched.url, "consultant")
    reading = f"{room.launched.url}/user/consultant/reading"
    below = f"dicom-web/studies/{STUDY}"
    paths = [
        "", "viewer/", "viewer/frames", "viewer/readingroom/studies", f"viewer/{below}", below, "readingroom/studies",
        "files/", "api/contents", "api/status", "api/kernels", "static/", "viewer/static/../../../../proc/self/environ",
        "viewer/%2e%2e/%2e%2e/proc/self/environ", "metrics", "viewer/bokeh/app", "proxy/8888/", "lsp/status",
    ]  # fmt: skip
    addresses_ = [f"{reading}/{path}" for path in paths]
    addresses_ += [
        f"{room.launched.url}/{path}"
        for path in ("hub/api/user", "hub/api/users/consultant", "hub/api/users/consultant/tokens", "hub/api/services",
                     "services/imaging/", f"services/imaging/{below}", "services/records/", below, "hub/metrics")
    ]  # fmt: skip
    for address in addresses_:
        answer = session.get(address, timeout=30)
        assert token not in answer.text + str(answer.headers), address
        assert b"DICM" != answer.content[128:132], address
        assert PIXELS not in answer.content, address
    minted = session.post(f"{room.launched.url}/hub/api/users/consultant/tokens", json={}, timeout=30)
    assert minted.status_code in (401, 403)
    (gateway, *_) = addresses(room)
    for cookie in session.cookies:
        answer = requests.get(
            f"{gateway}/readingroom/studies", headers={"Authorization": f"token {cookie.value}"}, timeout=30
        )
        assert answer.status_code in (401, 403), cookie.name
