"""The API's description and its reading page, both served from here."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import swagger_ui_bundle
from flask import Blueprint, Response, current_app, jsonify, render_template, send_from_directory

from server.errors import NotFound
from server.web.access import open_to_all
from server.web.api.base import SPEC, blueprint

pages = Blueprint("api_docs", __name__, url_prefix="/api")
SERVED = ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png")


@blueprint.get("/openapi.json")
@open_to_all
def openapi() -> Response:
    """What the API offers, as OpenAPI 3.0."""
    SPEC.app = current_app
    return jsonify(nullable(SPEC.spec))


@pages.get("/docs")
@open_to_all
def reading_page() -> str:
    """The description for people."""
    return render_template("api_docs.html")


@pages.get("/docs/<name>")
@open_to_all
def asset(name: str) -> Response:
    """A file of Swagger UI, from the installed package."""
    if name not in SERVED:
        raise NotFound(zh="没有这个文件，请从 /api/docs 打开说明。")
    return send_from_directory(_folder(), name)


def nullable(schema: Any) -> Any:
    """JSON Schema's way to say "or null" as OpenAPI 3.0 says it: Swagger UI 4 reads no 3.1."""
    if isinstance(schema, list):
        return [nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: nullable(value) for key, value in schema.items()}
    either = found.get("anyOf")
    if isinstance(either, list) and {"type": "null"} in either:
        rest = [item for item in either if item != {"type": "null"}]
        del found["anyOf"]
        found |= rest[0] if len(rest) == 1 else {"anyOf": rest}
        found["nullable"] = True
    return found


def _folder() -> Path:
    """Where the package keeps the one version it carries."""
    vendor = Path(str(files(swagger_ui_bundle) / "vendor"))
    return next(folder for folder in sorted(vendor.iterdir()) if folder.name.startswith("swagger-ui"))
