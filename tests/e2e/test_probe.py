"""The value under the pointer, as a radiologist reads it off the image, and what the audit tells of it."""

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Page
from tests.e2e.test_reading import VIEWPORT, file_of
from tests.e2e.waiting import until

from readingroom.reading.audit_codes import Kind
from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.testing import log_in, open_study

pytestmark = pytest.mark.e2e
READOUT = '[data-testid="readout"]'


def point_of_pixel(page: Page, column: int, row: int, side: int = 512) -> tuple[float, float]:
    """Return where the centre of a pixel of a square, fitted picture is on the page."""
    box = page.locator(VIEWPORT).bounding_box()
    assert box is not None
    zoom = min(box["width"], box["height"]) / side
    across = box["x"] + box["width"] / 2 + (column + 0.5 - side / 2) * zoom
    return across, box["y"] + box["height"] / 2 + (row + 0.5 - side / 2) * zoom


def read(page: Page, column: int, row: int) -> str:
    """Press on a pixel and return what is said of it."""
    page.mouse.move(*point_of_pixel(page, column, row))
    page.mouse.down()
    page.wait_for_function(
        "e => e.innerText.includes('mm') && !e.innerText.includes('…')", arg=page.locator(READOUT).element_handle()
    )
    page.mouse.up()
    return page.locator(READOUT).inner_text()


def read_out(product: Launched) -> list[dict[str, str]]:
    """Return what the audit tells of values that the coordinator read, the oldest first."""
    query = "SELECT body FROM audit_entries WHERE person = 'coordinator' AND kind = ? ORDER BY number"
    with closing(sqlite3.connect(f"file:{product.state}/records/records.sqlite?mode=ro", uri=True)) as connection:
        bodies = [json.loads(body) for (body,) in connection.execute(query, (Kind.VALUES_READ,))]
    return [dict(body["details"]) for body in bodies]


def test_a_pixel_says_its_hounsfield_units(page: Page, product: Launched) -> None:
    """With the tool and with Shift held: the HU that the file holds and its place in the patient; each is in the audit."""
    before = len(read_out(product))
    log_in(page, product.url, PASSWORD, "coordinator")
    open_study(page, "PHANTOM")
    page.keyboard.press("q")
    uid = page.get_attribute(VIEWPORT, "data-sop-uid") or ""
    image = pydicom.dcmread(file_of(product.state / "demo-studies", uid))
    values = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
    x, y, z = image.ImagePositionPatient
    down, across = image.PixelSpacing
    for column, row in ((256, 256), (150, 300)):
        shown = f"{values[row, column]:g} HU".replace("-", "\u2212")
        place = (x + column * across, y + row * down, z)
        words = " · ".join(
            f"{sides[at < 0]} {abs(at):.1f}" for sides, at in zip(("LR", "PA", "HF"), place, strict=True)
        )
        assert f"{shown}\n{words} mm" == read(page, column, row).strip()
    if folder := os.environ.get("READINGROOM_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / "probe.png")
    for wide, high in ((1280, 720), (1440, 900)):
        page.set_viewport_size({"width": wide, "height": high})
        bar = page.locator('[aria-label="Image tools"]').bounding_box()
        assert bar is not None
        assert bar["height"] < 60  # one row
    page.keyboard.press("w")
    width = page.get_attribute(VIEWPORT, "data-window-width")
    page.keyboard.down("Shift")
    assert " HU" in read(page, 200, 200)
    page.keyboard.up("Shift")
    assert width == page.get_attribute(VIEWPORT, "data-window-width")

    page.keyboard.press("ArrowDown")
    page.locator(READOUT).wait_for(state="hidden")
    page.goto(f"{product.url}/hub/home")
    until(page, lambda: 3 == sum(int(line["pixels"]) for line in read_out(product)[before:]))
    lines = read_out(product)[before:]
    assert "1" == lines[0]["pixels"]  # at once; the others come together, unless five seconds lie between them
    assert {uid} == {line["sop_uid"] for line in lines}


def test_a_sweep_of_probes_is_slowed_down(page: Page, product: Launched) -> None:
    """A page that asks for a row of pixels at once gets the first values, and then words."""
    page.add_init_script(
        "const Own = WebSocket; window.WebSocket = class extends Own { constructor(...a) { super(...a);"
        " if (a[0].includes('frames')) window.wire = this; } };"
    )
    log_in(page, product.url, PASSWORD, "consultant")
    open_study(page, "PHANTOM")
    answers = page.evaluate(
        """uid => new Promise(done => {
          const told = [];
          window.wire.addEventListener('message', ({ data }) => {
            if (typeof data !== 'string' || !data.includes('"readout"')) return;
            told.push(JSON.parse(data));
            if (told.length === 200) done(told);
          });
          for (let n = 0; n < 200; n++) window.wire.send(JSON.stringify({ type: 'readout', viewport: 'main', number: n,
            series_uid: uid, position: 3, column: n, row: 9, reformat: null }));
        })""",
        page.get_attribute(VIEWPORT, "data-series-uid"),
    )
    told = [answer for answer in answers if answer["text"]]
    assert 30 <= len(told) < 150  # ten more come back in a second
    assert {"Too many values were asked for in too short a time. Hold the pointer still and ask again."} == {
        note for answer in answers if not answer["text"] for note in answer["notes"]
    }
