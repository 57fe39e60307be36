"""Long-running children: started in their own group, watched, stopped whole."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .steps import Stop

STOP_SECONDS = 20


@dataclass
class Child:
    """A server we started."""

    name: str
    process: subprocess.Popen
    log: Path

    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End the whole group: politely, then not."""
        stop_group(self.process.pid, self.process)


def start(
    name: str,
    command: Sequence[str | Path],
    env: Mapping[str, str],
    log: Path,
    cwd: Path | None = None,
) -> Child:
    """Start a server with its output in ``log``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    return Child(name, process, log)


def wait_until_up(child: Child, url: str, seconds: float) -> None:
    """Wait until ``url`` answers 200; stop with the log's end if it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not child.is_alive():
            break
        with contextlib.suppress(OSError, urllib.error.URLError):
            with urllib.request.urlopen(url, timeout=30) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.2)
    how = "did not answer in time" if child.is_alive() else "ended at once"
    child.stop()
    tail = "\n".join(child.log.read_text(errors="replace").splitlines()[-12:])
    raise Stop(f"{child.name} {how}. Its log {child.log} ends with:\n{tail}")


def stop_group(pid: int, process: subprocess.Popen | None = None) -> None:
    """End a process group; ``process`` is given when it is our own child."""
    for signum in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, signum)
        except ProcessLookupError:
            break
        end = time.monotonic() + STOP_SECONDS
        while time.monotonic() < end:
            if process:
                process.poll()
            if not group_exists(pid):
                return
            time.sleep(0.1)


def group_exists(pid: int) -> bool:
    """Tell whether any process of the group is left."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def start_time(pid: int) -> str:
    """Return what tells a process from a later one of the same number."""
    done = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()
