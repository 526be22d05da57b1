"""Pixels, DICOM and reading rules of Reading Room; no web framework is imported here."""

__version__ = "0.1.0"
