"""``readingroom inspect``: what a file or folder holds, as a table for people or as JSON for programs.

The JSON is one object. ``studies`` is a list of studies, each with ``uid``, ``patient_name``, ``patient_id``,
``birth_date``, ``sex``, ``date``, ``time``, ``description``, ``accession_number`` and ``series``. A series has ``uid``,
``number`` (or null), ``modality``, ``description``, ``body_part``, ``instances``, ``frames``, ``sop_classes`` and
``transfer_syntaxes`` (lists of ``uid`` and ``name``), ``lossy`` (a ratio, "?" or ""), ``pixels``, ``windows`` (lists of
``center``, ``width``, ``function``, ``explanation``), ``specifics`` (an object of texts) and ``stacks``. A stack has
``label``, ``dimensions`` (an object of texts), ``plane``, ``coordinates``, ``frames``, ``rows``, ``columns``,
``pixel_spacing_mm`` (row, column) and ``spacing_kind``, ``slice_spacing_mm``, ``positions_mm`` (first, last), ``affine``
(4 by 4, LPS millimetres), ``regular``, ``frame_of_reference_uid`` and ``warnings`` (lists of ``kind`` and ``sentence``);
what is not known is null. ``problems`` is a list of ``path``, ``reason`` and ``kind``. Keys are added, never changed.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from readingroom.cli.opening import opened
from readingroom.cli.printing import say

if TYPE_CHECKING:
    from readingroom.dicom.inventory import SeriesInventory, StudyInventory
    from readingroom.dicom.stacks import Stack

_COUNTED = ("modalities", "series_count", "instance_count")
_STACKS_TOLD = 50
"""A real-time series of one place is a stack for each moment; the JSON tells them all."""

_WIDEST = 36
_HEADS = (
    "No",
    "Mod",
    "Description",
    "Stack",
    "Frames",
    "Size",
    "Pixel mm",
    "Slice mm",
    "Plane",
    "Transfer syntax",
    "Loss",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("path", type=Path, metavar="PATH", help="a DICOM file, or a folder of them")
    parser.add_argument("--json", action="store_true", help="for programs; the keys are documented in the module")


def run(options: argparse.Namespace) -> None:
    """Print the inventory; raises ``ReadingRoomError`` when the path cannot be read."""
    from readingroom.dicom.inventory import inventory  # noqa: PLC0415 - loaded by this command alone

    with opened(options.path) as source:
        studies, problems = list(inventory(source)), source.problems()
    if options.json:
        told = {"studies": [_study_json(study) for study in studies], "problems": [asdict(p) for p in problems]}
        print(json.dumps(told, indent=2, allow_nan=False))  # noqa: T201 - for a program, in ASCII whatever the locale
        return
    for study in studies:
        say(*_study_lines(study), "")
    say(*(f"{problem.path}: {problem.reason}" for problem in problems))


def _study_json(entry: "StudyInventory") -> dict[str, Any]:
    study = {key: value for key, value in asdict(entry.study).items() if key not in _COUNTED}
    return study | {"series": [_series_json(series) for series in entry.series]}


def _series_json(entry: "SeriesInventory") -> dict[str, Any]:
    from readingroom.pixels.codecs import uid_name  # noqa: PLC0415

    series = entry.series
    return {
        "uid": series.uid,
        "number": series.number,
        "modality": series.modality,
        "description": series.description,
        "body_part": series.body_part,
        "instances": series.instance_count,
        "frames": series.frame_count,
        "sop_classes": [{"uid": uid, "name": uid_name(uid)} for uid in entry.sop_classes],
        "transfer_syntaxes": [{"uid": uid, "name": uid_name(uid)} for uid in entry.transfer_syntaxes],
        "lossy": entry.lossy,
        "pixels": entry.pixels,
        "windows": [
            {"center": voi.center, "width": voi.width, "function": voi.function, "explanation": explanation}
            for voi, explanation in entry.windows
        ],
        "specifics": dict(entry.specifics),
        "stacks": [_stack_json(stack) for stack in entry.stacks],
    }


def _stack_json(stack: "Stack") -> dict[str, Any]:
    first = stack.frames[0]
    placed = stack.has_geometry
    return {
        "label": stack.label,
        "dimensions": stack.dimensions,
        "plane": stack.plane,
        "coordinates": stack.coordinates,
        "frames": len(stack.frames),
        "rows": first.rows,
        "columns": first.columns,
        "pixel_spacing_mm": first.geometry.spacing,
        "spacing_kind": first.geometry.spacing_kind,
        "slice_spacing_mm": stack.slice_spacing if placed and len(stack.frames) > 1 else None,
        "positions_mm": [float(stack.positions_mm[0]), float(stack.positions_mm[-1])] if placed else None,
        "affine": stack.affine.tolist() if placed else None,
        "regular": stack.is_regular,
        "frame_of_reference_uid": stack.frame_of_reference_uid,
        "warnings": [asdict(warning) for warning in stack.warnings],
    }


def _study_lines(entry: "StudyInventory") -> Iterator[str]:
    study = entry.study
    patient = (study.patient_name or "(no name)", study.patient_id, study.birth_date, study.sex)
    what = (study.date, study.time, study.description, study.accession_number and f"accession {study.accession_number}")
    yield "  ".join(part for part in patient if part)
    yield "  ".join(part for part in what if part)
    yield f"study {study.uid}"
    yield from _aligned([_HEADS, *(row for series in entry.series for row in _rows(series))])
    for series in entry.series:
        yield from _details(series)


def _rows(entry: "SeriesInventory") -> Iterator[tuple[str, ...]]:
    """Yield a row of the table for each stack, one for a series without images; what is the same is not repeated."""
    series = entry.series
    number = "" if series.number is None else str(series.number)
    head = (number, series.modality, _shortened(series.description))
    tail = (_shortened(_names(entry.transfer_syntaxes)), f"lossy {entry.lossy}" if entry.lossy else "")
    if not entry.stacks:
        yield (*head, _shortened(_names(entry.sop_classes)), "0", "", "", "", "", *tail)
    for n, stack in enumerate(entry.stacks[:_STACKS_TOLD]):
        yield (*(head if n == 0 else ("", "", "")), *_stack_cells(stack), *(tail if n == 0 else ("", "")))


def _stack_cells(stack: "Stack") -> tuple[str, ...]:
    first = stack.frames[0]
    spacing = first.geometry.spacing
    pixel = "" if spacing is None else f"{spacing[0]:.4g} x {spacing[1]:.4g}"
    kind = first.geometry.spacing_kind
    apart = f"{stack.slice_spacing:.4g}" if stack.has_geometry and len(stack.frames) > 1 else ""
    return (
        _shortened(stack.label if stack.dimensions else ""),
        str(len(stack.frames)),
        f"{first.columns} x {first.rows}",
        pixel if kind in ("patient", "none") else f"{pixel} ({kind})",
        apart,
        stack.plane,
    )


def _details(entry: "SeriesInventory") -> Iterator[str]:
    """Yield the lines under the table: pixels, windows and specifics of a series, then the warnings of its stacks."""
    if not entry.stacks:
        return
    more = len(entry.stacks) - _STACKS_TOLD
    name = f"series {entry.series.number}" if entry.series.number is not None else f"series {entry.series.uid}"
    windows = ", ".join(
        f"{voi.center:g}/{voi.width:g}" + (f" {explanation}" if explanation else "")
        for voi, explanation in entry.windows
    )
    parts = [_names(entry.sop_classes), entry.pixels, f"windows {windows}" if windows else "no window"]
    yield f"{name}: " + "; ".join(parts + [f"{key} {value}" for key, value in entry.specifics])
    if more > 0:
        yield f"  {more} more stacks like these"
    told: dict[str, list[int]] = {}
    for n, stack in enumerate(entry.stacks, 1):
        for warning in stack.warnings:
            told.setdefault(warning.sentence, []).append(n)
    for sentence, numbers in told.items():
        yield f"  ! {_whose(numbers, len(entry.stacks))}{sentence}"


def _whose(numbers: Sequence[int], count: int) -> str:
    if len(numbers) == count:
        return ""
    return f"stack {', '.join(map(str, numbers))}: "


def _names(uids: Sequence[str]) -> str:
    from readingroom.pixels.codecs import uid_name  # noqa: PLC0415

    return ", ".join(uid_name(uid) for uid in uids)


def _shortened(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows as lines with their columns in line; a column that is empty throughout is left out."""
    kept = [n for n in range(len(rows[0])) if any(row[n] for row in rows[1:])]
    widths = {n: max(len(row[n]) for row in rows) for n in kept}
    for row in rows:
        yield "  ".join(row[n].ljust(widths[n]) for n in kept).rstrip()
