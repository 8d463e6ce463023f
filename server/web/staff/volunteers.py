"""Volunteers: finding one at the counter, the page of one person, registering and correcting, consents."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from server.errors import NotFound, ServerError
from server.services.cards import end_cards
from server.services.holding import holding
from server.services.issuing import REASONS
from server.services.members import (
    NewVolunteer,
    change_volunteer,
    register_volunteer,
    set_consent,
    set_standing,
)
from server.services.on_duty import people_on_duty
from server.web import words
from server.web.access import READERS, STAFF, allow
from server.web.context import acting, now, reading, writing
from server.web.forms import Fields
from server.web.i18n import explain
from server.web.staff.base import PAGE, blueprint, done, options, told
from server.web.staff.volunteer_form import as_changes, as_standing, empty, read, shown


@blueprint.get("/volunteers")
@allow(READERS)
def volunteers() -> Any:
    """The list with its one search field; a search that finds one person leads to that person's page."""
    wanted: dict[str, Any] = {
        "search": request.args.get("q", ""),
        "status": request.args.get("status") or None,
        "team": request.args.get("team") or None,
    }
    only_present = request.args.get("on_duty") == "1"
    with reading() as uow:
        present = people_on_duty(uow, uow.views.shifts.open(), now())
        if only_present:
            wanted["among"] = present
        rows = uow.views.people.page(wanted, after=request.args.get("after"), limit=PAGE + 1)
        count = uow.views.people.count_of(wanted)
        teams = options(uow.views.places.teams(), "team_id")
    if wanted["search"] and count == 1:
        return redirect(url_for("staff.volunteer", number=rows[0]["number"]))
    return render_template(
        "staff/volunteers.html",
        rows=rows[:PAGE],
        more=rows[PAGE - 1]["number"] if len(rows) > PAGE else None,
        count=count,
        teams=teams,
        wanted=wanted | {"on_duty": only_present},
        present=present,
    )


@blueprint.get("/volunteers/<number>")
@allow(READERS)
def volunteer(number: str) -> str:
    """One person: standing, cards, shifts, balances by book and grade, consents."""
    with reading() as uow:
        person = _person(uow, number)
        page = {
            "on_duty": number in people_on_duty(uow, uow.views.shifts.open(), now()),
            "cards": uow.views.people.cards_of(number),
            "held": holding(uow, acting(), number),
            "shifts": uow.views.shifts.page({"volunteer": number}, limit=20, newest=True),
            "balances": uow.views.ledger.of_person(number),
            "consents": {row["purpose"]: row for row in uow.views.people.consents(number)},
            "activities": {r["activity_id"]: r["name"] for r in uow.views.places.activities()},
        }
    return render_template("staff/volunteer.html", person=person, reasons=REASONS, **page)


@blueprint.get("/volunteers/new")
@allow(STAFF)
def new_volunteer() -> str:
    """The empty form."""
    return _form(None, empty(), {})


@blueprint.post("/volunteers/new")
@allow(STAFF)
def register() -> Any:
    """Register a person; the notice is given and agreed to on this very form."""
    fields = Fields(request.form)
    person = read(fields, _trainings())
    if not fields.tick("consent_record"):
        fields.errors["consent_record"] = _("须先告知并取得本人（或监护人）同意。")
    if fields.good:
        try:
            with writing() as uow:
                consents = [p for p in words.PURPOSES if fields.tick(f"consent_{p}")]
                number = register_volunteer(uow, acting(), NewVolunteer(**person, consents=tuple(consents)))
            done(_("已登记，编号 %(number)s。现在可以为其制卡。", number=number))
            return redirect(url_for("staff.volunteer", number=number))
        except ServerError as error:
            told(error)
    return _form(None, shown(request.form, person), fields.errors), 400


@blueprint.get("/volunteers/<number>/edit")
@allow(STAFF)
def edit_volunteer(number: str) -> str:
    """The form with what is known."""
    with reading() as uow:
        person = _person(uow, number)
    return _form(number, person, {})


@blueprint.post("/volunteers/<number>/edit")
@allow(STAFF)
def change(number: str) -> Any:
    """Correct personal data; standing changes are recorded as facts."""
    fields = Fields(request.form)
    person = read(fields, _trainings())
    status = fields.choice("status", words.STATUSES)
    if fields.good:
        try:
            with writing() as uow:
                change_volunteer(uow, acting(), number, as_changes(person))
                standing = as_standing(person) | {"status": status}
                before = _person(uow, number)
                if any(before[name] != value for name, value in standing.items()):
                    set_standing(uow, acting(), number, standing)
                if status == "deceased":
                    end_cards(uow, acting(), number, "deceased", reason="deceased")
            done(_("已保存。"))
            return redirect(url_for("staff.volunteer", number=number))
        except ServerError as error:
            fields.errors[""] = explain(error)
    return _form(number, shown(request.form, person), fields.errors), 400


@blueprint.post("/volunteers/<number>/consents")
@allow(STAFF)
def consent(number: str) -> Response:
    """Grant or withdraw one consent on the person's word; both moments stay on record."""
    fields = Fields(request.form)
    purpose = fields.choice("purpose", words.PURPOSES)
    if fields.good:
        with writing() as uow:
            set_consent(uow, acting(), number, purpose=purpose, granted=fields.tick("granted"))
        done(_("已记录。"))
    fields.told()
    return redirect(url_for("staff.volunteer", number=number) + "#consents")


def _person(uow: Any, number: str) -> dict[str, Any]:
    person = uow.views.people.one(number)
    if person is None:
        raise NotFound(f"there is no volunteer {number}", zh=f"没有编号为 {number} 的志愿者，请核对编号。")
    return dict(person)


def _trainings() -> dict[str, str]:
    """Activities that ask for a training, by id."""
    with reading() as uow:
        return {row["activity_id"]: row["name"] for row in uow.views.places.activities() if row["training"]}


def _form(number: str | None, person: dict[str, Any], errors: dict[str, str]) -> str:
    with reading() as uow:
        teams = options(uow.views.places.teams(), "team_id")
    return render_template(
        "staff/volunteer_form.html",
        number=number,
        person=person,
        errors=errors,
        teams=teams,
        trainings=_trainings(),
    )
