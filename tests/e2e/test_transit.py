"""Pictures that were changed on their way, in front of the whole product: none is ever shown as verified."""

import pytest
from playwright.sync_api import Page
from tests.network.faults import FAULTS, STRIP_FAULTS, Meddler, StripMeddler
from tests.network.trials import REMEMBER_REQUESTS, run_trials

from readingroom.testing.interceptor import Interceptor
from readingroom.testing.relay import Relay
from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.testing import log_in, open_study

pytestmark = pytest.mark.e2e
TRIALS = 200
STRIP_TRIALS = 27


@pytest.fixture
def watched(page: Page) -> Page:
    """Return a window that remembers which state it asked for last."""
    page.add_init_script(REMEMBER_REQUESTS)
    return page


def test_no_changed_picture_is_shown_as_verified(watched: Page, product: Launched) -> None:
    """Of the pictures of 200 states and their neighbours, each changed in one of ten ways, none is; each true one is."""
    meddler = Meddler(seed=4)
    with Relay(product.port, tap=lambda: Interceptor(meddler)) as relay:
        log_in(watched, f"http://127.0.0.1:{relay.port}", PASSWORD)
        open_study(watched, "PHANTOM")
        report = run_trials(watched, meddler, TRIALS)

    assert [] == report["lies"]
    assert 0 == report["late"]
    assert report["moments"] >= TRIALS
    assert min(meddler.done.values()) >= TRIALS // len(FAULTS)
    assert min(meddler.kinds["frame"], meddler.kinds["ahead"]) >= TRIALS // 4


def test_no_picture_with_a_changed_strip_is_shown_as_verified(watched: Page, product: Launched) -> None:
    """Of 27 pictures in strips, one of which was changed between hub and browser, none is; asked for again, each is."""
    meddler = StripMeddler(seed=5)
    with Relay(product.port, tap=lambda: Interceptor(meddler)) as relay:
        log_in(watched, f"http://127.0.0.1:{relay.port}", PASSWORD)
        open_study(watched, "CR")
        report = run_trials(watched, meddler, STRIP_TRIALS)

    assert [] == report["lies"]
    assert 0 == report["late"]
    assert report["moments"] >= STRIP_TRIALS
    assert min(meddler.done.values()) >= STRIP_TRIALS // len(STRIP_FAULTS)
