"""The widget that the notebook of ``peers.jupyter_rfb`` shows."""

from pathlib import Path
from typing import Any

import numpy as np
from images import PIXELS_A_STATE, REST_STATE, Stack
from IPython.display import display
from jupyter_rfb import RemoteFrameBuffer
from numpy.typing import NDArray

VIEW_EDGE = 512


class Screen(RemoteFrameBuffer):
    """Renders the newest state and slice that its events asked for."""

    def __init__(self, stack: Stack, **given: Any) -> None:
        super().__init__(css_width=f"{VIEW_EDGE}px", css_height=f"{VIEW_EDGE}px", resizable=False, **given)
        self._stack, self._state, self._slice = stack, REST_STATE, 0.0

    def handle_event(self, event: dict[str, Any]) -> None:
        """Take the place of the pointer, or notches of the wheel."""
        if event["event_type"] == "pointer_move":
            self._state = REST_STATE + round((event["y"] - VIEW_EDGE / 2) / PIXELS_A_STATE)
        elif event["event_type"] == "wheel":
            self._slice += event["dy"] / 100
        else:
            return
        self.request_draw()

    def get_frame(self) -> NDArray[np.uint8]:
        """Render."""
        return self._stack.render(round(self._slice), self._state)


def show(folder: str, edge: int, quality: int) -> None:
    """Show the images of that edge in the cell that calls."""
    stack = Stack(Path(folder), edge)
    stack.load()
    display(Screen(stack, quality=quality))
