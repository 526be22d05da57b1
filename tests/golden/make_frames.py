"""Write frames.json: pictures as the server's exact encoders send them, for the decoders in the browser.

Run it as ``python tests/golden/make_frames.py`` after a change of the encoders. What is in it stays while it decodes to its
picture: other versions of the compressors may write other bytes for the same pixels.
"""

import base64
import hashlib
import io
import json
from pathlib import Path

import lz4.block
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from readingroom.pixels.encode import LOSSLESS, encode

GOLDEN = Path(__file__).parent / "frames.json"
SHAPES = [(1, 1), (1, 300), (300, 1), (16, 16), (37, 53), (64, 64), (173, 200), (5, 7, 3), (40, 33, 3)]


def pictures() -> list[tuple[str, NDArray[np.uint8]]]:
    """Return noise, a smooth field, even black and a ramp of all levels, each in several shapes."""
    random = np.random.default_rng(20261124)
    made: list[tuple[str, NDArray[np.uint8]]] = [("ramp", np.arange(256, dtype=np.uint8).reshape(16, 16))]
    for shape in SHAPES:
        made.append(("noise", random.integers(0, 256, shape, np.uint8)))
        field = np.add.outer(np.arange(shape[0]), np.arange(shape[1])) / 2
        if len(shape) == 3:
            field = np.stack([field, field * 0.5, 255 - field], axis=-1)
        made.append(("smooth", (field + random.normal(0, 2, shape)).clip(0, 255).astype(np.uint8)))
        made.append(("black", np.zeros(shape, np.uint8)))
    return made


def decoded(codec: str, data: bytes, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return the pixels by decoders that are not ours."""
    if codec == "png":
        return np.asarray(Image.open(io.BytesIO(data)))
    return np.frombuffer(lz4.block.decompress(data, int(np.prod(shape))), np.uint8).reshape(shape)


def vectors() -> list[dict[str, object]]:
    """Return every case; bytes that are in the file already and still mean the picture are kept."""
    known = {case["name"]: case["data"] for case in json.loads(GOLDEN.read_text())} if GOLDEN.exists() else {}
    cases: list[dict[str, object]] = []
    for kind, pixels in pictures():
        for codec in sorted(LOSSLESS):
            name = f"{kind} {'x'.join(map(str, pixels.shape))} {codec}"
            data = base64.b64decode(known.get(name, ""))
            if not _means(codec, data, pixels):
                data = encode(codec, pixels)
            cases.append({
                "name": name, "codec": codec, "rows": pixels.shape[0], "columns": pixels.shape[1],
                "samples": 1 if pixels.ndim == 2 else 3, "sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
                "data": base64.b64encode(data).decode(),
            })  # fmt: skip
    return cases


def _means(codec: str, data: bytes, pixels: NDArray[np.uint8]) -> bool:
    return bool(data) and np.array_equal(decoded(codec, data, pixels.shape), pixels)


def as_text() -> str:
    """Return the file's content, one case a line."""
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in vectors())
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    GOLDEN.write_text(as_text(), encoding="utf-8")
