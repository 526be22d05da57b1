"""The product behind its own TLS: pages, cookies and pictures travel encrypted, and nobody comes in from elsewhere."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Page
from tests.e2e.conftest import Window
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from readingroom_hub.preflight import check_tls
from readingroom_hub.settings import SettingsError
from readingroom_hub.testing import PASSWORD, Launched
from readingroom_viewer.testing import VERIFIED, log_in, open_study

pytestmark = pytest.mark.e2e


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate of this machine that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Reading Room test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "chain.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return certificate, secret


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a certificate and its key."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def encrypted(launch: Callable[..., Launched], pair: tuple[Path, Path]) -> Launched:
    """Return the product, started as a person starts it with a certificate."""
    return launch("--tls-cert", str(pair[0]), "--tls-key", str(pair[1])).wait_until_ready()


@pytest.fixture
def visitor(window: Window) -> Page:
    """Return a window of a browser that was told to trust the test's certificate."""
    return window(ignore_https_errors=True)


def test_an_image_is_verified_over_tls(visitor: Page, encrypted: Launched) -> None:
    """From login to verified pixels and a window drag: https and wss alone, and every cookie for TLS alone."""
    asked: list[str] = []
    visitor.on("request", lambda request: asked.append(request.url))
    visitor.on("websocket", lambda socket: asked.append(socket.url))
    log_in(visitor, encrypted.url, PASSWORD)
    open_study(visitor, "PHANTOM")
    visitor.locator('[data-testid="viewport"]').hover()
    visitor.mouse.down()
    visitor.mouse.move(700, 500, steps=5)
    visitor.mouse.up()
    visitor.wait_for_selector(VERIFIED)

    assert f"Reading Room is ready: {encrypted.url}" in encrypted.said()
    assert {"https", "wss"} == {url.split(":")[0] for url in asked} - {"data", "blob"}
    assert [] == [cookie["name"] for cookie in visitor.context.cookies() if not cookie["secure"]]


@pytest.mark.parametrize("origin", ["https://evil.example", "http://{host}", "null"])
def test_a_foreign_origin_is_refused_over_tls(
    visitor: Page, encrypted: Launched, pair: tuple[Path, Path], origin: str
) -> None:
    """The owner's cookies are worth nothing to another site, nor to this very host without TLS; to its own pages they are."""
    log_in(visitor, encrypted.url, PASSWORD)
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in visitor.context.cookies(visitor.url))
    address = f"wss://127.0.0.1:{encrypted.port}/user/trainee/reading/viewer/frames"
    trusted = ssl.create_default_context(cafile=pair[0])

    def status(origin: str) -> int:
        try:
            with connect(
                address, ssl=trusted, additional_headers={"Cookie": cookies, "Origin": origin}, open_timeout=60
            ):
                return 101
        except InvalidStatus as answer:
            return answer.response.status_code

    assert 101 == status(encrypted.url)
    assert 403 == status(origin.format(host=f"127.0.0.1:{encrypted.port}"))


def test_the_port_speaks_nothing_but_tls(encrypted: Launched, pair: tuple[Path, Path]) -> None:
    """Plain http gets no page of ours, and the certificate is the one that was given."""
    assert not requests.get(f"http://127.0.0.1:{encrypted.port}/hub/login", timeout=30).ok
    assert requests.get(f"{encrypted.url}/hub/login", timeout=30, verify=str(pair[0])).ok


def test_a_pair_that_is_none_is_refused_in_words(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """One file alone, a missing one and the key of another certificate are each said before anything starts."""
    _, other = make_certificate(tmp_path)
    for certificate, key in ((pair[0], None), (None, pair[1]), (pair[0], tmp_path / "none.pem"), (pair[0], other)):
        with pytest.raises(SettingsError, match="TLS_CERT"):
            check_tls(certificate, key)
    assert (None, None) == check_tls(None, None)
