"""Tooling of the suite: set-up, databases, tests, demo.

Standard library only, because it runs before anything is installed.
Entry point: ``python3 -m tools --help`` (the Makefile calls it).
"""
