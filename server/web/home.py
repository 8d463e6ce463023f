"""The front page, and the community's honour wall."""

from flask import Blueprint, render_template
from flask_login import current_user

from server.web.access import open_to_all
from server.web.context import now, reading
from server.web.times import day_of, day_start

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@open_to_all
def index() -> str:
    """What this is, what is on this week, and the ways in."""
    today = day_start(day_of(now()))
    with reading() as uow:
        community = uow.views.totals.community()
        wanted = uow.views.places.wanted(now(), today + 7 * 86_400_000)
    return render_template("home.html", community=community, wanted=wanted[:6], user=current_user)


@blueprint.get("/wall")
@open_to_all
def wall() -> str:
    """The honour wall: only people who asked to be on it (PIPL art. 25), named as each chose."""
    with reading() as uow:
        community = uow.views.totals.community()
        people = uow.views.people.wall()
    return render_template("wall.html", community=community, people=people)
