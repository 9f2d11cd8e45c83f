"""Lock files beside a SQLite database; the operating system frees them however a process ends."""

import fcntl
import os
from pathlib import Path

from bot.errors import ConfigError


class LockFile:
    """An exclusive lock on a file, held until `release` or the end of the process.

    Raises: ConfigError when the file cannot be made; BlockingIOError when `wait` is False and somebody holds the lock.
    """

    def __init__(self, path: Path, *, wait: bool) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise ConfigError([f"DATABASE_URL: {path.parent} cannot be written to: {exc.strerror}."]) from exc
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BaseException:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Free the lock."""
        os.close(self._descriptor)
