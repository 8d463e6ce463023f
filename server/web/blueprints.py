"""What the application has besides the kiosks' API: extensions, rules, blueprints for people and programs."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from server.web import (
    access,
    auth,
    certificates,
    forms,
    headers,
    home,
    i18n,
    kiosk_api,
    kiosk_desk,
    me,
    metrics,
    people,
    staff,
    sun,
)
from server.web.api import blueprint as api
from server.web.api import pages as api_docs
from server.web.asked import Asked


def register_all(app: Flask) -> None:
    """Register every blueprint for people and programs."""
    app.request_class = Asked
    # A form may lie open for a day at the counter: a token holds as long as its session.
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    csrf = CSRFProtect(app)
    csrf.exempt(kiosk_api.blueprint)
    csrf.exempt(kiosk_desk.blueprint)
    csrf.exempt(api)
    csrf.exempt(auth.sign_in)
    i18n.install(app)
    people.install(app)
    app.before_request(access.guard)
    app.before_request(forms.refuse_nul)
    app.after_request(headers.secure)
    for blueprint in (home.blueprint, auth.blueprint, staff.blueprint, me.blueprint):
        app.register_blueprint(blueprint)
    for blueprint in (certificates.blueprint, sun.blueprint, metrics.blueprint, api, api_docs):
        app.register_blueprint(blueprint)


def allow_anew(app: Flask) -> None:
    """Begin to count what each caller asks for."""
    sun.install(app)
    auth.install(app)
    certificates.install(app)
