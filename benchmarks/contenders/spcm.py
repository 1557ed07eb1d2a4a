"""The worker itself."""

from benchmarks.programs import Program
from benchmarks.scenarios import Load
from benchmarks.servers import Servers

name = "SPCM"
queued = True


def start(servers: Servers, processes: int) -> Program:
    arguments = ["-m", "celery", "-A", "workers.app", "worker", "-c", str(processes)]
    return Program(servers, arguments, {"SPCM_LOG_LEVEL": "warning"})


def send(servers: Servers, load: Load) -> None:
    servers.send(load.commands)
