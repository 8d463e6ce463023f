"""The server's composition root: configuration in, a Flask application out."""

from collections.abc import Callable

from flask import Flask, jsonify
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
    config = config or ServerConfig.from_environment()
    runtime = Runtime(config)
    app = Flask("server.web", template_folder="templates", static_folder="static")
    app.config["SECRET_KEY"] = runtime.keys.derive("web-session-1")
    app.config["MAX_CONTENT_LENGTH"] = 16 << 20
    app.config["SESSION_COOKIE_SECURE"] = config.secure_cookies
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.extensions["yika"] = runtime
    app.extensions["yika_kiosk_limits"] = kiosk_api.Allowances(
        requests=Allowance(config.rate_limit, runtime.clock),
        openings=Allowance(config.enrol_limit, runtime.clock),
        pushes=Gate(config.pushes_at_once, runtime.clock),
        nonces=Gate(NONCES_AT_ONCE, runtime.clock),
        sessions=Gate(SESSIONS_AT_ONCE, runtime.clock),
        rosters=Gate(ROSTERS_AT_ONCE, runtime.clock),
    )
    register_errors(app)
    app.register_blueprint(kiosk_api.blueprint)
    app.register_blueprint(kiosk_desk.blueprint)
    app.add_url_rule("/healthz", view_func=_healthz(runtime))
    blueprints.register_all(app)
    return app


def _healthz(runtime: Runtime) -> Callable[[], ResponseReturnValue]:
    def healthz() -> ResponseReturnValue:
        """Whether the database answers and has this program's schema."""
        if not is_current(runtime.database):
            raise NotReady
        return jsonify(status="ok")

    return healthz
