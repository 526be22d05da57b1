"""The relay against the clock and an echo server: as exact as measurements need, on a machine that is busy too."""

import hashlib
import math
import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from readingroom.testing.link import Link
from readingroom.testing.relay import Relay


@pytest.fixture(scope="module")
def echo() -> Iterator[int]:
    """Return the port of a server that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer(connection: socket.socket) -> None:
            with connection:
                while data := connection.recv(1 << 20):
                    connection.sendall(data)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def noise(size: int, seed: int) -> bytes:
    """Return bytes that nothing compresses."""
    return np.random.default_rng(seed).bytes(size)


def through(relay: Relay) -> socket.socket:
    """Return a connection to the echo server through the relay."""
    connection = socket.create_connection(("127.0.0.1", relay.port), timeout=60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def quickest(connection: socket.socket, data: bytes, limit: float, tries: int) -> float:
    """Return the shortest time of some echoes; when one took less than the limit the machine was not too busy to tell."""
    took = math.inf
    for _ in range(tries):
        took = min(took, seconds(connection, data))
        if took < limit:
            break
    return took


def seconds(connection: socket.socket, data: bytes) -> float:
    """Return how long an echo of ``data`` takes; what comes back must be equal."""
    start = time.perf_counter()
    sender = threading.Thread(target=connection.sendall, args=(data,))
    sender.start()
    back = bytearray()
    while len(back) < len(data):
        back += connection.recv(1 << 20)
    sender.join()
    assert hashlib.sha256(data).digest() == hashlib.sha256(back).digest()
    return time.perf_counter() - start


@pytest.mark.parametrize("delay", [0.005, 0.030])
def test_a_round_trip_takes_both_delays(echo: int, delay: float) -> None:
    """A small message is never quicker than the link allows, and the quickest is hardly slower."""
    with Relay(echo, Link(delay_s=delay)) as relay, through(relay) as connection:
        assert all(seconds(connection, b"x" * 100) >= 2 * delay for _ in range(15))
        took = quickest(connection, b"x" * 100, 2 * delay + 0.050, tries=200)

    assert 2 * delay <= took < 2 * delay + 0.050


@pytest.mark.parametrize("rate", [20e6, 200e6])
def test_a_long_transfer_has_the_rate(echo: int, rate: float) -> None:
    """Half a second's worth of bytes takes half a second, never less, for the echo overlaps with the sending."""
    size = int(rate / 8 / 2)
    with Relay(echo, Link(rate_bit_s=rate)) as relay, through(relay) as connection:
        took = quickest(connection, noise(size, 1), 1.5, tries=20)

    assert 0.49 < took < 1.5


def test_order_and_bytes_survive_jitter_and_loss(echo: int) -> None:
    """However late single segments are, a stream stays the stream that was sent."""
    link = Link(delay_s=0.001, jitter_s=0.01, loss=0.05)
    with Relay(echo, link) as relay, through(relay) as connection:
        assert 0 < seconds(connection, noise(300_000, 1))


def test_a_cut_delays_and_loses_nothing(echo: int) -> None:
    """During a cut nothing arrives; afterwards everything does, on the same connection."""
    with Relay(echo, Link()) as relay, through(relay) as connection:
        seconds(connection, b"before")
        relay.cut(2.0)  # long enough that nothing of the machine's own is taken for its end
        time.sleep(0.05)
        connection.sendall(b"during")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(10)
        connection.settimeout(60)
        assert b"during" == connection.recv(10)


def test_a_connection_asked_for_in_a_cut_opens_after_it(echo: int) -> None:
    """A browser that tries anew during a cut gets through when its next request to connect is answered."""
    with Relay(echo, Link()) as relay:
        relay.cut(0.9)
        time.sleep(0.05)
        start = time.perf_counter()
        with through(relay) as connection:
            seconds(connection, b"hello")
        assert time.perf_counter() - start >= 0.9


def test_the_link_can_be_changed_under_an_open_connection(echo: int) -> None:
    """One browser session is measured over many links."""
    with Relay(echo, Link()) as relay, through(relay) as connection:
        quick = min(seconds(connection, b"x") for _ in range(5))
        relay.use(Link(delay_s=0.05))
        assert seconds(connection, b"x") >= 0.1 > quick


def test_the_end_of_a_stream_is_passed_on(echo: int) -> None:
    """When the sender closes, the far side is told after the last byte."""
    with Relay(echo, Link(delay_s=0.02)) as relay, through(relay) as connection:
        connection.sendall(b"last words")
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while data := connection.recv(100):
            received += data

    assert b"last words" == received
