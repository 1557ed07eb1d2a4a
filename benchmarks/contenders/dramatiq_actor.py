"""Dramatiq with its Redis broker: processes of threads, acknowledged when done."""

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks.contenders.connections import Synchronously
from benchmarks.programs import Program
from benchmarks.scenarios import Load
from benchmarks.servers import Servers

name = "dramatiq"
queued = True
THREADS = 8

broker = RedisBroker(url=os.environ.get("SPCM_REDIS_URL"))
dramatiq.set_broker(broker)
_commands = Synchronously()


@dramatiq.actor(max_retries=0)
def execute(raw: str) -> None:
    _commands.execute(raw.encode())


def start(servers: Servers, processes: int, style: str) -> Program:
    return Program(
        servers, ["-m", "dramatiq", __name__, "-p", str(processes), "-t", str(THREADS)], {"BENCH_STYLE": style}
    )


def send(servers: Servers, load: Load) -> None:
    to = RedisBroker(url=servers.valkey.url)
    to.declare_queue(execute.queue_name)
    for _, command in load.commands:
        to.enqueue(execute.message(command.decode()))
    to.close()
