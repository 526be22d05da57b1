"""What a page shows beside its viewports: thumbnails, what was seen of a series, where its images lie. Pictures come first."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from readingroom.errors import ReadingRoomError
from readingroom_viewer.recorder import Recorder
from readingroom_viewer.renderer import Renderer

AFTER_PICTURES_S, LOOKS = 0.05, 1200
"""It is looked so often whether the reader's pictures have arrived: for a minute."""

log = logging.getLogger(__name__)


class Page(Protocol):
    """What is needed of the page's socket."""

    @property
    def busy(self) -> bool:
        """Whether a viewport waits for its picture."""

    async def opened(self) -> None:
        """Return when every study that is being opened is."""

    async def may_send(self) -> None:
        """Wait until what is sent can be recorded."""

    async def run(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401 - the function's own
        """Run a function in the threads that render."""

    async def send(self, message: bytes) -> None:
        """Send a binary message."""

    def say(self, message: dict[str, Any]) -> None:
        """Send words."""


class Beside:
    """Answers one page."""

    def __init__(self, page: Page, renderer: Renderer, recorder: Recorder) -> None:
        self._page, self._renderer, self._recorder = page, renderer, recorder
        self._thumbnails = asyncio.Lock()

    async def coverage(self, series_uid: str) -> None:
        """Tell which images of a series the reader has seen."""
        await self._page.opened()
        await self._after_pictures()
        try:
            self._page.say(await self._page.run(self._seen, series_uid))
        except ReadingRoomError as error:
            log.error("what was seen of a series cannot be told: %s", error)  # noqa: TRY400 - its words say everything

    async def thumbnail(self, series_uid: str) -> None:
        """Send a small picture for the rail, one after the other.

        It is a picture like any other: none leaves while nothing can be recorded.
        """
        async with self._thumbnails:
            await self._after_pictures()
            await self._page.may_send()
            try:
                await self._page.send(await self._page.run(self._renderer.thumbnail, series_uid))
            except ReadingRoomError as error:
                log.info("no thumbnail: %s", error)

    async def places(self, series_uid: str) -> None:
        """Tell where the images of a series lie in the patient."""
        try:
            found = await self._page.run(self._renderer.places, series_uid)
            self._page.say({"type": "places", "series_uid": series_uid, **found})
        except ReadingRoomError as error:
            log.info("no places: %s", error)

    def _seen(self, series_uid: str) -> dict[str, Any]:
        frames = self._renderer.frame_keys(series_uid)
        told = self._recorder.coverage(series_uid, frames)
        return {"type": "coverage", "series_uid": series_uid, "count": len(frames), **told}

    async def _after_pictures(self) -> None:
        """Return when no viewport waits for its picture, or has waited for a minute."""
        for _ in range(LOOKS):
            if not self._page.busy:
                return
            await asyncio.sleep(AFTER_PICTURES_S)
