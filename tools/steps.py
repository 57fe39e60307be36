"""Progress lines, the one error class users see, child processes and locks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from . import paths

START = time.monotonic()


class Stop(Exception):
    """A refusal, told in one sentence that says what to do."""


def say(text: str) -> None:
    """Print one progress line with the seconds since the command began."""
    print(f"[{time.monotonic() - START:6.1f} s] {text}", flush=True)


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Announce a step and print how long it took."""
    say(f"{title} ...")
    begun = time.monotonic()
    yield
    say(f"{title}: done in {time.monotonic() - begun:.1f} s")


@contextlib.contextmanager
def lock(name: str, folder: Path | None = None) -> Iterator[None]:
    """Hold a lock shared by all processes of this checkout (or of ``folder``).

    The kernel drops it with the process, so a killed run leaves nothing behind.
    """
    folder = folder or paths.LOCK_DIR
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run that holds '{name}'")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def only_one(name: str, refusal: str) -> Iterator[None]:
    """Hold a lock, or stop with ``refusal`` when another process has it."""
    paths.LOCK_DIR.mkdir(parents=True, exist_ok=True)
    with (paths.LOCK_DIR / f"{name}.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop(refusal) from None
        yield


def run(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    what: str | None = None,
    **options,
) -> str:
    """Run a command and return its output; stop with its last lines if it fails.

    With ``log`` the output goes to that file instead of being returned. Other
    options are those of ``subprocess.run``.
    """
    args = [str(part) for part in command]
    options |= {"env": dict(env) if env is not None else None, "cwd": cwd}
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as handle:
            done = subprocess.run(
                args,
                stdin=subprocess.DEVNULL,
                stdout=handle,
                stderr=subprocess.STDOUT,
                check=False,
                **options,
            )
        output = ""
    else:
        done = subprocess.run(
            args,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
            errors="replace",
            **options,
        )
        output = done.stdout
    if done.returncode:
        text = output or (log.read_text(errors="replace") if log else "")
        tail = "\n".join(f"    {line}" for line in text.splitlines()[-15:])
        where = f" (whole output: {log})" if log else ""
        raise Stop(
            f"{what or shlex.join(args[:4])} failed with code "
            f"{done.returncode}{where}. Its last lines:\n{tail}"
        )
    return output


def succeeds(command: Sequence[str | Path], **options) -> bool:
    """Tell whether a command exits with 0; its output is dropped."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            **options,
        )
    except OSError:
        return False
    return done.returncode == 0


def free_port(first: int = 0) -> int:
    """Return a free TCP port of 127.0.0.1: any one, or the first from ``first``."""
    candidates = range(first, first + 200) if first else (0,)
    for port in candidates:
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return sock.getsockname()[1]
    raise Stop(f"No free TCP port from {first} on: stop something that listens there.")


def port_is_free(port: int) -> bool:
    """Tell whether nothing listens on this port of 127.0.0.1."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def is_root() -> bool:
    """Tell whether we may install Debian packages and must drop to other users."""
    return os.geteuid() == 0


def fail(error: Stop) -> int:
    """Print a refusal and return the exit code that goes with it."""
    print(f"\nstopped: {error}", file=sys.stderr, flush=True)
    return 2
