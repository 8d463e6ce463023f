"""Reading a posted form: typed values out, faults in words beside their fields."""

import re
from collections.abc import Collection

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from server.errors import Invalid
from server.web.access import OWN_RULES
from server.web.times import date_of, moment

SEPARATORS = re.compile(r"[\s,，、;；]+")


def refuse_nul() -> None:
    """Before each request: a NUL is in no text that anybody types, and PostgreSQL stores none."""
    if request.endpoint is None or request.endpoint.startswith(OWN_RULES):
        return
    if "\0" in request.path or any("\0" in value for _, value in request.values.items(multi=True)):
        raise Invalid("there is a NUL character in it", zh="内容里有无法保存的字符，请删去后重试。")


class Fields:
    """A posted form; each reading method notes a fault in ``errors`` and gives a harmless value instead."""

    def __init__(self, form: MultiDict[str, str]) -> None:
        self._form = form
        self.errors: dict[str, str] = {}

    @property
    def good(self) -> bool:
        """Whether everything read so far was right."""
        return not self.errors

    def told(self, **labels: str) -> None:
        """Show every fault above the next page, each with its field's name where that is given."""
        for name, fault in self.errors.items():
            named = _("%(field)s：%(fault)s", field=labels[name], fault=fault) if name in labels else fault
            flash(named, "bad")

    def text(self, name: str, *, required: bool = False, most: int = 200) -> str:
        """A line of text without blanks around it."""
        value = self._form.get(name, "").strip()
        if required and not value:
            self.errors[name] = _("请填写此项。")
        if len(value) > most:
            self.errors[name] = _("最多 %(most)s 个字。", most=most)
        return value

    def choice(self, name: str, options: Collection[str], *, required: bool = True) -> str:
        """One of the given values."""
        value = self._form.get(name, "").strip()
        if (value or required) and value not in options:
            self.errors[name] = _("请从列表中选择。")
            return ""
        return value

    def tick(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self._form.get(name, "") not in {"", "0"}

    def many(self, name: str, options: Collection[str]) -> tuple[str, ...]:
        """The ticked boxes of a group, in the order of the options."""
        ticked = set(self._form.getlist(name))
        return tuple(option for option in options if option in ticked)

    def whole(self, name: str, low: int, high: int, *, default: int = 0) -> int:
        """A whole number within bounds."""
        value = self._form.get(name, "").strip() or str(default)
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            self.errors[name] = _("请填写 %(low)s 到 %(high)s 之间的整数。", low=low, high=high)
            return default
        return int(value)

    def day(self, name: str, *, required: bool = False) -> str | None:
        """A date as ``YYYY-MM-DD``."""
        value = self.text(name, required=required)
        try:
            return date_of(value).isoformat() if value else None
        except ValueError:
            self.errors[name] = _("日期写作 2026-11-24。")
            return None

    def moment(self, name: str, *, required: bool = True) -> int | None:
        """A day and time of day, in milliseconds since the epoch."""
        value = self.text(name, required=required)
        try:
            return moment(value) if value else None
        except ValueError:
            self.errors[name] = _("时间写作 2026-11-24 08:30。")
            return None

    def words(self, name: str) -> tuple[str, ...]:
        """Entries of a list, however they are set apart; each once."""
        found = SEPARATORS.split(self._form.get(name, "").strip())
        return tuple(dict.fromkeys(word for word in found if word))
