"""From error class to HTTP status, in one block; JSON for machines, a page for people."""

import logging

from flask import Flask, Response, jsonify, render_template, request
from jinja2 import TemplateNotFound
from markupsafe import escape
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from server.contract.wire import WireError
from server.errors import (
    BadConfig,
    Busy,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    NotReady,
    ServerError,
    TooMany,
    Unauthenticated,
)

log = logging.getLogger(__name__)
STATUS: dict[type[Exception], int] = {
    Invalid: 400,
    WireError: 400,
    Unauthenticated: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    TooMany: 429,
    Busy: 503,
    NotReady: 503,
    BadConfig: 503,
}
"""The nearest class in an error's ancestry decides; anything else is our fault: 500."""
WORDS: dict[int, tuple[str, str]] = {
    400: ("请求内容有误，请检查后重试。", "The request could not be understood: check it and try again."),
    401: ("请先登录。", "Sign in first."),
    403: ("没有权限，请联系管理员。", "You may not do this: ask an administrator."),
    404: ("没有找到，请检查地址。", "There is nothing here: check the address."),
    405: ("不支持这种操作，请返回上一页。", "This cannot be done here: go back a page."),
    409: ("与现有内容冲突，请刷新后再试。", "This does not fit what is there: load the page again."),
    413: ("内容太大，请减少后重试。", "This is too large: send less of it."),
    429: ("操作太频繁，请稍后再试。", "Too often: wait a while, then try again."),
    500: ("服务器出错了，请稍后再试。", "The server failed; it has been written down. Try again later."),
    503: ("系统尚未就绪，请稍后再试。", "The system is not ready yet: try again later."),
}
"""What is said where the error itself brings no words, in Chinese and English."""
UNKNOWN = ("出错了，请稍后再试。", "Something went wrong: try again later.")


def status_of(error: Exception) -> int:
    """The HTTP status for an error."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def register_errors(app: Flask) -> None:
    """Let the application answer every error in one way."""
    app.register_error_handler(ServerError, answer_known_error)
    app.register_error_handler(WireError, answer_known_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(Exception, answer_unknown_error)


def answer_known_error(error: Exception) -> Response:
    """An error of our own tree: its code and message may be told."""
    code = error.code if isinstance(error, ServerError) else "malformed"
    words = error.zh if isinstance(error, ServerError) else ""
    answer = _answer(status_of(error), code, str(error), words)
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def answer_http_error(error: HTTPException) -> BaseResponse:
    """An error of the framework: not found, wrong method, too large."""
    if error.response is not None:
        return error.get_response()
    status = error.code or 500
    answer = _answer(status, error.name.lower().replace(" ", "_"))
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after", "www-authenticate"}:
            answer.headers[name] = value
    return answer


def answer_unknown_error(error: Exception) -> Response:
    """A fault of the program: written to the log, not told to the visitor."""
    log.error("unexpected error on %s %s", request.method, request.path, exc_info=error)
    return _answer(500, "internal_error")


def _answer(status: int, code: str, english: str = "", chinese: str = "") -> Response:
    zh, en = WORDS.get(status, UNKNOWN)
    message = {"zh": chinese or zh, "en": english or en}
    if request.path.startswith("/api/"):
        answer = jsonify({"error": code, "message": message})
    else:
        answer = Response(_page(status, message), mimetype="text/html")
    answer.status_code = status
    return answer


def _page(status: int, message: dict[str, str]) -> str:
    try:
        return render_template("error.html", status=status, message=message)
    except TemplateNotFound:
        words = f"<h1>{escape(message['zh'])}</h1><p lang=en>{escape(message['en'])}</p>"
        return f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>{status}</title>{words}</html>'
