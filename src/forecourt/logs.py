"""How the log looks: an event's name and its fields, one line each, on standard error."""

from __future__ import annotations

import logging
import sys

import structlog

from forecourt.config import LogConfig


def set_up(config: LogConfig, role: str) -> None:
    """Configure logging for this process. Everything that libraries log is shown from WARNING on."""
    renderer: structlog.typing.Processor
    if config.json:
        renderer = structlog.processors.JSONRenderer()
    else:
        # The plain traceback: the rich one shows local variables, and those may be secrets.
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            sort_keys=False,
            pad_event_to=0,
            exception_formatter=structlog.dev.plain_traceback,
        )
    level = logging.getLevelNamesMapping()[config.level.name]
    structlog.configure(
        processors=[
            lambda _logger, _method, event: {**event, "role": role},
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            *([structlog.processors.format_exc_info] if config.json else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s"
    )
