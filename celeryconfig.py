"""Celery's settings. Celery carries only bells, without data: harmless to lose, or to get twice."""

from typing import Any
from urllib.parse import quote, urlsplit

from kombu.transport import TRANSPORT_ALIASES

from adapters.keys import BELLS
from adapters.settings import settings
from adapters.tls import broker_tls, redis_options

broker_transport = "spcm"
TRANSPORT_ALIASES[broker_transport] = "workers.transport:Transport"


def _broker() -> tuple[str, dict[str, Any] | None]:
    """Kombu's form of the Redis URL, and what makes it verify certificates: by itself it does not."""
    url = settings().redis
    parts = urlsplit(url)
    options = redis_options(url)
    database = options.get("db", 0)
    if parts.scheme == "unix":
        login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        # Kombu takes what is before the + as the transport's name: `redis` would select its own, not ours.
        return f"{broker_transport}+socket://{login}{quote(options['path'])}?virtual_host={database}", None
    return parts._replace(path=f"/{database}", query="").geturl(), broker_tls(url)


broker_url, broker_use_ssl = _broker()
broker_transport_options = {
    # With it, a restart of Redis leaks the prefetch credits, and the worker never reads again.
    "ack_emulation": False,
    "priority_steps": [0],
    "socket_timeout": 10,
    "health_check_interval": 5,
}
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
broker_channel_error_retry = True  # a full or read-only Redis is an outage like any other

task_default_queue = BELLS
task_create_missing_queues = False
task_queues = {BELLS: {"exchange": "", "routing_key": BELLS}}
accept_content = ["json"]
task_acks_late = False
worker_prefetch_multiplier = 1
# It ends only what is acknowledged late, and nothing of ours is; without it each lost connection is ten lines of log.
worker_cancel_long_running_tasks_on_connection_loss = True
task_time_limit = settings().batch_time_limit

worker_pool = "workers.pool:TaskPool"  # the default; with -P solo or -P threads nothing ends a command that hangs
worker_enable_remote_control = False
