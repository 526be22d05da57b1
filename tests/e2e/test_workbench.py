"""The same viewer inside JupyterLab, over a teaching study, moved by an ipywidgets slider; offline."""

import pytest
from playwright.sync_api import Page

from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.testing import VERIFIED, log_in

pytestmark = pytest.mark.e2e


def test_a_slider_moves_the_window_in_a_notebook(page: Page, product: Launched) -> None:
    """``readingroom_viewer.show`` displays a verified image; the linked slider changes its window, and so does a drag on it."""
    page.set_viewport_size(
        {"width": 1440, "height": 2400}
    )  # JupyterLab takes cells out of the page that are not in sight
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    log_in(page, product.url, PASSWORD)
    page.goto(f"{product.url}/hub/spawn/trainee/workbench")
    page.wait_for_url("**/user/trainee/workbench/lab**", timeout=120_000)
    page.goto(f"{product.url}/user/trainee/workbench/lab/tree/first_reading.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_selector("text=/Python 3.*Idle/")
    assert 0 == page.locator("text=/get notified about official Jupyter news/").count()
    page.click('.lm-MenuBar-itemLabel:text("Run")')
    page.click('.lm-Menu-itemLabel:text("Run All Cells")')
    page.wait_for_selector(VERIFIED, timeout=90_000)
    wait_for_width(page, 400)
    handle = page.locator(".widget-slider .noUi-handle")
    handle.focus()
    for _ in range(10):
        handle.press("ArrowLeft")

    wait_for_width(page, 390)
    page.wait_for_selector(VERIFIED)
    box = page.locator('[data-testid="viewport"]').bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y, steps=10)
    page.mouse.up()
    page.wait_for_function(
        "e => Math.abs(Number(e.dataset.windowWidth) - 390) > 20",
        arg=page.locator('[data-testid="viewport"]').element_handle(),
    )
    page.wait_for_selector(VERIFIED)
    assert [] == [url for url in asked if not url.startswith((product.url, "data:", "blob:"))]


def wait_for_width(page: Page, width: float) -> None:
    """Wait until the image on the screen has a window width; the slider's own arithmetic is off by an ulp."""
    viewport = page.locator('[data-testid="viewport"]').element_handle()
    page.wait_for_function("([e, w]) => Math.abs(Number(e.dataset.windowWidth) - w) < 0.01", arg=[viewport, width])
