"""What a notebook in a workbench uses: the list of teaching studies, and the viewer inline."""

import os
from collections.abc import Sequence

from readingroom.dicom.model import Study
from readingroom_viewer.served import folder_source
from readingroom_viewer.settings import ServerSettings
from readingroom_viewer.viewer import ViewerWidget


def studies() -> Sequence[Study]:
    """Return the studies that this server may show, newest first."""
    return folder_source(ServerSettings.from_environment()).studies()


def show(study: Study | str) -> ViewerWidget:
    """Return the viewer over a study (a ``Study`` or its Study Instance UID), to be displayed in a cell.

    The pictures come from the server's viewer process, not from the kernel: a busy cell does not stall them.
    ``window_width``, ``window_center``, ``position`` and ``inverted`` are traits and can be linked to other widgets.
    """
    settings = ServerSettings.from_environment()
    return ViewerWidget(
        socket_url=f"{settings.viewer_prefix}frames",
        study_uid=study if isinstance(study, str) else study.uid,
        embedded=True,
        person=os.environ.get("JUPYTERHUB_USER", ""),
    )
