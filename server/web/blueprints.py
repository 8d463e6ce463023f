"""Which blueprints the application has besides the kiosks' API."""

from flask import Flask


def register_all(app: Flask) -> None:
    """Register every blueprint for people and programs."""
    app.logger.debug("no screens yet")
