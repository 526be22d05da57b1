"""Opening a study: what takes its time is done side by side, and nothing is told before records have confirmed it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from readingroom.dicom.source import StudySource
from readingroom.errors import AccessRefusedError
from readingroom_viewer.leases import Leases
from readingroom_viewer.listing import opened_study
from readingroom_viewer.renderer import Renderer

Run = Callable[..., Awaitable[Any]]
"""Runs a function in the threads that render."""


async def open_study(
    run: Run, source: StudySource, renderer: Renderer, leases: Leases, study_uid: str
) -> dict[str, Any]:
    """Return the message that tells of a study, which may be shown from now on; raises what refuses it.

    The lease is asked for beside the look-up. Records learn of a study when the imaging service lets its first reader in, so
    that a refusal counts only once that has happened.
    """
    told, lease = await asyncio.gather(
        run(opened_study, source, renderer, study_uid), run(leases.confirm, study_uid), return_exceptions=True
    )
    if isinstance(told, BaseException):
        raise told
    if isinstance(lease, AccessRefusedError):
        await run(leases.confirm, study_uid)
    elif isinstance(lease, BaseException):
        raise lease
    return dict(told)
