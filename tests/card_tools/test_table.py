"""Lists as spreadsheets save them: what is found out, and what is told of a file or line that is broken."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from card_tools.errors import ListUnreadable
from card_tools.table import Broken, Line, Table, clean, day_of, decoded, read_table

FIELDS = {"number": ("编号", "number"), "name": ("姓名", "name")}
LIST = "编号,姓名\n1,王小明\n2,李娜\n"
PEOPLE = [{"number": "1", "name": "王小明"}, {"number": "2", "name": "李娜"}]


def read(content: bytes | str) -> Table:
    text = content if isinstance(content, str) else decoded(content)
    return read_table(text, FIELDS, required="number")


def lines(content: bytes | str) -> list[tuple[int, str, str | None]]:
    """Of each line: its number, the name on it, how it is broken."""
    return [(line.number, line.cells.get("name", ""), line.broken) for line in read(content).lines]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "，"])
def test_encoding_and_delimiter_are_found_out(encoding: str, delimiter: str) -> None:
    assert [line.cells for line in read(LIST.replace(",", delimiter).encode(encoding)).lines] == PEOPLE


@pytest.mark.parametrize(
    ("above", "first"), [("sep=;\n", 3), ("美湖社区志愿者名单\n", 3), ("\n\n", 4), ("制表：,2026\n,\n", 4)]
)
def test_what_stands_above_the_headings_is_left_alone_and_lines_keep_their_numbers(
    above: str, first: int
) -> None:
    text = LIST.replace(",", ";") if above.startswith("sep") else LIST
    assert lines(above + text) == [(first, "王小明", None), (first + 1, "李娜", None)]


@pytest.mark.parametrize(
    "heading",
    ["编 号", "编号*", "编号（必填）", "*编号：", "NUMBER", "\ufeff编号 [文本]", '"编号\n（必填）"'],
)
def test_headings_are_known_with_blanks_stars_and_notes(heading: str) -> None:
    assert read(f"{heading},姓名,备注\n1,王\n").unknown == ("备注",)


@pytest.mark.parametrize(
    ("broken", "how", "behind"),
    [
        ('"王小明', Broken.QUOTES, 3),
        ('"王"小明', Broken.QUOTES, 3),
        ('"王\n9,李"', Broken.QUOTES, 4),
        ("王,小明", Broken.CELLS, 3),
        ("王\ufffd", Broken.BYTES, 3),
    ],
)
def test_a_broken_line_is_told_and_the_next_begins_anew(broken: str, how: Broken, behind: int) -> None:
    """Whatever a quote that was never closed would have swallowed."""
    found = lines(f"编号,姓名\n1,{broken}\n2,李娜\n3,赵\n")
    assert (found[0][0], found[0][2]) == (2, how)
    assert found[-2:] == [(behind, "李娜", None), (behind + 1, "赵", None)]


def test_a_cell_of_two_lines_is_one_cell() -> None:
    assert lines('编号,姓名\n1,"王\n小明"\n2,李\n') == [(2, "王 小明", None), (4, "李", None)]


def test_a_line_in_another_encoding_is_told_and_the_others_go_on() -> None:
    assert lines(LIST.encode() + "3,赵\n".encode("gbk") + "4,钱\n".encode())[2:] == [
        (4, "赵".encode("gbk").decode("utf-8", "replace"), Broken.BYTES),
        (5, "钱", None),
    ]


@pytest.mark.parametrize(
    ("content", "says", "zh"),
    [
        (b"", "empty", "空的"),
        (b" \n ,, \n", "empty", "空的"),
        (b"PK\x03\x04" + bytes(99), r"\.xlsx", "另存为"),
        (bytes.fromhex("d0cf11e0a1b11ae1"), r"\.xls", "另存为"),
        (b"%PDF-1.7", "PDF", "另存为"),
        (b"\n<html><table>", "web page", "另存为"),
        (LIST.encode("utf-16-le"), "neither UTF-8 nor GBK", "编码"),
        ("姓名,电话\n王,1\n".encode(), "编号", "编号"),
        (("x\n" * 5 + LIST).encode(), "编号", "编号"),
        ("编号,number\n1,2\n".encode(), "twice", "列重复"),
        ("编号,姓名\n ,\n".encode(), "nobody", "没有人"),
    ],
)
def test_a_file_that_is_no_list_is_told_with_what_to_do(content: bytes, says: str, zh: str) -> None:
    with pytest.raises(ListUnreadable, match=says) as told:
        read(content)
    assert zh in told.value.zh


@pytest.mark.parametrize(
    "cell", ["2027-01-05", "2027/1/5", "2027年1月5日", "20270105", "２０２７ - 1 - 5", "2027-01-05 00:00:00"]
)
def test_a_date_is_read_as_people_and_spreadsheets_write_it(cell: str) -> None:
    assert day_of(cell) == date(2027, 1, 5)


@pytest.mark.parametrize("cell", ["", "2027-12", "2027-1231", "202712", "46022", "31/12/2027", "2027-02-30"])
def test_what_is_no_whole_date_is_none(cell: str) -> None:
    assert day_of(cell) is None


def test_invisible_characters_are_dropped_and_joiners_kept() -> None:
    assert clean("\u200b 王\u3000小\xa0明\x00\ufeff") == "王 小 明"
    assert clean("क्\u200dष") == "क्\u200dष"


@given(st.lists(st.sampled_from(['"', ",", "\n", "\r", "王", " ", "\ufffd", ";"]), max_size=60).map("".join))
@settings(deadline=None)
def test_no_line_is_swallowed_whatever_the_quotes(text: str) -> None:
    """A person behind everything that is broken is still read."""
    last = read(f"编号,姓名\n{text}\n" + "\n" * 20 + "7,末\n").lines[-1]
    assert last == Line(last.number, {"number": "7", "name": "末"})
