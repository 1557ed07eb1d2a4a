"""The same behind HTTP: FastAPI with uvicorn, and a client that keeps many requests under way.

The client runs on the same cores, as it must; it does no more than send ready bytes and count answers.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response

from benchmarks.contenders.connections import Concurrently
from benchmarks.programs import Program
from benchmarks.scenarios import Load
from benchmarks.servers import Servers, Stuck

name = "FastAPI"
queued = False
CONNECTIONS = 16
REQUESTS_UNDER_WAY = 64

_commands = Concurrently(CONNECTIONS)


@asynccontextmanager
async def _connected(_: FastAPI) -> AsyncIterator[None]:
    await _commands.open()
    yield


app = FastAPI(lifespan=_connected)


@app.post("/commands")
async def execute(request: Request) -> Response:
    return Response(await _commands.execute(await request.body()), media_type="application/json")


def start(servers: Servers, processes: int, style: str) -> Program:
    _socket(servers).unlink(missing_ok=True)  # a server that was killed leaves it, and no other can take its place
    at = ["--uds", str(_socket(servers)), "--workers", str(processes)]
    fast = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    return Program(servers, ["-m", "uvicorn", f"{__name__}:app", *at, *fast], {"BENCH_STYLE": style})


def send(servers: Servers, load: Load) -> None:
    asyncio.run(_send(_socket(servers), load))


async def _send(socket: Path, load: Load) -> None:
    requests = iter([_request(command) for _, command in load.commands])
    await asyncio.gather(*(_client(socket, requests) for _ in range(REQUESTS_UNDER_WAY)))


async def _client(socket: Path, requests: Iterator[bytes]) -> None:
    """One connection, which sends whatever request is next until there is none."""
    reader, writer = await _connect(socket)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise Stuck(head.decode())
        length = head.lower().split(b"content-length:")[1].split(b"\r\n")[0]
        await reader.readexactly(int(length))
    writer.close()


async def _connect(socket: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """As soon as the server is up."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return await asyncio.open_unix_connection(socket)
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)


def _request(command: bytes) -> bytes:
    head = f"POST /commands HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(command)}\r\n\r\n"
    return head.encode() + command


def _socket(servers: Servers) -> Path:
    return servers.folder / "http.sock"
