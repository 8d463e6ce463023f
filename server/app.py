"""The server's composition root: configuration in, a Flask application out."""

from flask import Flask, current_app, jsonify
from flask.typing import ResponseReturnValue

from server.config import ServerConfig
from server.db.migrate import is_current
from server.errors import NotReady
from server.runtime import Runtime
from server.web import blueprints, kiosk_api, kiosk_desk
from server.web.errors import register_errors
from server.web.limits import Allowance, Gate

NONCES_AT_ONCE, SESSIONS_AT_ONCE, ROSTERS_AT_ONCE = 2, 3, 2
"""With the pushes fewer than there are threads, so that one is always left to say when to come again."""


def create_app(config: ServerConfig | None = None) -> Flask:
    """Build the application; it opens no connection before the first request."""
    app = Flask("server.web", template_folder="templates", static_folder="static")
    app.config["MAX_CONTENT_LENGTH"] = 16 << 20
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    register_errors(app)
    app.register_blueprint(kiosk_api.blueprint)
    app.register_blueprint(kiosk_desk.blueprint)
    app.add_url_rule("/healthz", view_func=healthz)
    blueprints.register_all(app)
    configure(app, config or ServerConfig.from_environment())
    return app


def configure(app: Flask, config: ServerConfig) -> None:
    """Give an application its configuration, and anew all that it keeps while it runs."""
    runtime = Runtime(config)
    app.config["SECRET_KEY"] = runtime.keys.derive("web-session-1")
    app.config["SESSION_COOKIE_SECURE"] = config.secure_cookies
    app.extensions["yika"] = runtime
    app.extensions["yika_kiosk_limits"] = kiosk_api.Allowances(
        requests=Allowance(config.rate_limit, runtime.clock),
        openings=Allowance(config.enrol_limit, runtime.clock),
        pushes=Gate(config.pushes_at_once, runtime.clock),
        nonces=Gate(NONCES_AT_ONCE, runtime.clock),
        sessions=Gate(SESSIONS_AT_ONCE, runtime.clock),
        rosters=Gate(ROSTERS_AT_ONCE, runtime.clock),
    )
    blueprints.allow_anew(app)


def healthz() -> ResponseReturnValue:
    """Whether the database answers and has this program's schema."""
    if not is_current(current_app.extensions["yika"].database):
        raise NotReady
    return jsonify(status="ok")
