"""Fictional volunteers: 1,550 people drawn from a seed, with the mix of ages and cases of domain.md §7.

No one here is real; the four people whom the source article names are never drawn.
"""

from dataclasses import dataclass, replace
from datetime import date
from random import Random

SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
ELDERS = tuple(
    (
        "建国 秀英 桂珍 志强 玉兰 春梅 国华 淑珍 德明 文英 秀兰 福生 金凤 永福 月娥 荣根 美珍 根宝 雪芳 阿根"
    ).split()
)
MIDDLE = tuple(
    (
        "伟 芳 敏 静 丽 强 磊 军 洋 勇 艳 娟 涛 明 超 秀霞 平 刚 桂英 晓东 海燕 建平 红梅 志刚 丽华 永强 惠芬"
    ).split()
)
YOUNG = tuple(
    (
        "梓涵 子轩 雨桐 浩然 欣怡 思远 诗涵 宇航 佳怡 俊杰 一诺 若曦 明轩 可欣 天佑 语嫣 奕辰 雨泽 沐阳 书瑶"
    ).split()
)
NEVER = frozenset({"陈胜坚", "黄燕秋", "陈迅雷", "王英华"})
ESTATES = ("蠡湖家园", "美湖家园")
SKILLS = ("理发", "家电维修", "书法", "护理", "烹饪", "法律", "摄影", "英语", "缝纫", "驾驶")
COUNT = 1550
SETTLED = 20
"""The first twenty by number: active adults with consents and training, free of open or unsettled shifts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One fictional volunteer."""

    number: str
    name: str
    sex: str
    born: date
    phone: str | None
    area: str
    skills: tuple[str, ...]
    guardian: str | None
    guardian_consent: bool
    wall_consent: bool
    name_display: str
    lost_a_card: bool
    active: bool


def people(rng: Random, today: date, *, count: int = COUNT) -> list[Person]:
    """All volunteers, by number; the same seed and day give the same people."""
    drawn = [_person(rng, today, index) for index in range(count)]
    return _with_cases(drawn)


def age_on(born: date, today: date) -> int:
    """Whole years of age."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _person(rng: Random, today: date, index: int) -> Person:
    settled = index < SETTLED
    share = rng.random()
    if share < 0.55 or settled:
        years, given = rng.randint(60, 84), ELDERS
    elif share < 0.85:
        years, given = rng.randint(30, 59), MIDDLE
    elif share < 0.95:
        years, given = rng.randint(18, 29), YOUNG
    else:
        years, given = rng.choice((10, 11, 13, 14, 15, 15, 16, 16, 17)), YOUNG
    # The first of January or later, so that nobody is a year younger than drawn.
    born = date(today.year - years, 1, 1).replace(month=rng.randint(1, today.month), day=rng.randint(1, 24))
    name = _name(rng, given)
    minor = age_on(born, today) < 18
    return Person(
        number=f"M{index + 1:04d}",
        name=name,
        sex=rng.choice(("女", "女", "男")),
        born=born,
        phone=None if rng.random() < 0.08 and not settled else f"1990000{index + 1:04d}",
        area=f"{rng.choice(ESTATES)}{rng.randint(1, 68)}幢",
        skills=tuple(rng.sample(SKILLS, rng.choice((0, 0, 1, 1, 2)))),
        guardian=f"{name[0]}{rng.choice(MIDDLE)}" if minor else None,
        guardian_consent=minor and rng.random() < 0.9,
        wall_consent=rng.random() < 0.35,
        name_display=rng.choices(("full", "title", "nickname", "none"), (70, 20, 3, 7))[0],
        lost_a_card=rng.random() < 0.03 and not settled,
        active=settled or rng.random() < 0.96,
    )


def _name(rng: Random, given: tuple[str, ...]) -> str:
    while (name := rng.choice(SURNAMES) + rng.choice(given)) in NEVER:
        continue
    return name


def _with_cases(drawn: list[Person]) -> list[Person]:
    """The edge cases of domain.md §7.6: two of one name, a leap-day birthday, a minor without consent."""
    if len(drawn) < 60:
        return drawn
    drawn[40] = replace(drawn[40], name=drawn[41].name)
    drawn[42] = replace(drawn[42], born=date(1956, 2, 29), active=True)
    drawn[43] = replace(
        drawn[43], born=date(2014, 5, 1), guardian="周敏", guardian_consent=False, active=True
    )
    drawn[44] = replace(drawn[44], active=False)
    return drawn
