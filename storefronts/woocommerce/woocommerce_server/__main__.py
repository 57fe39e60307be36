"""Serve one empty shop until the process is stopped."""

import argparse
import threading

from .app import running

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=8090)
with running(port=parser.parse_args().port) as app:
    print(app.url, flush=True)
    threading.Event().wait()
