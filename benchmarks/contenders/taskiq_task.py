"""Taskiq with its Redis stream broker: processes of coroutines, acknowledged when done."""

import asyncio
import os

from taskiq import TaskiqEvents, TaskiqState
from taskiq.kicker import AsyncKicker
from taskiq.serializers import ORJSONSerializer
from taskiq_redis import RedisStreamBroker

from benchmarks.contenders.connections import Concurrently
from benchmarks.programs import Program
from benchmarks.scenarios import Load
from benchmarks.servers import Servers

name = "taskiq"
queued = True
CONNECTIONS = 16

# It is stopped while work is queued; redis-py's usual 5 s would be over then, and taskiq does not read on after that.
broker = RedisStreamBroker(os.environ.get("SPCM_REDIS_URL", "redis://"), socket_timeout=None).with_serializer(
    ORJSONSerializer()
)
_commands = Concurrently(CONNECTIONS)


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def open_connections(_: TaskiqState) -> None:
    await _commands.open()


@broker.task(task_name="execute")
async def execute(raw: str) -> None:
    await _commands.execute(raw.encode())


def start(servers: Servers, processes: int, style: str) -> Program:
    limits = ["--workers", str(processes), "--max-async-tasks", "64", "--log-level", "WARNING"]
    return Program(servers, ["-m", "taskiq", "worker", f"{__name__}:broker", *limits], {"BENCH_STYLE": style})


def send(servers: Servers, load: Load) -> None:
    asyncio.run(_send(servers.valkey.url, load))


async def _send(url: str, load: Load) -> None:
    to = RedisStreamBroker(url).with_serializer(ORJSONSerializer())
    await to.startup()
    kicker: AsyncKicker[[str], None] = AsyncKicker("execute", to, {})
    for _, command in load.commands:
        await kicker.kiq(command.decode())
    await to.shutdown()
