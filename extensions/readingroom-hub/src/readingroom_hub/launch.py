"""``python -m readingroom_hub.launch``: what ``make run`` starts, and what ends everything it started.

Exit status: 0 after Ctrl-C, 1 when the hub ended by itself, 2 for a setting that cannot be used.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from readingroom_hub.demo import demo_line, prepare_demo, say
from readingroom_hub.pacs import Pacs
from readingroom_hub.preflight import (
    check_pacs,
    check_port,
    check_studies,
    check_tls,
    choose_password,
    claim_state,
    free_ports,
    refuse_unconfined,
)
from readingroom_hub.run import START_SECONDS, HubRun
from readingroom_hub.sandbox import why_not_isolated
from readingroom_hub.servers import PEOPLE
from readingroom_hub.settings import (
    LOCK_MINUTES,
    ROTA,
    HubSettings,
    SettingsError,
    audit_variables,
    retention_of,
    whole,
)

REPOSITORY = Path(__file__).resolve().parents[4]
"""The launcher serves a checkout: the configuration and the notebooks lie beside the sources."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run Reading Room on this machine until it is told to end; return the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        chosen = _parser().parse_args(argv)
        settings = _settle(chosen)
        return _serve(settings, chosen.demo_packages, chosen.config)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 0


def _interrupt(number: int, _frame: object) -> None:
    """End the run on the first signal; later ones are ignored, because the end takes at most some seconds."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt(number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make run", description="Start Reading Room on this machine.")
    parser.add_argument("--port", type=_number, default=8000, help="the public port on 127.0.0.1")
    parser.add_argument("--state", type=Path, default=REPOSITORY / ".state", help="folder that a run keeps things in")
    parser.add_argument("--studies", type=Path, help="folder of DICOM studies")
    parser.add_argument("--studies-kind", default="identifiable", help="identifiable or teaching")
    parser.add_argument("--pacs", default="", help="address of a PACS: https://host/dicom-web or dimse://AET@host:port")
    parser.add_argument("--pacs-authorization-file", type=Path, help="file with the Authorization header for the PACS")
    parser.add_argument("--pacs-ca", type=Path, help="certificates (PEM) to trust for the PACS")
    parser.add_argument("--tls-cert", type=Path, help="certificate chain (PEM): the public port then speaks https only")
    parser.add_argument("--tls-key", type=Path, help="the key of that certificate (PEM, without a passphrase)")
    parser.add_argument("--subdomain-host", default="", help="the site's address; each person gets a subdomain of it")
    parser.add_argument("--lock-minutes", default=str(LOCK_MINUTES), help="idle minutes until a screen locks")
    parser.add_argument("--demo-packages", type=Path, default=REPOSITORY / ".make" / "demo-packages")
    parser.add_argument("--config", type=Path, default=REPOSITORY / "hub_config" / "jupyterhub_config.py")
    return parser


def _number(text: str) -> int:
    """Read a port so that a word in its place is told like any other wrong port."""
    if not (text.isascii() and text.isdigit()):
        raise SettingsError(f"PORT={text} is not a port. Choose one from 1024 to 65535: make run PORT=8001")
    return int(text)


def _settle(chosen: argparse.Namespace) -> HubSettings:
    """Check everything that can be checked before the first process is started."""
    check_port(chosen.port)
    state = chosen.state.expanduser().resolve()
    claim_state(state)
    if chosen.studies_kind not in ("identifiable", "teaching"):
        raise SettingsError(f"STUDIES_KIND={chosen.studies_kind} is unknown; it is identifiable or teaching.")
    tls_cert, tls_key = check_tls(chosen.tls_cert, chosen.tls_key)
    reason = why_not_isolated()
    studies, told = None, None
    if chosen.studies is not None:
        studies, told = check_studies(chosen.studies.expanduser(), state)
        say(told)
    pacs = check_pacs(chosen.pacs, chosen.pacs_authorization_file, chosen.pacs_ca)
    if studies is not None and pacs is not None:
        raise SettingsError("Studies come from a folder or from a PACS: give STUDIES or PACS, not both.")
    served, warned = refuse_unconfined(pacs or studies, chosen.studies_kind, reason)
    say(warned)
    left_out = (chosen.studies is not None or pacs is not None) and served is None
    hub_port, proxy_api_port, records_port, imaging_port, invitations_port = free_ports(5)
    notebooks = REPOSITORY / "notebooks"
    return HubSettings(
        state=state,
        port=chosen.port,
        hub_port=hub_port,
        proxy_api_port=proxy_api_port,
        password=choose_password(os.environ),
        isolated=reason is None,
        studies=served if isinstance(served, Path) else None,
        pacs=served if isinstance(served, Pacs) else None,
        studies_kind=chosen.studies_kind,
        notebooks=notebooks if notebooks.is_dir() else None,
        notice=" ".join(filter(None, (told, warned))) if left_out else "",
        tls_cert=tls_cert,
        tls_key=tls_key,
        records_port=records_port,
        imaging_port=imaging_port,
        invitations_port=invitations_port,
        records_db=os.environ.get("READINGROOM_RECORDS_DB", ""),
        audit=audit_variables(os.environ),
        retention=retention_of(os.environ),
        rota=tuple(filter(None, os.environ.get("READINGROOM_ROTA", ",".join(ROTA)).split(","))),
        subdomain_host=chosen.subdomain_host,
        lock_minutes=whole({"LOCK_MINUTES": chosen.lock_minutes}, "LOCK_MINUTES", LOCK_MINUTES, "minutes"),
    )


def _serve(settings: HubSettings, demo_packages: Path, configuration: Path) -> int:
    """Start everything, say when it is ready, and stay until the end."""
    if settings.given is not None:
        settings.given.index_folder.mkdir(mode=0o700, exist_ok=True)
    run = HubRun(settings, configuration)
    try:
        run.start()
        say(demo_line(settings.demo))
        say(prepare_demo(settings.demo, demo_packages))
        if not run.wait_until_ready():
            return _say_why(run, f"The hub did not start within {START_SECONDS} s")
        if not run.wait_for_records():
            say(f"The records service does not answer, and without it no image is shown. The reason is in {run.log}.")
        say(_ready(settings))
        run.wait()
        return _say_why(run, "The hub ended by itself")
    finally:
        run.stop()


def _ready(settings: HubSettings) -> str:
    studies = settings.pacs or settings.reading_studies.path
    return "\n".join(
        (
            f"Reading Room is ready: {settings.public_url}",
            f"  Accounts: {', '.join(PEOPLE)}",
            f"  Password of each: {settings.password}",
            f"  Studies: {studies} ({settings.reading_kind})",
            "  Ctrl-C ends everything.",
        )
    )


def _say_why(run: HubRun, what: str) -> int:
    sys.stderr.write(
        "\n".join((f"{what}. The last lines of {run.log}:", *(f"  {line}" for line in run.last_words()), ""))
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
