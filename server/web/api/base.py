"""The blueprint of the open API, and the description that openapi.json is made from."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from flask import Blueprint, make_response
from spectree import Response as Answers
from spectree import SpecTree
from spectree.model_adapter import get_msgspec_model_adapter
from spectree.models import SecureType, SecurityScheme, SecuritySchemeData
from spectree.plugins.flask_plugin import FlaskPlugin

from server.errors import Invalid
from server.web.access import by_token
from server.web.api.models import Fault

View = TypeVar("View", bound=Callable[..., Any])
blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


class QueriesOnly(FlaskPlugin):
    """Checks what comes in. Answers are made from the very structs that describe them: checking each again
    would cost as much as making it, and CSV answers are no JSON.
    """

    def validate_response(self, resp: Any, *_described: Any) -> tuple[Any, None]:
        """Pass the view's answer on."""
        return make_response(resp), None


def refuse(
    _request: object, _answer: object, error: Exception | None, _instance: object, _adapter: object
) -> None:
    """Queries that do not fit are answered like every other error of ours."""
    if error is not None:
        raise Invalid(f"the query does not fit: {error}", zh=f"查询参数有误，请修改：{error}")


BEARER = SecuritySchemeData(type=SecureType.HTTP, scheme="bearer")
SPEC = SpecTree(
    "flask",
    backend=QueriesOnly,
    title="一卡 Yika",
    version="1",
    openapi_version="3.0.3",
    description="Volunteers, shifts, the ledger. Times are RFC 3339 with offset; dates are Asia/Shanghai.",
    model_adapter=get_msgspec_model_adapter(),
    mode="strict",
    before=refuse,
    validation_error_status=400,
    validation_error_model=Fault,
    nested_naming_strategy=lambda _parent, child: child,
    naming_strategy=lambda model: model.__name__,
    page_templates={},
    security_schemes=[
        SecurityScheme(name="token", data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer"))
    ],
    security={"token": []},
)


def resource(path: str, shape: type[msgspec.Struct]) -> Callable[[View], View]:
    """Register a list under the API: with its rule, its place in openapi.json, and the shape of a page."""

    def register(view: View) -> View:
        answers = Answers(HTTP_200=shape, HTTP_401=Fault, HTTP_429=Fault)
        described = SPEC.validate(resp=answers, tags=[path.partition("/")[0]])(view)
        blueprint.add_url_rule(f"/{path}", view_func=by_token(described))
        return view

    return register
