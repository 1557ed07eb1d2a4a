"""One connection through the proxy, and what it is exposed to."""

import asyncio
import socket
import struct
import threading
from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["to_server", "to_client"]
When = Literal["before", "after"]

CHUNK = 65536  # bytes
ANSWER_WITHIN = 5.0  # seconds that a server has to answer what a cut follows
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, for 0 seconds: closing sends a reset, not an end


@dataclass
class Cut:
    pattern: bytes
    direction: Direction
    when: When
    fired: threading.Event = field(default_factory=threading.Event)


class Weather:
    """What the connections are exposed to at the moment."""

    def __init__(self) -> None:
        self.latency = 0.0
        self.slicing = False
        self.clear = asyncio.Event()  # not set: a black hole
        self.clear.set()
        self.cuts: list[Cut] = []


class Stream:
    """One direction of a connection."""

    def __init__(self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.direction = direction
        self.reader = reader
        self.writer = writer
        self.on_its_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)  # when it is due, and what
        self.seen = b""  # the end of what was forwarded: a pattern may come in pieces


class Link:
    """One client's connection, and ours to the server on its behalf."""

    def __init__(self, weather: Weather, to_client: asyncio.StreamWriter) -> None:
        self.weather = weather
        self.clear = weather.clear
        self.writers = [to_client]
        self.task = asyncio.current_task()
        self.last_cut: Cut | None = None  # what was forwarded last is not answered

    async def carry(
        self, client: asyncio.StreamReader, server: asyncio.StreamReader, to_server: asyncio.StreamWriter
    ) -> None:
        """Forward both ways until both ends have closed, or the link is cut."""
        [to_client] = self.writers
        self.writers.append(to_server)
        streams = [Stream("to_server", client, to_server), Stream("to_client", server, to_client)]
        try:
            async with asyncio.TaskGroup() as group:
                for stream in streams:
                    group.create_task(self._take(stream))
                    group.create_task(self._give(stream))
        except* OSError:
            self.reset()
        for writer in self.writers:
            writer.close()

    def cut(self) -> None:
        self.reset()
        if self.task:
            self.task.cancel()

    def reset(self) -> None:
        for writer in self.writers:
            if not writer.transport.is_closing():
                connection = writer.get_extra_info("socket")
                if connection.family != socket.AF_UNIX:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                writer.transport.abort()

    async def _take(self, stream: Stream) -> None:
        due = asyncio.get_running_loop().time
        while data := await stream.reader.read(CHUNK):
            if self.last_cut and stream.direction == "to_client":
                self._fire(self.last_cut)
            await stream.on_its_way.put((due() + self.weather.latency, data))
        await stream.on_its_way.put((due() + self.weather.latency, b""))

    async def _give(self, stream: Stream) -> None:
        now = asyncio.get_running_loop().time
        while True:
            due, data = await stream.on_its_way.get()
            await asyncio.sleep(max(0.0, due - now()))
            await self.clear.wait()
            if not data:
                stream.writer.write_eof()
                return
            cut = self._cut_for(stream, data)
            if cut and cut.when == "before":
                self._fire(cut)
            await self._forward(stream.writer, data)
            if cut and stream.direction == "to_client":
                self._fire(cut)
            elif cut:
                self.last_cut = cut
                asyncio.get_running_loop().call_later(ANSWER_WITHIN, self._fire_unanswered, cut)

    async def _forward(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        for piece in (data[at : at + 1] for at in range(len(data))) if self.weather.slicing else (data,):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    def _cut_for(self, stream: Stream, data: bytes) -> Cut | None:
        """The cut that this data calls for, if any; it will not be called for again."""
        seen = stream.seen + data
        longest = max((len(cut.pattern) for cut in self.weather.cuts), default=1)
        stream.seen = seen[-(longest - 1) :] if longest > 1 else b""
        for cut in self.weather.cuts:
            if cut.direction == stream.direction and cut.pattern in seen:
                self.weather.cuts.remove(cut)
                return cut
        return None

    def _fire(self, cut: Cut) -> None:
        self._fire_unanswered(cut)
        raise ConnectionAbortedError("cut, as was asked for")

    def _fire_unanswered(self, cut: Cut) -> None:
        self.reset()
        cut.fired.set()
