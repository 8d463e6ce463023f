"""Issued cards between the steps of a workshop (``cards.json``), and the report of a list."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from card_tools.credential import Credential, Kind, decode
from card_tools.errors import CardUnreadable, RowFault
from card_tools.face import CardFace


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCard:
    """One card: for whom, and what it says."""

    number: str
    credential: Credential
    name: str = ""
    team: str = ""
    colour: str = ""
    uid: bytes = b""
    row: int = 0

    def face(self) -> CardFace:
        """What is printed. A card bound to a chip gets no code: a picture of it would prove nothing."""
        text = "" if self.credential.kind is Kind.BOUND else self.credential.text
        return CardFace(
            number=self.number, text=text, name=self.name, team=self.team, colour=self.colour, row=self.row
        )


def to_json(cards: Iterable[IssuedCard]) -> str:
    """Cards as text that a person can read and a register can take."""
    said = [
        {
            "number": card.number,
            "name": card.name,
            "team": card.team,
            "colour": card.colour,
            "uid": card.uid.hex(),
            "card_id": card.credential.card_id.hex(),
            "expires": str(card.credential.expires_on or ""),
            "card": card.credential.text,
            "row": card.row,
        }
        for card in cards
    ]
    return json.dumps(said, ensure_ascii=False, indent=1) + "\n"


def load_cards(path: Path) -> list[IssuedCard]:
    """Cards from a file that :func:`to_json` made; :class:`CardUnreadable` names what is wrong with it."""
    try:
        return [_card(said) for said in json.loads(path.read_text("utf-8"))]
    except OSError as error:
        raise CardUnreadable(
            f"{path} cannot be read: {error.strerror}", zh=f"{path} 读不出来，请检查路径和权限。"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CardUnreadable(
            f"{path} holds no issued cards: {error}",
            zh=f"{path} 里没有签发的卡，请用 yika-cards issue 生成。",
        ) from error


def _card(said: dict[str, str]) -> IssuedCard:
    return IssuedCard(
        number=said["number"],
        credential=decode(str(said["card"])),
        name=said.get("name", ""),
        team=said.get("team", ""),
        colour=said.get("colour", ""),
        uid=bytes.fromhex(said.get("uid", "")),
        row=int(said.get("row", 0)),
    )


def report(cards: Sequence[IssuedCard], faults: Sequence[RowFault]) -> bytes:
    """What became of each row, as a CSV file that every spreadsheet opens (UTF-8 with mark)."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["行 row", "编号 number", "结果 result", "说明", "note"])
    lines: list[tuple[int, list[str]]] = [(c.row, [c.number, "已制卡 issued", "", ""]) for c in cards]
    lines += [(f.row, ["", f"未制卡 refused: {f.field}", f.message_zh, f.message_en]) for f in faults]
    for row, cells in sorted(lines):
        writer.writerow([row, *map(_harmless, cells)])
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} else cell
