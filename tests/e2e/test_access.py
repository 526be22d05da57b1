"""The door of a reading server: nobody but its owner, from nowhere but its own pages, on page and sockets."""

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from readingroom_hub.testing import AS_A_BROWSER, PATIENCE_S, Launched, open_server

pytestmark = pytest.mark.e2e
SOCKETS = ["frames", "ws"]


def viewer(product: Launched, person: str) -> str:
    """Return the address of a person's viewer page."""
    return f"{product.url}/user/{person}/reading/viewer/"


def refused(product: Launched, person: str, socket: str, **headers: str) -> int:
    """Return the status with which a WebSocket was refused; 101 when it was not."""
    address = viewer(product, person).replace("http", "ws") + socket
    protocols = ["bokeh", "token"] if socket == "ws" else None
    try:
        with connect(
            address,
            additional_headers=headers,
            subprotocols=protocols,
            open_timeout=PATIENCE_S,  # type: ignore[arg-type]
        ):
            return 101
    except InvalidStatus as answer:
        return answer.response.status_code


def cookies(session: requests.Session, product: Launched, person: str) -> str:
    """Return the cookies that a browser would send to a person's reading server."""
    prepared = session.prepare_request(requests.Request("GET", viewer(product, person)))
    return prepared.headers.get("Cookie", "")


@pytest.fixture(scope="module")
def owner(product: Launched) -> requests.Session:
    """Return the trainee, logged in."""
    return open_server(product.url, "trainee")


@pytest.fixture(scope="module")
def stranger(product: Launched) -> requests.Session:
    """Return the consultant, logged in."""
    return open_server(product.url, "consultant")


def test_the_owner_gets_page_and_frames(product: Launched, owner: requests.Session) -> None:
    """The refusals below are refusals of strangers, not of everybody."""
    assert 200 == owner.get(viewer(product, "trainee"), timeout=30).status_code
    assert 101 == refused(product, "trainee", "frames", Cookie=cookies(owner, product, "trainee"), Origin=product.url)


@pytest.mark.parametrize("socket", SOCKETS)
def test_the_anonymous_are_refused(product: Launched, owner: requests.Session, socket: str) -> None:
    """Without a login there is neither page nor socket."""
    assert owner
    assert 403 == requests.get(viewer(product, "trainee"), timeout=30).status_code
    assert 403 == refused(product, "trainee", socket, Origin=product.url)


def test_an_anonymous_browser_is_sent_to_the_login(product: Launched, owner: requests.Session) -> None:
    """A person who opens a bookmark is asked to log in, not shown a wall."""
    assert owner
    answer = requests.get(viewer(product, "trainee"), headers=AS_A_BROWSER, timeout=30)

    assert "/hub/login" in answer.url


@pytest.mark.parametrize("socket", SOCKETS)
def test_another_person_is_refused(
    product: Launched, owner: requests.Session, stranger: requests.Session, socket: str
) -> None:
    """A consultant's login opens nothing of a trainee's reading server."""
    assert owner
    sent = cookies(stranger, product, "consultant")

    assert 403 == stranger.get(viewer(product, "trainee"), timeout=30).status_code
    assert 403 == refused(product, "trainee", socket, Cookie=sent, Origin=product.url)


@pytest.mark.parametrize("socket", SOCKETS)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_foreign_origin_is_refused(product: Launched, owner: requests.Session, socket: str, origin: str) -> None:
    """The owner's cookies are worth nothing to another site's page."""
    sent = cookies(owner, product, "trainee")

    assert 403 == owner.get(viewer(product, "trainee"), headers={"Origin": origin}, timeout=30).status_code
    assert 403 == refused(product, "trainee", socket, Cookie=sent, Origin=origin)


@pytest.mark.parametrize(
    "path", ["api/contents", "api/kernels", "api/kernelspecs", "api/sessions", "api/terminals", "lab", "tree", "view/x"]
)
def test_there_is_nothing_but_the_viewer(product: Launched, owner: requests.Session, path: str) -> None:
    """Contents, kernels, sessions and terminals are not refused to the owner of a reading server: they are not there."""
    assert 404 == owner.get(f"{product.url}/user/trainee/reading/{path}", timeout=30).status_code


def test_what_jupyter_serves_by_itself_is_refused(product: Launched, owner: requests.Session) -> None:
    """Jupyter Server hands out files whatever is loaded, so its own resources are closed to everybody."""
    assert 403 == owner.get(f"{product.url}/user/trainee/reading/files/x", timeout=30).status_code


def test_large_messages_pass_the_door(product: Launched, owner: requests.Session) -> None:
    """A message of 60 MiB reaches the viewer process, which refuses it in words and goes on answering."""
    headers = {"Cookie": cookies(owner, product, "trainee"), "Origin": product.url}
    with connect(viewer(product, "trainee").replace("http", "ws") + "frames", additional_headers=headers) as socket:
        socket.send("x" * (60 * 2**20))
        assert "at most 64 KiB" in socket.recv(timeout=PATIENCE_S)
        socket.send('{"type":"ping","sent":7}')

        assert "pong" in socket.recv(timeout=PATIENCE_S)


def test_an_open_socket_ends_with_the_login(product: Launched) -> None:
    """Whoever logs out loses the open frame socket within the next re-check, with the code that says why."""
    session = open_server(product.url, "coordinator")
    address = viewer(product, "coordinator").replace("http", "ws") + "frames"
    headers = {"Cookie": cookies(session, product, "coordinator"), "Origin": product.url}
    with connect(address, additional_headers=headers) as socket:
        socket.send('{"type":"ping","sent":1}')
        assert "pong" in socket.recv(timeout=PATIENCE_S)
        session.get(f"{product.url}/hub/logout", timeout=30)

        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=PATIENCE_S)

    assert closed.value.rcvd is not None
    assert 4403 == closed.value.rcvd.code
