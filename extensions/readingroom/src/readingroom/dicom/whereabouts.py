"""Which frame of which file an error is about: decoders see bytes only and cannot say."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom import Dataset

from readingroom.errors import DamagedImageError, UnsupportedImageError


@contextmanager
def told_where(dataset: Dataset, sop_uid: str, frame: int) -> Iterator[None]:
    """Add the frame and the name of its file, or its SOP Instance UID, to what a decoder says of it."""
    try:
        yield
    except (DamagedImageError, UnsupportedImageError) as error:
        file = getattr(dataset, "filename", None)
        name = Path(file).name if isinstance(file, str | Path) else sop_uid
        error.args = (f"{str(error).rstrip('.')}, frame {frame} of {name:.200}.", *error.args[1:])
        raise
