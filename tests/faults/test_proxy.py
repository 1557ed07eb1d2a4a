import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from adapters.valkey import Valkey
from tests.faults.proxy import Proxy
from tests.servers import Postgres


class Echo(socketserver.BaseRequestHandler):
    """Answers what it gets; the server keeps a copy."""

    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.server.received += data  # type: ignore[attr-defined]
            self.request.sendall(data)

    def finish(self) -> None:
        self.server.ended.set()  # type: ignore[attr-defined]


class EchoServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Echo)
        self.received = b""
        self.ended = threading.Event()

    def handle_error(self, *_: object) -> None:
        """A reset is what these tests are about; it needs no traceback."""


@pytest.fixture
def server() -> Iterator[EchoServer]:
    with EchoServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(server: EchoServer) -> Iterator[Proxy]:
    with Proxy(("127.0.0.1", server.server_address[1])) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with connect(proxy) as client:
        yield client


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=5)


def echoed(client: socket.socket, said: bytes) -> bytes:
    client.sendall(said)
    heard = b""
    while len(heard) < len(said):
        heard += client.recv(65536)
    return heard


def test_it_forwards_both_ways_and_ends_when_the_client_ends(
    proxy: Proxy, client: socket.socket, server: EchoServer
) -> None:
    said = bytes(range(256)) * 4096
    sender = threading.Thread(target=client.sendall, args=(said,))
    sender.start()
    heard = b""
    while len(heard) < len(said):
        heard += client.recv(65536)
    sender.join()
    assert heard == said
    client.shutdown(socket.SHUT_WR)
    assert client.recv(1) == b""
    assert server.ended.wait(5)


def test_latency_delays_each_way(proxy: Proxy, client: socket.socket) -> None:
    proxy.latency(0.05)
    began = time.monotonic()
    assert echoed(client, b"slow") == b"slow"
    assert time.monotonic() - began >= 0.1
    proxy.latency(0)


def test_cut_resets_all_connections_and_takes_new_ones(proxy: Proxy, client: socket.socket) -> None:
    assert echoed(client, b"fine") == b"fine"
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with connect(proxy) as another:
        assert echoed(another, b"fine again") == b"fine again"


def test_a_black_hole_is_silent_and_gives_everything_back(proxy: Proxy, client: socket.socket) -> None:
    proxy.black_hole(True)
    client.sendall(b"lost?")
    client.settimeout(0.1)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(5)
    proxy.black_hole(False)
    heard = b""
    while len(heard) < 5:
        heard += client.recv(5)
    assert heard == b"lost?"


def test_a_black_hole_can_be_cut(proxy: Proxy, client: socket.socket) -> None:
    proxy.black_hole(True)
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert proxy.connections == 0


def test_sliced_bytes_arrive_in_pieces_and_in_order(proxy: Proxy, client: socket.socket) -> None:
    proxy.slice(True)
    said = bytes(range(250)) * 4
    client.sendall(said)
    pieces = [client.recv(1000)]
    while sum(map(len, pieces)) < len(said):
        pieces.append(client.recv(1000))
    assert len(pieces) > 1
    assert b"".join(pieces) == said


def test_refusing_leaves_open_connections_alone(proxy: Proxy, client: socket.socket) -> None:
    assert echoed(client, b"open") == b"open"
    proxy.refuse(True)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    assert echoed(client, b"still open") == b"still open"
    proxy.heal()
    with connect(proxy) as another:
        assert echoed(another, b"open again") == b"open again"


def test_a_cut_before_keeps_the_pattern_from_the_server(
    proxy: Proxy, client: socket.socket, server: EchoServer
) -> None:
    fired = proxy.cut_on(b"COMMIT", "to_server", "before")
    assert echoed(client, b"BEGIN COM") == b"BEGIN COM"
    client.sendall(b"MIT")  # it comes in two pieces
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert fired.wait(5)
    assert server.ended.wait(5)
    assert server.received == b"BEGIN COM"


def test_a_cut_after_lets_the_server_have_the_pattern_and_the_client_no_answer(
    proxy: Proxy, client: socket.socket, server: EchoServer
) -> None:
    fired = proxy.cut_on(b"COMMIT", "to_server", "after")
    client.sendall(b"COMMIT")
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert fired.wait(5)
    assert server.received == b"COMMIT"
    with connect(proxy) as another:  # it fires once
        assert echoed(another, b"COMMIT") == b"COMMIT"


def test_a_cut_can_wait_for_an_answer(proxy: Proxy, client: socket.socket) -> None:
    fired = proxy.cut_on(b"secret", "to_client", "before")
    client.sendall(b"secret")
    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert fired.wait(5)


def test_a_server_that_is_not_there_looks_like_a_reset(tmp_path: Path) -> None:
    with Proxy(tmp_path / "no.socket") as proxy, pytest.raises(ConnectionResetError), connect(proxy) as client:
        client.recv(1)


def test_a_commit_whose_answer_is_lost_has_happened(postgres_server: Postgres) -> None:
    postgres_server.execute("create table done (id int)")
    with Proxy(postgres_server.socket) as proxy:
        url = postgres_server.url(port=proxy.port).replace("+psycopg", "")
        fired = proxy.cut_on(b"COMMIT", "to_server", "after")
        with pytest.raises(psycopg.OperationalError), psycopg.connect(url) as connection:
            connection.execute("insert into done values (1)")
        assert fired.wait(5)
    assert postgres_server.execute("select id from done") == [(1,)]


def test_valkey_answers_through_one_byte_writes(valkey: Valkey) -> None:
    with Proxy(("127.0.0.1", valkey.port)) as proxy:
        proxy.slice(True)
        with redis.Redis.from_url(valkey.url.replace(str(valkey.port), str(proxy.port))) as client:
            client.set("key", "value")
            assert client.get("key") == b"value"
