"""A spreadsheet of volunteers: what its columns may be called, and which faults are named."""

import pytest

from server.errors import Invalid
from server.services.member_import import Import, decode, read_members

TODAY = "2026-11-24"
TEAMS = {"平安美湖": "t1"}


def _read(*lines: str) -> Import:
    known = [{"number": "M0001", "name": "张三", "phone": "13900000001", "birth": None}]
    return read_members("\n".join(lines), today=TODAY, teams=TEAMS, registered=known)


def _faults(*lines: str) -> list[list[str]]:
    return [[fault.code for fault in row.faults] for row in _read(*lines).bad]


def test_good_rows_go_on_and_bad_ones_are_named_by_line() -> None:
    found = _read("姓名,出生日期", "李四,1960-01-02", ",1950-01-01", "", "王五,1956-02-29")
    assert [person.name for person in found.good] == ["李四", "王五"]
    assert [(row.line, row.faults[0].code) for row in found.bad] == [(3, "name_missing")]


@pytest.mark.parametrize("written", ["1956-02-29", "1956/2/29", "1956.02.29", "1956年2月29日", "19560229"])
def test_a_birth_date_is_read_as_people_write_it(written: str) -> None:
    assert _read("姓名,出生日期", f"李四,{written}").good[0].birth == "1956-02-29"


@pytest.mark.parametrize(
    ("column", "cell", "fault"),
    [
        ("出生日期", "1957-02-29", "birth"),
        ("出生日期", "1957-12", "birth"),
        ("出生日期", "2030-01-01", "birth_impossible"),
        ("出生日期", "2015-01-01", "guardian"),
        ("性别", "不详", "sex"),
        ("电话", "不记得", "phone"),
        ("团队", "没有的队", "team"),
        ("编号", "M0001", "number_taken"),
        ("编号", "Ｍ０００１", "number_taken"),
        ("编号", "3.2E+17", "number"),
        ("电话", '"139', "quotes"),
        ("电话", "139\ufffd", "bytes"),
        ("电话", "139,0000", "cells"),
        ("同意", "否", "consent"),
    ],
)
def test_each_fault_has_a_name(column: str, cell: str, fault: str) -> None:
    assert _faults(f"姓名,{column}", f"李四,{cell}") == [[fault]]


def test_the_same_person_twice_is_found_in_the_register_and_in_the_file() -> None:
    lines = ("姓名,电话", "张三,13900000001", "李四,13900000002", "李四,13900000002")
    assert _faults(*lines) == [["twice"], ["twice"]]


def test_two_people_of_one_name_are_two_people() -> None:
    assert len(_read("姓名,电话", "李四,13900000002", "李四,13900000003").good) == 2


def test_a_minor_with_a_guardian_may_come_and_english_titles_are_known() -> None:
    found = _read("name,birth,guardian,guardian_consent,shoe size", "小明,2015-01-01,李四,是,35")
    assert found.good[0].guardian["name"] == "李四"
    assert found.good[0].guardian_consent is True
    assert found.unknown == ("shoe size",)


@pytest.mark.parametrize("text", ["", "甲,乙\n1,2", "姓名,name\n李四,李四", "姓名,电话\n"])
def test_a_file_that_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_members(text, today=TODAY, teams=TEAMS)


def test_the_files_that_excel_saves_are_read() -> None:
    assert decode("姓名".encode("gb18030")) == decode(b"\xef\xbb\xbf" + "姓名".encode()) == "姓名"
    with pytest.raises(Invalid, match="xlsx"):
        decode(b"PK\x03\x04")
