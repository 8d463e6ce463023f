"""One transaction in one community: all or nothing, and nobody else's rows."""

from threading import Event, Thread

import pytest

from server.db.migrate import is_current, upgrade
from server.db.unit_of_work import UnitOfWork
from server.services.community import create_community
from tests.support.processes import PATIENCE


def test_leaving_without_commit_writes_nothing(bench) -> None:
    with bench.uow() as uow:
        uow.rows("volunteers").remove()
    assert len(bench.rows("volunteers")) == 12


def test_an_error_inside_writes_nothing(bench) -> None:
    def fail() -> None:
        with bench.uow() as uow:
            uow.rows("volunteers").remove()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert len(bench.rows("volunteers")) == 12


def test_a_community_sees_only_its_own_rows(bench) -> None:
    with bench.uow("other") as uow:
        create_community(uow, bench.acting(), "别处")
        uow.commit()
    with bench.uow("other") as uow:
        assert uow.rows("volunteers").rows() == []
        assert uow.rows("volunteers").remove() == 0
        assert uow.community_ids() == ["meihu", "other"]
    assert len(bench.rows("volunteers")) == 12


def test_writers_take_turns(bench) -> None:
    """The second writer waits until the first has left."""
    inside, order = Event(), []

    def second() -> None:
        inside.wait(PATIENCE)
        with bench.uow() as uow:
            uow.lock()
            uow.bump()
            order.append("second")
            uow.commit()

    thread = Thread(target=second)
    thread.start()
    before = bench.rows("communities")[0]["roster_version"]
    with bench.uow() as uow:
        uow.lock()
        uow.bump()
        inside.set()
        thread.join(0.2)
        order.append("first")
        uow.commit()
    thread.join(PATIENCE)
    assert order == ["first", "second"]
    assert bench.rows("communities")[0]["roster_version"] == before + 2


def test_a_reader_is_not_held_up_by_a_writer(bench) -> None:
    with bench.uow() as writer:
        writer.rows("volunteers").set({"name": "改"}, number="M0001")
        assert bench.rows("volunteers", number="M0001")[0]["name"] == "测试0"


def test_bringing_a_database_up_to_date_twice_changes_nothing(bench) -> None:
    upgrade(bench.database)
    assert is_current(bench.database)
    assert len(bench.rows("volunteers")) == 12


def test_rows_are_found_by_many_values_by_null_and_in_order(bench) -> None:
    with UnitOfWork(bench.database, "meihu", writes=False) as uow:
        people = uow.rows("volunteers")
        assert [r["number"] for r in people.rows("-number", number=["M0002", "M0003"])] == ["M0003", "M0002"]
        assert people.rows(number=[]) == []
        assert len(people.rows(phone=None)) == 12
        assert people.count(sex="f") == 12
