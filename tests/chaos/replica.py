"""One process of the bot, started, killed and started again."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

CHILD = Path(__file__).with_name("child.py")


class Replica:
    """A process of the bot that is kept running: one that ends by itself, as when its database is away, starts again.

    `given` is what the process reads, `log` gets what it writes.
    """

    def __init__(self, given: dict[str, Any], log: Path) -> None:
        self._given = json.dumps(given) + "\n"
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self._serves_since: float | None = None
        self._start_at = 0.0
        self.kills = 0
        self.ends = 0

    @property
    def pid(self) -> int:
        """The id of the process; 0 while there is none."""
        return 0 if self._process is None else self._process.pid

    @property
    def served_seconds(self) -> float | None:
        """How long the process has served; None while it does not."""
        since = self._serves_since
        return None if since is None else time.monotonic() - since

    def tend(self) -> None:
        """Start the process where it is due."""
        if self._process is not None and self._process.poll() is not None:
            self._forget()
            self.ends += 1
            self._start_at = time.monotonic() + 1
        if self._process is None and time.monotonic() >= self._start_at:
            self._start()

    def kill(self, pause: float = 0.0) -> None:
        """End the process by SIGKILL, to be started again after the pause."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._forget()
            self.kills += 1
        self._start_at = time.monotonic() + pause

    def close(self) -> None:
        """End the process for good."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._forget()

    def _start(self) -> None:
        with self._log.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(self._given)
            process.stdin.close()
        except OSError:
            return  # it has ended already, and is started again
        threading.Thread(target=self._listen, args=(process, process.stdout), daemon=True).start()

    def _listen(self, process: "subprocess.Popen[str]", output: IO[str]) -> None:
        with output:
            if output.readline().strip() == "serving" and self._process is process:
                self._serves_since = time.monotonic()

    def _forget(self) -> None:
        self._process = None
        self._serves_since = None
