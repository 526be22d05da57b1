"""An object's attributes in the DICOM JSON Model, long binary values by their address (PS3.18 F)."""

import copy
import re
from collections.abc import Iterator
from typing import Any

from pydicom import DataElement, Dataset

from readingroom.dicom.attributes import quiet_reading
from readingroom.errors import NotFoundError
from readingroom_hub.imaging.errors import MalformedRequestError

INLINE_BYTES = 1024
"""Longer binary values are told by their address."""

DEEPEST = 16
_STEP = re.compile(r"[0-9A-F]{8}")


def metadata_json(dataset: Dataset, address: str) -> dict[str, Any]:
    """Return the attributes of an object; ``address`` is the URL of the instance, below which bulk data lies.

    Values that break their own rules are left out: JSON has no way to say them.
    """
    with quiet_reading():
        own = copy.deepcopy(dataset)  # reading converts values in place, and others hold this one
        paths = {id(element): path for path, element in _walk(own, "")}
        told: dict[str, Any] = own.to_json_dict(
            bulk_data_threshold=INLINE_BYTES,
            bulk_data_element_handler=lambda element: f"{address}/bulkdata/{paths.get(id(element), '')}",
            suppress_invalid_tags=True,
        )
    return told


def bulk_data(dataset: Dataset, path: str) -> bytes:
    """Return the binary value that a path such as ``00480105/1/00282000`` leads to (items count from 1).

    Raises
    ------
    MalformedRequestError
        For what is no such path.
    NotFoundError
        For one that leads nowhere, or to what is no binary value.
    """
    steps = path.split("/")
    if len(steps) > DEEPEST or not len(steps) % 2:
        raise MalformedRequestError("This is no address of bulk data.")
    held = dataset
    for tag, item in zip(steps[:-1:2], steps[1::2], strict=True):
        element = _element(held, tag)
        if element.VR != "SQ" or not re.fullmatch(r"[1-9]\d{0,5}", item, re.ASCII) or int(item) > len(element.value):
            raise NotFoundError("There is no bulk data at this address.")
        held = element.value[int(item) - 1]
    value = _element(held, steps[-1]).value
    if not isinstance(value, bytes):
        raise NotFoundError("There is no bulk data at this address.")
    return value


def _element(dataset: Dataset, tag: str) -> DataElement:
    if not _STEP.fullmatch(tag):
        raise MalformedRequestError("This is no address of bulk data.")
    with quiet_reading():
        found = dataset.get(int(tag, 16))
    if found is None:
        raise NotFoundError("There is no bulk data at this address.")
    return found


def _walk(dataset: Dataset, above: str) -> Iterator[tuple[str, DataElement]]:
    for tag in list(dataset.keys()):
        try:
            element = dataset[tag]
        except Exception:  # noqa: BLE001, S112 - left out of the answer, as said above
            continue
        path = f"{above}{int(tag):08X}"
        yield path, element
        if element.VR == "SQ":
            for number, item in enumerate(element.value, 1):
                yield from _walk(item, f"{path}/{number}/")
