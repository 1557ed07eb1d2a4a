"""Logging: structlog and the standard library's loggers in one stream."""

import logging
import sys
from typing import Literal

import structlog


def configure_logging(level: str, form: Literal["text", "json"], file: str | None = None) -> None:
    """Every line of this process from now on, to stderr or the file: text for people, or one JSON object."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.FileHandler(file) if file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer], foreign_pre_chain=shared
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    if level != "debug":
        # A line for each bell, or for each step of the pool, says nothing that the outcomes do not.
        for noisy in ("celery.app.trace", "celery.worker.strategy", "multiprocessing", "alembic"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
