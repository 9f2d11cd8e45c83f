"""Logging: one line an event on standard error, values in `extra`, secrets never."""

import json
import logging
import sys

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_NOISY = (
    "botocore",
    "boto3",
    "urllib3",
    "slack_bolt",
    "slack_sdk",
    "alembic",
    "aiohttp",
    "waitress",
)


class LineFormatter(logging.Formatter):
    """Time (UTC), level, logger, constant text, then the record's extra values as key=value."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, a traceback after it when there is one."""
        extras = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        line = super().format(record)
        if not extras:
            return line
        values = " ".join(f"{key}={json.dumps(value, default=str)}" for key, value in extras.items())
        head, newline, trace = line.partition("\n")
        return f"{head} {values}{newline}{trace}"


def configure(level: str = "INFO") -> None:
    """Send our log lines to standard error at `level`; libraries only from WARNING."""
    import time

    handler = logging.StreamHandler(sys.stderr)
    formatter = LineFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("bot", "knowledge"):
        logging.getLogger(name).setLevel(level)
    # Our scheduler says what was skipped and why; APScheduler would say it a second time.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
