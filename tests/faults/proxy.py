"""A TCP proxy that does to connections what networks do: delay, silence, resets, small pieces, refusal.

    with Proxy(("127.0.0.1", valkey.port)) as proxy:      # or Proxy(postgres.socket), a Unix socket
        fired = proxy.cut_on(b"COMMIT", "to_server", "after")
        ...                                               # a client of 127.0.0.1:proxy.port
        assert fired.wait(5)

It runs on a thread of its own. Every method may be called from any other thread, and has taken effect when it returns.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from adapters.ports import free_port
from tests.faults.link import Cut, Direction, Link, Weather, When


class Proxy:
    """Listens on `port` of 127.0.0.1 and forwards to `target`: a host and a port, or the path of a Unix socket."""

    def __init__(self, target: tuple[str, int] | Path) -> None:
        self.port = free_port()
        self.target = target
        self._loop = asyncio.new_event_loop()
        self._weather = Weather()
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy-{self.port}", daemon=True)
        self._thread.start()
        self.refuse(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._links)

    def latency(self, seconds: float) -> None:
        """Delay all that is read from now on, each way: a question and its answer take twice as long."""
        self._call(lambda: setattr(self._weather, "latency", seconds))

    def slice(self, on: bool) -> None:
        """Forward byte by byte."""
        self._call(lambda: setattr(self._weather, "slicing", on))

    def black_hole(self, on: bool) -> None:
        """Forward nothing, and close nothing. What was sent meanwhile arrives when it is switched off."""
        self._call(lambda: self._weather.clear.clear() if on else self._weather.clear.set())

    def forget(self) -> None:
        """Forward nothing on the connections that are open, ever again, and close none of them. New ones are good."""
        self._call(self._forget)

    def cut(self) -> None:
        """Reset all connections, now. New ones are accepted."""
        self._run(self._cut())

    def cut_on(self, pattern: bytes, direction: Direction, after: When = "after") -> threading.Event:
        """Cut the connection on which these bytes pass, once; the event tells when it happened.

        "before": what they came with is not forwarded. "after": it is; sent to the server, the connection is cut when
        the server's answer arrives here (so it has done what it was told), and the answer is not passed back.
        """
        cut = Cut(pattern, direction, after)
        self._call(lambda: self._weather.cuts.append(cut))
        return cut.fired

    def refuse(self, on: bool) -> None:
        """Refuse new connections; those that are open go on."""
        self._run(self._close() if on else self._listen())

    def heal(self) -> None:
        """End all faults."""
        self.latency(0)
        self.slice(False)
        self.black_hole(False)
        self._call(self._weather.cuts.clear)
        self.refuse(False)

    def stop(self) -> None:
        """Cut everything and end the thread."""
        if self._loop.is_closed():
            return
        self._run(self._close())
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _forget(self) -> None:
        self._weather.clear.clear()
        self._weather.clear = asyncio.Event()
        self._weather.clear.set()

    async def _cut(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)  # clients that the kernel has connected already become links first
        links = list(self._links)
        for link in links:
            link.cut()
        await asyncio.gather(*(link.task for link in links if link.task), return_exceptions=True)

    async def _end(self) -> None:
        await self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accept(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        link = Link(self._weather, to_client)
        self._links.add(link)
        try:
            await self._weather.clear.wait()
            if isinstance(self.target, Path):
                server, to_server = await asyncio.open_unix_connection(self.target)
            else:
                server, to_server = await asyncio.open_connection(*self.target)
            await link.carry(client, server, to_server)
        except OSError:
            link.reset()  # the server is not there
        except asyncio.CancelledError:
            link.reset()  # we were cut: asyncio's own callback would print a traceback for every one that is
        finally:
            self._links.discard(link)

    def _call(self, action: Callable[[], object]) -> None:
        async def act() -> None:
            action()

        self._run(act())

    def _run(self, action: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(action, self._loop).result(10)
