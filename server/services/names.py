"""What a shared screen may call a person, as the person chose."""

from server.services.acting import Row

COMPOUND = frozenset(
    "欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 夏侯 司徒 长孙 宇文 端木 南宫 百里 呼延 轩辕".split()
)
"""Surnames of two characters."""
TITLES = {"f": "女士", "m": "先生"}


def surname(name: str) -> str:
    """The family name of a Chinese name; a Latin name's last word."""
    if name[:2] in COMPOUND and len(name) > 2:
        return name[:2]
    return name.split()[-1] if name.isascii() and name.strip() else name[:1]


def shown_name(person: Row) -> str | None:
    """The name for shared screens: full, surname with title, nickname, or nothing."""
    choice = person["name_display"]
    if choice == "full":
        return str(person["name"])
    if choice == "title":
        return surname(person["name"]) + TITLES.get(person["sex"], "志愿者")
    return str(person["nickname"]) or None if choice == "nickname" else None
