"""A small community for tests with real processes: one hall, one activity, some people, a social worker."""

from collections.abc import Mapping
from pathlib import Path

from server.config import ServerConfig
from server.runtime import Runtime
from server.services.community import ActivitySpec, SiteSpec, set_activities, set_sites
from server.services.members import NewVolunteer, register_volunteers
from tests.support.processes import Server, new_server

HALL = "大厅"
PASSWORD = "correct horse 9"


def new_hall(home: Path, names: Mapping[str, str]) -> Server:
    """A server that does not run yet; ``names`` are people's by number, and ``staff`` is the login."""
    server = new_server(home)
    url = f"sqlite:///{server.home / 'data' / 'yika.sqlite'}"
    runtime = Runtime(ServerConfig(data_dir=server.home / "data", database_url=url))
    with runtime.unit_of_work() as uow:
        acting = runtime.acting("test")
        set_activities(uow, acting, [ActivitySpec(activity_id="duty", name="值班", name_en="Duty")])
        set_sites(
            uow,
            acting,
            [SiteSpec(site_id="hall", name=HALL, default_activity="duty", activities=("duty",))],
        )
        people = [
            NewVolunteer(name=name, number=number, birth="1955-06-07") for number, name in names.items()
        ]
        register_volunteers(uow, acting, people)
        uow.commit()
    runtime.dispose()
    server.ask("create-user", "staff", "--role", "staff", "--json", YIKA_PASSWORD=PASSWORD)
    server.token = server.ask("create-token", "tests", "--scope", "read", "--json")["token"]
    return server
