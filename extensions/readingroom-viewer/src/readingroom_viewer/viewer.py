"""The viewer as a Panel component and as a notebook widget: one front end, the same slow state in both.

Only what changes slowly is held here (which study, which window); the pictures travel on the frame socket.
"""

from pathlib import Path
from typing import Any, ClassVar

import anywidget
import param
import traitlets
from panel.custom import AnyWidgetComponent

STATIC = Path(__file__).parent / "static"


class ViewerPane(AnyWidgetComponent):
    """The reading page for a Panel app."""

    _bundle = STATIC / "viewer.js"
    _stylesheets: ClassVar[list[Any]] = [STATIC / "viewer.css"]

    socket_url = param.String(default="", doc="Absolute path of the frame socket on this page's own origin.")
    hub_url = param.String(default="", doc="Path of the hub's own pages, for the way to log out; empty in a notebook.")
    study_uid = param.String(default="", doc="Study Instance UID of the open study; empty shows the study list.")
    series_uid = param.String(default="", doc="Series Instance UID of the series in the active viewport.")
    position = param.Integer(default=0, doc="Frame shown, counted from 0 in reading order.")
    window_center = param.Number(default=None, allow_None=True, doc="Window centre in modality values; None: own.")
    window_width = param.Number(default=None, allow_None=True, doc="Window width in modality values; None: own.")
    inverted = param.Boolean(default=False, doc="Whether the reader has inverted the grey scale.")
    embedded = param.Boolean(default=False, doc="True inside a notebook: one study, fixed height, no study list.")
    person = param.String(default="", doc="Name of the reader as the hub knows it.")
    role = param.String(default="", doc="The reader's group.")
    lock_minutes = param.Integer(default=0, doc="Minutes without a hand on the page until it locks; 0: never.")


class ViewerWidget(anywidget.AnyWidget):
    """The same viewer for a notebook; link its traits to other widgets."""

    _esm = STATIC / "viewer.js"
    _css = STATIC / "viewer.css"

    socket_url = traitlets.Unicode("").tag(sync=True)
    study_uid = traitlets.Unicode("").tag(sync=True)
    series_uid = traitlets.Unicode("").tag(sync=True)
    position = traitlets.Int(0).tag(sync=True)
    window_center: Any = traitlets.Float(None, allow_none=True).tag(sync=True)
    window_width: Any = traitlets.Float(None, allow_none=True).tag(sync=True)
    inverted = traitlets.Bool(False).tag(sync=True)
    embedded = traitlets.Bool(True).tag(sync=True)
    person = traitlets.Unicode("").tag(sync=True)
    role = traitlets.Unicode("").tag(sync=True)
