"""The one value that the launcher hands to the hub."""

from dataclasses import replace
from pathlib import Path

import pytest

from readingroom.reading.retention import FOREVER, USUAL, Kept, Retention
from readingroom_hub.pacs import Pacs
from readingroom_hub.settings import HubSettings, SettingsError


def test_what_the_launcher_writes_the_hub_reads(settings: HubSettings) -> None:
    """The environment carries every field."""
    full = replace(
        settings, studies=Path("/a b"), studies_kind="teaching", notebooks=Path("/notebooks"), display_days=30,
        tls_cert=Path("/chain.pem"), tls_key=Path("/key.pem"), retention=Retention({**USUAL, Kept.AUDIT: FOREVER}),
    )  # fmt: skip
    read = replace(settings, pacs=Pacs("https://pacs.example/dicom-web", Path("/authorization"), Path("/ca.pem")))
    for each in (settings, full, read):
        assert each == HubSettings.from_environment(each.to_environment())


def test_every_variable_is_documented(settings: HubSettings) -> None:
    """A variable that the launcher sets stands in the class's own table."""
    full = replace(
        settings,
        studies=Path("/a"),
        studies_kind="teaching",
        notebooks=Path("/b"),
        tls_cert=Path("/c"),
        tls_key=Path("/k"),
        retention=Retention(USUAL),
    )
    told = {**full.to_environment(), **replace(settings, pacs=Pacs("dimse://PACS@pacs.example:104")).to_environment()}
    assert [name for name in told if f"``{name}``" not in (HubSettings.__doc__ or "")] == []


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("READINGROOM_STATE", "", "is not set"),
        ("READINGROOM_STATE", "here", "absolute path"),
        ("READINGROOM_PORT", "eighty", "a number from 1 to 65535"),
        ("READINGROOM_PORT", "65536", "a number from 1 to 65535"),
        ("READINGROOM_HUB_PORT", "8000", "must differ"),
        ("READINGROOM_DEMO_PASSWORD", "short", "at least 8 characters"),
        ("READINGROOM_STUDIES_KIND", "secret", "teaching or identifiable"),
        ("READINGROOM_TLS_KEY", "/key.pem", "belong together"),
        ("READINGROOM_DISPLAY_DAYS", "0", "whole number of days"),
        ("READINGROOM_DISPLAY_DAYS", "a year", "whole number of days"),
        ("READINGROOM_KEEP_AUDIT", "0 days", "READINGROOM_KEEP_AUDIT: 0 days is no period"),
        ("READINGROOM_KEEP_DRAFTS", "a while", "READINGROOM_KEEP_DRAFTS: 'a while' is no period"),
    ],
)
def test_a_wrong_variable_is_named(settings: HubSettings, name: str, value: str, words: str) -> None:
    """Nothing wrong gets past construction."""
    with pytest.raises(SettingsError, match=words):
        HubSettings.from_environment({**settings.to_environment(), name: value})


def test_identifiable_studies_need_isolation(settings: HubSettings) -> None:
    """Where servers are not confined, an identifiable folder cannot even be named."""
    with pytest.raises(SettingsError, match="isolated"):
        replace(settings, isolated=False, studies=Path("/studies"))
    with pytest.raises(SettingsError, match="isolated"):
        replace(settings, isolated=False, pacs=Pacs("dimse://PACS@pacs.example:104"))


def test_studies_come_from_one_place(settings: HubSettings) -> None:
    """A folder and a PACS together are refused rather than one of them forgotten."""
    with pytest.raises(SettingsError, match="both"):
        replace(settings, studies=Path("/studies"), pacs=Pacs("dimse://PACS@pacs.example:104"))


def test_a_workbench_never_gets_an_identifiable_folder(settings: HubSettings) -> None:
    """It gets the named folder only when that is teaching."""
    identifiable = replace(settings, studies=Path("/studies"))
    teaching = replace(identifiable, studies_kind="teaching")
    assert identifiable.demo == identifiable.workbench_studies
    assert Path("/studies") == teaching.workbench_studies.path
    assert Path("/studies") == identifiable.reading_studies.path
