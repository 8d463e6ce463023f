"""The language of whoever uses ``yika-cards``: Chinese where the system says so, English elsewhere.

What a fault says is in the fault itself, in both languages (``card_tools.errors``); here is what stands
around it. Click's own sentences are in ``translations``, where it looks for them by way of gettext.
"""

import gettext
import os
from collections.abc import Mapping
from pathlib import Path

VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
"""In gettext's order: the first that is set decides."""
gettext.bindtextdomain("messages", Path(__file__).parent / "translations")

CHINESE = {
    "Make, print, write and check volunteer cards.": "制作、打印、写入和检验志愿卡。",
    "Standard output holds only JSON.": "标准输出只有 JSON。",
    "The issuer's private key (PEM, mode 0600).": "发卡方的私钥（PEM，权限 0600）。",
    "The secret from which chips get their passwords.": "芯片口令由这个密钥文件算出。",
    "A key ring: public keys, one a line. Several are allowed.": "密钥环：公钥，每行一个。可以给几个文件。",
    "Judge as of this day instead of today.": "按这一天而不是今天来判断。",
    "Make an issuer's key, and add its public half to a key ring.": "生成发卡方的密钥，公钥加进密钥环。",
    "Where the private key goes; never over another.": "私钥放在哪里；不会覆盖已有的。",
    "The ring that its public half joins.": "公钥加进哪个密钥环。",
    "Make this secret for chips too.": "同时生成这个芯片密钥文件。",
    "A remark beside the public key, such as place and year.": "写在公钥旁边的备注，如地点和年份。",
    """Issue a card for each row of PEOPLE, a CSV file.

Columns: 编号 number, 姓名 name, 队伍 team, 颜色 colour, 有效期 expires, 芯片号 uid. A row with a chip's
UID gets a card bound to that chip, any other a card for printing. Wrong rows are named in report.csv and
the others go on; exit 1 says that there were some.""": """为名单 PEOPLE（CSV 文件）的每一行签发一张卡。

列名：编号、姓名、队伍、颜色、有效期、芯片号。有芯片号的行，卡只在那张芯片上有效；其余的行签发供打印的卡。
有错的行逐一写进 report.csv，其余照常；退出码 1 表示有错行。""",
    "Folder for cards.json and report.csv.": "cards.json 和 report.csv 放在哪个文件夹。",
    "Last valid day of cards whose row names none.": "没写有效期的行，卡最后有效的一天。",
    "Draw the CARDS of a cards.json as PDF: A4 sheets of ten, single cards, or labels.": (
        "把 cards.json 里的卡 CARDS 画成 PDF：每张 A4 十个、单张卡片，或标签。"
    ),
    "Where the PDF goes.": "PDF 放在哪里。",
    "Sheets of ten, single cards, or labels.": "A4 每张十个、单张卡片，或标签。",
    "Name on the card.": "印在卡上的社区名称。",
    "The same in English.": "社区的英文名称。",
    "Telephone or place for whoever finds a card.": "拾到卡的人交还的电话或地点。",
    "The community's picture for the card's upper edge, PNG or JPEG.": (
        "印在卡片上沿的社区标志，PNG 或 JPEG。"
    ),
    """Write one of the CARDS of a cards.json on CHIP, a card file or a dump of an NTAG's memory.

The conversation is the one that runs on a reader; here it runs on a file, which the simulated reader
takes as a card and other tools restore onto a chip.""": """\
把 cards.json 里的一张卡写到 CHIP：卡文件，或 NTAG 的内容文件。

写卡的步骤与读卡器上的相同，只是写在文件上；模拟读卡器把它当卡用，别的工具可以把它恢复到芯片上。""",
    "Whose card to write.": "写谁的卡（编号）。",
    "Make CHIP when it is not there.": "没有 CHIP 文件时，按这个型号新建。",
    """Say what CARD says, believed or not.

CARD is the text of a code, a file (text, NDEF message, card file, dump of a chip), or - for standard
input.""": """读出卡 CARD 写了什么，不论真假。

CARD 是二维码的文字、文件（文字、NDEF、卡文件、芯片内容），或 - 表示标准输入。""",
    "Say whether CARD holds for one of the keys of a RING. Exit 1 with the reason when it does not.": (
        "检验卡 CARD 是否由密钥环里的某个密钥签发；不是的话说明原因，退出码 1。"
    ),
    "UID of the chip that carried it, in hex, where the file does not say.": (
        "文件里没有时，芯片的编号（十六进制）。"
    ),
    "row {number}: {fault}": "第 {number} 行：{fault}",
    "key {key_id} in {key}; its public half in {ring}": "密钥 {key_id} 存入 {key}，公钥加进 {ring}",
    "{count} cards in {path}, {faults} rows refused": "{path} 里有 {count} 张卡，{faults} 行有错",
    "{count} cards in {path}, {faults} left out": "{path} 里有 {count} 张卡，{faults} 张没有画",
    "{path} holds no card {number}": "{path} 里没有编号 {number} 的卡",
    "{model} {uid}: {pages} pages written": "{model} {uid}：写了 {pages} 页",
    "a UID is hex digits": "芯片编号是十六进制数",
    "good: proves {proof}, card {card}": "有效：凭证强度 {proof}，卡号 {card}",
}
"""What the command says in English -> in Chinese."""


def is_chinese(environment: Mapping[str, str]) -> bool:
    """Whether the user's language is Chinese."""
    chosen = next((value for name in VARIABLES if (value := environment.get(name))), "")
    return chosen.startswith("zh")


def both(zh: str, en: str) -> str:
    """A sentence in both languages, the user's first: whoever helps may read the other."""
    return f"{zh} / {en}" if is_chinese(os.environ) else f"{en} / {zh}"


def translate(text: str) -> str:
    """One of the command's own texts in the user's language."""
    return CHINESE.get(text, text) if is_chinese(os.environ) else text
