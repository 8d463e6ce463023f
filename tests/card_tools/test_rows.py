"""Lists from real offices: any spreadsheet, any encoding; each wrong row is named and the others go on."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card_tools.errors import CardUnreadable, RowFault
from card_tools.rows import Row, read_rows

TODAY = date(2026, 11, 24)
LIST = "编号,姓名,队伍,有效期\n0001,王小明,护学岗,2027-12-31\n0002,李娜,,\n"
EXPECTED = [
    Row(row=2, number="0001", name="王小明", team="护学岗", expires=date(2027, 12, 31)),
    Row(row=3, number="0002", name="李娜"),
]


def read(text: str) -> tuple[list[Row], list[RowFault]]:
    return read_rows(text.encode(), today=TODAY)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_every_encoding_that_spreadsheets_write_is_read(encoding: str):
    assert read_rows(LIST.encode(encoding), today=TODAY) == (EXPECTED, [])


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_delimiter_and_line_end_is_read(delimiter: str, newline: str):
    assert read(LIST.replace(",", delimiter).replace("\n", newline)) == (EXPECTED, [])


def test_stray_blanks_of_every_width_are_dropped():
    rows, faults = read("\ufeff 编号\u3000, Name \n\u00a00001 ,\u3000王 小明\u200b \n , \n\n")
    assert (rows, faults) == ([Row(row=2, number="0001", name="王 小明")], [])


def test_headings_come_in_any_order_and_unknown_columns_are_left_alone():
    rows, _ = read("备注,NAME,Number\nx,Ann,７\nx,Bo\n")
    assert rows == [Row(row=2, number="7", name="Ann")]


@pytest.mark.parametrize(
    "cell", ["2027-01-05", "2027/1/5", "2027.1.5", "2027年1月5日", "20270105", "2027 - 1 - 5", "２０２７-1-5"]
)
def test_dates_are_read_as_people_write_them(cell: str):
    assert read(f"编号,有效期\n1,{cell}\n")[0][0].expires == date(2027, 1, 5)


@pytest.mark.parametrize(
    "cell", ["2027-02-30", "明年", "1/5/27", "2027-12", "2019-01-01", "2300-01-01", "2026-11-23"]
)
def test_a_date_that_no_card_can_expire_on_is_a_fault(cell: str):
    rows, (fault,) = read(f"编号,有效期\n1,{cell}\n2,\n")
    assert ([r.number for r in rows], fault.row, fault.field) == (["2"], 2, "expires")


@pytest.mark.parametrize(
    ("cell", "uid"),
    [
        ("04a1b2c3d4e5f6", "04a1b2c3d4e5f6"),
        ("04:A1:B2:C3:D4:E5:F6", "04a1b2c3d4e5f6"),
        ("DE AD BE EF", "deadbeef"),
        ("0123456789abcdef", "0123456789abcdef"),
    ],
)
def test_chip_numbers_are_read_with_any_separator(cell: str, uid: str):
    assert read(f"number,uid\n1,{cell}\n")[0][0].uid.hex() == uid


@pytest.mark.parametrize("cell", ["04", "xyz", "08112233", "0409", "01FE000102030405"])
def test_a_chip_number_that_is_none_is_a_fault(cell: str):
    rows, (fault,) = read(f"number,uid\n1,{cell}\n")
    assert (rows, fault.field) == ([], "uid")


@pytest.mark.parametrize("cell", ["", "1.0E+05", "一号", "9" * 25, "1 2"])
def test_a_number_that_is_none_is_a_fault(cell: str):
    rows, (fault,) = read(f"number,name\n{cell},Ann\n")
    assert (rows, fault.field) == ([], "number")


def test_a_number_that_stands_twice_is_a_fault_that_names_the_first():
    rows, (fault,) = read("number,name\n1,Ann\n2,Bo\n1,Cy\n")
    assert [r.name for r in rows] == ["Ann", "Bo"]
    assert (fault.row, "row 2" in fault.message_en, "第 2 行" in fault.message_zh) == (4, True, True)


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ('1,"王小明', "line"),
        ('1,"王"小明', "line"),
        ("1,王,护学岗", "line"),
        ("1,王\ufffd", "line"),
        ('1,"' + "x" * 200_000, "line"),
        ("1," + "王" * 61, "name"),
    ],
)
def test_a_line_that_is_broken_is_a_fault_and_those_behind_it_go_on(lines: str, field: str):
    rows, (fault,) = read(f"编号,姓名\n{lines}\n2,李娜\n3,赵\n")
    assert ([row.number for row in rows], fault.row, fault.field) == (["2", "3"], 2, field)


def test_a_colour_that_is_none_is_a_fault():
    rows, (fault,) = read("编号,颜色\n1,#1F4E8C\n2,红\n")
    assert ([r.colour for r in rows], fault.row, fault.field) == (["#1F4E8C"], 3, "colour")


def test_a_row_is_named_by_its_line_even_after_a_cell_of_two_lines():
    _, (fault,) = read('number,name\n1,"Ann\nLee"\n,Bo\n')
    assert fault.row == 4


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        ("姓名\n王\n".encode(), "编号"),
        (b"PK\x03\x04" + bytes(200), "xlsx"),
    ],
)
def test_a_file_that_is_no_list_is_named(content: bytes, says: str):
    with pytest.raises(CardUnreadable, match=says):
        read_rows(content, today=TODAY)


@given(st.binary(max_size=200) | st.text(max_size=80).map(lambda t: f"number\n{t}".encode(errors="ignore")))
def test_whatever_the_file_nothing_but_rows_faults_or_unreadable_comes_out(content: bytes):
    try:
        rows, faults = read_rows(content, today=TODAY)
    except CardUnreadable:
        return
    assert len({row.number for row in rows}) == len(rows)
    assert all(fault.message_zh and fault.message_en for fault in faults)
