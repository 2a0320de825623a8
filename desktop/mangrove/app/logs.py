"""Log set-up: JSON lines in UTC in a private rotating file, each with the id of its run."""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from typing_extensions import override

from mangrove.app.redaction import Redaction, RedactionFilter
from mangrove.jobs.runner import run_id_of_thread

FILE_NAME = "mangrove.log"
MAX_BYTES = 5 * 1024 * 1024
KEPT_FILES = 5
_FILE_MODE = 0o600
# pymongo's debug log holds documents (PyMongo manual, "Logging"): never below WARNING
_PINNED = {"pymongo": logging.WARNING, "asyncio": logging.WARNING}


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON: at, level, logger, run, thread, message, error."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = {
            "at": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "run": run_id_of_thread.get(),
            "thread": record.threadName,
            "message": record.getMessage(),
        }
        if record.exc_text:  # made, and cleaned, by the redaction filter
            fields["error"] = record.exc_text
        if record.stack_info:
            fields["stack"] = record.stack_info
        return json.dumps(fields)


class PrivateRotatingFile(RotatingFileHandler):
    """A rotating file that is for its owner only before it gets its first byte."""

    @override
    def _open(self) -> TextIOWrapper:
        os.close(os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT, _FILE_MODE))
        Path(self.baseFilename).chmod(_FILE_MODE)
        return super()._open()


@contextmanager
def logging_to(folder: Path, redaction: Redaction, level: int = logging.INFO) -> Iterator[Path]:
    """Log into a folder for as long as the block lasts; yields the file.

    Args:
        folder: Exists already.
        redaction: Knows the secrets, also those it learns later.
        level: What a person would put in a diary by default.
    """
    path = folder / FILE_NAME
    handler = PrivateRotatingFile(
        path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8"
    )
    handler.addFilter(RedactionFilter(redaction))
    handler.setFormatter(JsonLines())
    handler.setLevel(level)
    root = logging.getLogger()
    level_before = root.level
    for name, pinned in _PINNED.items():
        logging.getLogger(name).setLevel(pinned)
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield path
    finally:
        root.setLevel(level_before)
        root.removeHandler(handler)
        handler.close()
