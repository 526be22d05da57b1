"""Several viewports in one layout: each verified, one active, and the one under the hand first."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Locator, Page, WebSocket
from tests.e2e.waiting import until

from readingroom.testing.link import Link
from readingroom.testing.phantom import DEFAULT_STUDY, PhantomSeries, write_phantom
from readingroom.testing.relay import Relay
from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.testing import VERIFIED, log_in, open_study

pytestmark = pytest.mark.e2e
VIEWPORT = '[data-testid="viewport"]'
ACTIVE = f'{VIEWPORT}[aria-current="true"]'


def write_study(folder: Path, series: int = 13, slices: int = 24, size: int = 256) -> None:
    """Write one study of so many phantom series; all but the last lie in one frame of reference."""
    for number in range(1, series + 1):
        study = replace(DEFAULT_STUDY, key=f"layout/{number}", series_description=f"Phantom {number}")
        scan = PhantomSeries(slices, size, 256 / size, slice_spacing=2 + number % 3, seed=number)
        for path in write_phantom(folder / str(number), scan, study):
            dataset = pydicom.dcmread(path)
            dataset.StudyInstanceUID, dataset.SeriesNumber = "2.25.4710", number
            dataset.FrameOfReferenceUID = "2.25.4711" if number < series else "2.25.4712"
            dataset.save_as(path)


@pytest.fixture(scope="module")
def thirteen(launch: Callable[..., Launched], tmp_path_factory: pytest.TempPathFactory) -> Launched:
    """Return a product over one study of 13 series."""
    folder = tmp_path_factory.mktemp("thirteen")
    write_study(folder)
    return launch("--studies", str(folder), "--studies-kind", "teaching").wait_until_ready()


def choose(page: Page, layout: str, *, filled: bool = True) -> Locator:
    """Choose a layout from the menu and wait until every viewport in it is verified; return the viewports."""
    rows, columns = map(int, layout.split("x"))
    page.click('[data-testid="layout"]')
    page.click(f'[data-testid="layout-{layout}"]')
    viewports = page.locator(VIEWPORT)
    if filled:
        page.locator(VERIFIED).nth(rows * columns - 1).wait_for()
    assert rows * columns == viewports.count()
    return viewports


def all_of(viewports: Locator, name: str) -> list[str | None]:
    """Return an attribute of every viewport, in reading order."""
    return [one.get_attribute(name) for one in viewports.all()]


def middle(viewport: Locator) -> tuple[float, float]:
    """Return the middle of a viewport on the page."""
    box = viewport.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_four_series_are_verified_side_by_side(page: Page, thirteen: Launched) -> None:
    """A layout of 2 by 2 fills itself with the first four series, each with its own hooks, words, slider and verified badge."""
    log_in(page, thirteen.url, PASSWORD)
    open_study(page, "Phantom")
    first = page.locator(VIEWPORT).get_attribute("data-series-uid")
    viewports = choose(page, "2x2")

    assert ["true", "false", "false", "false"] == all_of(viewports, "aria-current")
    assert first == viewports.first.get_attribute("data-series-uid")
    assert 4 == len(set(all_of(viewports, "data-series-uid")))
    assert 4 == len(set(all_of(viewports, "data-pixels-sha256")) - {""})
    for number, viewport in enumerate(viewports.all(), 1):
        viewport.locator('[data-testid="badge"]', has_text="● LOSSLESS verified").wait_for()
        viewport.locator(".rr-tr", has_text=f"Series {number}").wait_for()
        assert viewport.locator('[data-testid="slider"]').is_visible()
        assert viewport.locator('[data-testid="badge-review"]').is_visible()


def test_twelve_series_are_verified_side_by_side(page: Page, thirteen: Launched) -> None:
    """The largest layout shows twelve series over one socket, all of them verified."""
    log_in(page, thirteen.url, PASSWORD)
    open_study(page, "Phantom")

    assert 12 == len(set(all_of(choose(page, "3x4"), "data-series-uid")))


def test_a_drag_changes_one_viewport_only(page: Page, thirteen: Launched) -> None:
    """Windowing in one viewport makes it active and leaves the pixels of the others as they were."""
    log_in(page, thirteen.url, PASSWORD)
    open_study(page, "Phantom")
    viewports = choose(page, "2x2")
    before = all_of(viewports, "data-pixels-sha256")
    x, y = middle(viewports.nth(2))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=6)
    page.mouse.up()
    page.wait_for_selector(f'{VERIFIED}[aria-current="true"]:not([data-window-width="400"])')
    after = all_of(viewports, "data-pixels-sha256")

    assert [True, True, False, True] == [was == now for was, now in zip(before, after, strict=True)]
    assert ["false", "false", "true", "false"] == all_of(viewports, "aria-current")


def test_the_viewport_under_the_hand_is_painted_most(page: Page, thirteen: Launched) -> None:
    """While six viewports play over a link too thin for them, the one whose window is dragged leads, and none stops."""
    painted: Counter[str] = Counter()

    def count(payload: str | bytes) -> None:
        if isinstance(payload, str) and '"type":"painted"' in payload:
            painted[json.loads(payload)["viewport"]] += 1

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", count)

    page.on("websocket", listen)
    with Relay(thirteen.port, Link(0.04, 10e6)) as relay:
        log_in(page, f"http://127.0.0.1:{relay.port}", PASSWORD)
        open_study(page, "Phantom")
        viewports = choose(page, "2x3")
        for viewport in viewports.all():
            viewport.focus()
            page.keyboard.press("c")
        x, y = middle(viewports.nth(4))
        page.mouse.move(x, y)
        page.mouse.down()
        painted.clear()
        for step in range(
            4000
        ):  # a minute at the most: a busy machine takes its time until each has been painted twice
            page.mouse.move(x + step % 60, y + step // 4 % 50)
            page.wait_for_timeout(15)
            if step >= 200 and len(painted) == 6 and min(painted.values()) > 1:
                break
        page.mouse.up()
    hand = painted.pop("5")

    assert 5 == len(painted)
    assert min(painted.values()) > 1
    assert hand / max(painted.values()) >= 1.5


def test_a_viewport_is_maximised_and_the_others_come_back(page: Page, thirteen: Launched) -> None:
    """Double click or N shows the active viewport alone; again, all four are there, verified as they were."""
    log_in(page, thirteen.url, PASSWORD)
    open_study(page, "Phantom")
    viewports = choose(page, "2x2")
    before = all_of(viewports, "data-pixels-sha256")
    small = viewports.nth(3).bounding_box()
    page.mouse.dblclick(*middle(viewports.nth(3)))
    page.wait_for_selector('[data-testid="grid"][data-maximised]')
    large = viewports.nth(3).bounding_box()
    assert small is not None
    assert large is not None

    assert large["width"] > 1.9 * small["width"]
    assert [False, False, False, True] == [one.is_visible() for one in viewports.all()]
    page.keyboard.press("n")
    page.wait_for_selector('[data-testid="grid"]:not([data-maximised])')
    page.locator(VERIFIED).nth(3).wait_for()
    assert before == all_of(viewports, "data-pixels-sha256")
    assert [True] * 4 == [one.is_visible() for one in viewports.all()]


def test_keys_and_thumbnails_act_on_the_active_viewport(page: Page, thirteen: Launched) -> None:
    """Tab makes a viewport active; Home, I and a click on a thumbnail then change that one; a smaller layout keeps it."""
    log_in(page, thirteen.url, PASSWORD)
    open_study(page, "Phantom")
    viewports = choose(page, "1x2")
    left = viewports.nth(0).get_attribute("data-pixels-sha256")
    series = page.locator('[data-testid="series"]')
    fifth = series.nth(4).get_attribute("data-series-uid")
    while "true" != viewports.nth(1).get_attribute("aria-current"):
        page.keyboard.press("Tab")
    page.keyboard.press("Home")
    page.keyboard.press("i")
    page.wait_for_selector(f'{VERIFIED}[aria-current="true"][data-position="0"][data-inverted="true"]')
    series.nth(4).click()
    page.wait_for_selector(f'{VERIFIED}[aria-current="true"][data-series-uid="{fifth}"]')

    assert left == viewports.nth(0).get_attribute("data-pixels-sha256")
    assert fifth == choose(page, "1x1").get_attribute("data-series-uid")


def test_a_thumbnail_is_dropped_on_any_viewport(page: Page, thirteen: Launched) -> None:
    """A series dragged from the rail is shown where it is dropped; an empty viewport says that it waits for one."""
    log_in(page, thirteen.url, PASSWORD)
    open_study(page, "Phantom")
    viewports = choose(page, "2x2")
    seventh = page.locator('[data-testid="series"]').nth(6)
    uid = seventh.get_attribute("data-series-uid")
    seventh.drag_to(viewports.nth(3))
    page.wait_for_selector(f'{VERIFIED}[aria-current="true"][data-series-uid="{uid}"]')

    assert uid == viewports.nth(3).get_attribute("data-series-uid")


def test_a_study_of_one_series_leaves_viewports_to_choose(page: Page, product: Launched) -> None:
    """A viewport for which there is no series says what to do, claims nothing of a picture, and takes one."""
    log_in(page, product.url, PASSWORD)
    open_study(page, "PHANTOM")
    viewports = choose(page, "1x2", filled=False)

    assert "Choose a series" in viewports.nth(1).locator('[data-testid="empty"]').inner_text()
    viewports.nth(1).locator('[data-testid="badge"]').wait_for(state="hidden")
    page.locator('[data-testid="series"]').first.drag_to(viewports.nth(1))
    page.locator(VERIFIED).nth(1).wait_for()


def test_a_layout_of_four_recovers_from_a_break_and_a_reload(page: Page, thirteen: Launched) -> None:
    """After a lost connection all four are verified again; after a reload the tab has its layout, and a study fills it."""
    log_in(page, thirteen.url, PASSWORD)
    open_study(page, "Phantom")
    choose(page, "2x2")
    page.context.set_offline(True)
    page.locator(f'{VIEWPORT}[data-fidelity="stalled"]').nth(3).wait_for()
    page.context.set_offline(False)
    page.locator(VERIFIED).nth(3).wait_for()
    page.reload()
    page.wait_for_selector('[data-testid="study"]')
    open_study(page, "Phantom")

    page.locator(VERIFIED).nth(3).wait_for()


def test_linked_viewports_scroll_together_in_millimetres(page: Page, thirteen: Launched) -> None:
    """With J the others go to the slice nearest in mm, each in its own spacing; without it, and in other planes, they stay."""
    learned: list[str | bytes] = []

    def note(payload: str | bytes) -> None:
        if isinstance(payload, str) and '"type":"places"' in payload:
            learned.append(payload)

    page.on("websocket", lambda socket: socket.on("framereceived", note))
    log_in(page, thirteen.url, PASSWORD)
    open_study(page, "Phantom")
    viewports = choose(page, "1x3")
    viewports.nth(2).focus()
    page.select_option('[data-testid="plane"]', "sagittal")
    page.wait_for_selector(f'{VERIFIED}[data-plane="sagittal"][data-loaded="1"]')
    sagittal = viewports.nth(2).get_attribute("data-position")
    viewports.nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(f'{VERIFIED}[data-position="13"]')
    assert ["13", "12", sagittal] == all_of(viewports, "data-position")
    page.keyboard.press("j")
    until(page, lambda: len(learned) >= 3)
    page.keyboard.press("PageDown")

    # 3 mm apart on the left, 4 mm in the middle: the last slice lies 11.5 * 3 mm from the centre, there 8.6 slices away.
    page.wait_for_selector(f'{VERIFIED}[data-position="23"]')
    page.locator(f'{VERIFIED}[data-position="20"]').wait_for()
    assert ["23", "20", sagittal] == all_of(viewports, "data-position")
