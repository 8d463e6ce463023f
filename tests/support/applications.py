"""Applications for tests: building one costs more than most tests do, so each is lent again and again.

Who borrows one gets it with a configuration of its own, and all that it keeps while it runs anew; what a test
changes on it (``view_functions``, ``config``) is put back.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from server.app import configure, create_app
from server.config import ServerConfig

_IDLE: list[Flask] = []


@contextmanager
def application(config: ServerConfig) -> Iterator[Flask]:
    """The real application with this configuration."""
    if _IDLE:
        configure(app := _IDLE.pop(), config)
    else:
        app = create_app(config)
    views, settings = dict(app.view_functions), dict(app.config)
    try:
        yield app
    finally:
        app.extensions["yika"].dispose()
        app.view_functions = views
        app.config.clear()
        app.config.update(settings)
        _IDLE.append(app)
