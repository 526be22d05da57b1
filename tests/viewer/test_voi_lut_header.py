"""An image shown through a VOI LUT tells the page so, and gives it a window to start a drag from."""

from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset

from readingroom.dicom.folder import FolderSource
from readingroom.testing.files import small_image, write
from readingroom.wire import ViewRequest, Window, unpack_frame
from readingroom_viewer.renderer import Renderer


@pytest.mark.parametrize(("modality", "by_lut"), [("DX", True), ("MR", False)])
def test_header_says_how_the_image_is_shown(tmp_path: Path, modality: str, by_lut: bool) -> None:
    """With a window and a VOI LUT, a DX starts with the LUT and an MR with the window; both can be dragged."""
    table = Dataset()
    table.LUTDescriptor, table.LUTData = [256, 0, 8], bytes(min(2 * n, 255) for n in range(256))
    table["LUTDescriptor"].VR, table["LUTData"].VR = "US", "OW"
    image = small_image(1, np.arange(256, dtype=np.uint8).reshape(16, 16))
    changes = {"WindowCenter": 100, "WindowWidth": 50, "VOILUTSequence": [table], "Modality": modality}
    write(image, tmp_path / "studies" / "1.dcm", **changes)
    source = FolderSource(tmp_path / "studies", tmp_path / "index.sqlite")
    source.refresh()
    renderer = Renderer(source)
    (series,) = renderer.open_study(image.StudyInstanceUID)
    header, _ = unpack_frame(renderer.frame(ViewRequest("1", 1, series.uid, 0)))
    assert by_lut is header["by_lut"]
    assert by_lut is (header["window"] is None)
    assert header["drag_start"]["width"] == pytest.approx(128 if by_lut else 50, abs=2)
    assert [100.0] == [window["center"] for window in header["windows"]]
    dragged = ViewRequest("1", 2, series.uid, 0, Window(30, 40, "SIGMOID"))
    header, _ = unpack_frame(renderer.frame(dragged))
    assert (
        {"center": 30, "width": 40, "function": "SIGMOID", "explanation": ""}
        == header["window"]
        == header["drag_start"]
    )
    source.close()
