"""A proxy that ends TLS before a server that has none, and certificates made on the spot."""

import asyncio
import contextlib
import ssl
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import trustme

from adapters.ports import free_port

SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # what a PostgreSQL client sends first


class Authority:
    """A certificate authority of the test's own; `file` is what clients are told to trust."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def server(self, name: str) -> ssl.SSLContext:
        """What a server of this name or address shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(name).configure_cert(context)
        return context


@contextlib.contextmanager
def tls_proxy(target: int, context: ssl.SSLContext, *, postgres: bool = False) -> Iterator[int]:
    """The port on which a TLS client reaches the plain server at port `target`."""
    port = free_port()
    loop = asyncio.new_event_loop()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            if postgres:
                if await reader.readexactly(len(SSL_REQUEST)) != SSL_REQUEST:
                    writer.close()
                    return
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(context)
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", target)
            await asyncio.gather(_forward(reader, server_writer), _forward(server_reader, writer))

    server = loop.run_until_complete(asyncio.start_server(accept, "127.0.0.1", port, ssl=None if postgres else context))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield port
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    open_still = asyncio.all_tasks() - {asyncio.current_task()}
    for task in open_still:
        task.cancel()
    await asyncio.gather(*open_still, return_exceptions=True)


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
