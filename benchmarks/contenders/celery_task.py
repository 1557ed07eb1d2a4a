"""One Celery task a command: a prefork worker, acknowledged when done."""

import os

from celery import Celery

from benchmarks.contenders.connections import Synchronously
from benchmarks.programs import Program
from benchmarks.scenarios import Load
from benchmarks.servers import Servers

name = "one Celery task a command"
queued = True

app = Celery("rival", broker=os.environ.get("SPCM_REDIS_URL"))
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    task_serializer="json",
    worker_prefetch_multiplier=16,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
)
_commands = Synchronously()


@app.task(name="execute")
def execute(raw: str) -> None:
    _commands.execute(raw.encode())


def start(servers: Servers, processes: int, style: str) -> Program:
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "warning"]
    return Program(
        servers, ["-m", "celery", "-A", __name__, "worker", "-c", str(processes), *quiet], {"BENCH_STYLE": style}
    )


def send(servers: Servers, load: Load) -> None:
    with app.connection_for_write(servers.valkey.url) as connection, app.amqp.Producer(connection) as producer:
        for _, command in load.commands:
            app.send_task("execute", (command.decode(),), producer=producer)
