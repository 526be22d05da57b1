"""The same viewer inside JupyterLab, over a teaching study, moved by an ipywidgets slider; offline."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
VERIFIED = '[data-testid="viewport"][data-fidelity="verified"]'


def test_a_slider_moves_the_window_in_a_notebook(
    page: Page, product: Any, steps: tuple[Callable[..., None], ...]
) -> None:
    """``readingroom_viewer.show`` displays a verified image; the linked slider changes its window width."""
    log_in = steps[0]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    log_in(page, product.url)
    page.goto(f"{product.url}/hub/spawn/trainee/workbench")
    page.wait_for_url("**/user/trainee/workbench/lab**", timeout=120_000)
    page.goto(f"{product.url}/user/trainee/workbench/lab/tree/first_reading.ipynb")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    page.wait_for_selector("text=/Python 3.*Idle/", timeout=60_000)
    page.click('.lm-MenuBar-itemLabel:text("Run")')
    page.click('.lm-Menu-itemLabel:text("Run All Cells")')
    page.wait_for_selector(VERIFIED, timeout=90_000)
    page.wait_for_selector('[data-testid="viewport"][data-window-width="400"]', timeout=30_000)
    handle = page.locator(".widget-slider .noUi-handle")
    handle.focus()
    for _ in range(10):
        handle.press("ArrowLeft")

    page.wait_for_selector(f'{VERIFIED}[data-window-width="390"]', timeout=30_000)
    assert [] == [url for url in asked if not url.startswith((product.url, "data:", "blob:"))]
