"""A person's hours as a roster tells them: sealed for that person's card, so that a stolen kiosk lists none.

A roster's entry ``hours`` says as of when all of them hold; ``today`` and ``month`` are of that moment's day
and month in the community's zone, so a kiosk that has been offline for longer knows that they are over. The
text of one person is a JSON list of minutes in the order of the fields; what a newer server adds behind them
is left aside.
"""

import json
from dataclasses import dataclass, fields
from typing import Self

from server.contract.wire import WireError


@dataclass(frozen=True, slots=True)
class Hours:
    """What was counted of one person, in minutes: today, this month, and since ever by grade."""

    today: int = 0
    month: int = 0
    tapped: int = 0
    witnessed: int = 0
    declared: int = 0

    @property
    def total(self) -> int:
        """Since ever, whatever the grade."""
        return self.tapped + self.witnessed + self.declared

    def to_text(self) -> str:
        """As it is sealed."""
        return f"[{self.today},{self.month},{self.tapped},{self.witnessed},{self.declared}]"

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what was sealed; :class:`WireError` when it is anything else."""
        try:
            raw = json.loads(text)
        except ValueError as error:
            raise WireError(f"hours are not JSON: {error}") from error
        minutes = raw[: len(fields(cls))] if isinstance(raw, list) else []
        if len(minutes) < len(fields(cls)) or not all(type(each) is int for each in minutes):
            raise WireError("hours are not a list of minutes")
        return cls(*minutes)
