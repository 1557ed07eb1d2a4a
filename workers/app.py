"""The Celery app: `celery -A workers.app worker` runs all there is; of them there can be any number."""

import sys

import billiard
from celery import Celery, signals

from adapters.database import WrongDatabaseUrl, database_url
from adapters.logs import configure_logging
from adapters.settings import WrongSetting, settings
from workers.bell_step import BellRinger
from workers.readiness import tell_ready

try:
    app = Celery(
        "spcm",
        config_source="celeryconfig",
        amqp="workers.transport:Queues",
        include=["workers.tasks.drain", "workers.tasks.maintain"],
    )
    database_url(settings().database)  # raises now what a batch would raise later
    app.conf.task_default_queue  # noqa: B018  # reads celeryconfig now, so that what is wrong in it is told now
except (WrongSetting, WrongDatabaseUrl) as wrong:
    sys.exit(f"spcm: {wrong}")

app.steps["worker"].add(BellRinger)


@signals.setup_logging.connect
def _configure_logging(logfile: str | None = None, **_: object) -> None:
    billiard.get_logger().propagate = True  # else the pool's lines about its processes are in no format
    configure_logging(settings().log_level, settings().log_format, logfile)


signals.worker_ready.connect(tell_ready)
