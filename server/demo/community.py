"""The demo community's teams, sites, activities and recurring turns (domain.md §7.1, 7.2, 7.5)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

NAME = "美湖社区"
NAME_EN = "Meihu Community"
RECORDER = "美湖社区居民委员会"
CONTACT = "社工站 0510-0000 0001"


@dataclass(frozen=True, slots=True)
class TeamSpec:
    """A team and how many have it as their main team."""

    name: str
    name_en: str
    members: int
    partner: str | None = None


TEAMS = (
    TeamSpec("平安美湖", "Safe Meihu Patrol", 96),
    TeamSpec("舌尖美湖", "Taste of Meihu", 24),
    TeamSpec("健康护卫队", "Health Guards", 62),
    TeamSpec("青少年志愿团队", "Youth Volunteers", 140),
    TeamSpec("爱心护学岗", "School Crossing Guards", 36),
    TeamSpec("夕阳红文娱队", "Sunset Entertainers", 48),
    TeamSpec("美湖艺术团", "Meihu Art Troupe", 26),
    TeamSpec("党员先锋队", "Party Members' Vanguard", 210),
    TeamSpec("巾帼暖心队", "Women's Warm Hearts", 88),
    TeamSpec("银龄互助队", "Silver Age Mutual Aid", 120),
    TeamSpec("便民维修队", "Handy Repairs", 28),
    TeamSpec("爱心理发队", "Kind Barbers", 16),
    TeamSpec("绿色环保队", "Green Meihu", 110),
    TeamSpec("助残爱心队", "Disability Support", 34),
    TeamSpec("法律援助队", "Legal Aid", 14, "律师事务所(共建单位)"),
    TeamSpec("税务服务队", "Tax Advice", 18, "税务局(共建单位)"),
    TeamSpec("民盟专家队", "Democratic League Experts", 20, "民盟(共建单位)"),
    TeamSpec("科普宣传队", "Science for All", 40),
    TeamSpec("邻里调解队", "Neighbourhood Mediation", 22),
    TeamSpec("应急救援队", "Emergency Response", 45),
    TeamSpec("书香美湖读书队", "Meihu Readers", 60),
    TeamSpec("文明交通劝导队", "Traffic Courtesy", 93),
)


@dataclass(frozen=True, slots=True)
class ActivitySpec:
    """An activity: ``kind`` as in the roster; non-service counts nothing (民政部令67 art. 19)."""

    key: str
    name: str
    name_en: str
    kind: str = "service"
    team: str | None = None
    training: bool = False


ACTIVITIES = (
    ActivitySpec("duty", "综合值守", "General duty"),
    ActivitySpec("patrol", "平安巡逻", "Safety patrol", "patrol", "平安美湖"),
    ActivitySpec("hut", "健康小屋", "Health hut", team="健康护卫队"),
    ActivitySpec("crossing", "爱心护学岗", "School crossing", team="爱心护学岗", training=True),
    ActivitySpec("advice", "健康咨询", "Health advice", team="健康护卫队"),
    ActivitySpec("lecture", "健康讲座", "Health lecture", team="健康护卫队"),
    ActivitySpec("clinic", "广场义诊", "Square clinic", team="健康护卫队"),
    ActivitySpec("meal", "舌尖美湖节日餐", "Festival meal", team="舌尖美湖"),
    ActivitySpec("show", "敬老院演出", "Show at the home for the aged", team="夕阳红文娱队"),
    ActivitySpec("rehearsal", "排练", "Rehearsal", "non_service", "美湖艺术团"),
    ActivitySpec("youth", "青少年志愿服务", "Youth service", team="青少年志愿团队"),
    ActivitySpec("green", "绿色环保", "Green Meihu", team="绿色环保队"),
    ActivitySpec("repair", "便民服务日", "Handy service day", team="便民维修队"),
)


@dataclass(frozen=True, slots=True)
class SiteSpec:
    """A place; desks and checkpoints have kiosks, the others are where work is done."""

    key: str
    name: str
    name_en: str
    role: str = "desk"
    kiosk: bool = False
    offered: tuple[str, ...] = ("duty",)


SITES = (
    SiteSpec("hub", "孵化园", "Volunteer Hub", kiosk=True),
    SiteSpec("hut", "健康小屋", "Health Hut", kiosk=True, offered=("hut", "advice", "lecture")),
    SiteSpec("south", "小学南门", "School South Gate", kiosk=True, offered=("crossing",)),
    SiteSpec("north", "小学北门", "School North Gate", offered=("crossing",)),
    SiteSpec("canteen", "社区食堂", "Community Canteen", kiosk=True, offered=("duty", "meal")),
    SiteSpec(
        "hall",
        "文体活动室",
        "Culture and Sports Room",
        kiosk=True,
        offered=("duty", "show", "rehearsal", "youth"),
    ),
    SiteSpec("home", "敬老院", "Home for the Aged", offered=("show",)),
    SiteSpec("care", "居家养老服务中心", "Home Care Centre"),
    SiteSpec("reading", "读书角", "Reading Corner"),
    SiteSpec("east", "蠡湖家园东门", "Lihu Estate East Gate", "checkpoint", kiosk=True),
    SiteSpec("west", "蠡湖家园西门", "Lihu Estate West Gate", "checkpoint"),
    SiteSpec("msouth", "美湖家园南门", "Meihu Estate South Gate", "checkpoint", kiosk=True),
    SiteSpec("mnorth", "美湖家园北门", "Meihu Estate North Gate", "checkpoint"),
    SiteSpec("square", "中心广场", "Central Square", "checkpoint", kiosk=True),
    SiteSpec("garage", "地下车库A", "Garage A", "checkpoint"),
    SiteSpec("bikes", "电动车棚B", "E-bike Shed B", "checkpoint"),
    SiteSpec("waste", "垃圾分类亭C", "Waste Sorting C", "checkpoint"),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a day: minutes since midnight, Shanghai time."""

    activity: str
    site: str
    team: str
    start: int
    end: int
    size: int


def turns_on(day: date, *, school_day: bool) -> Iterator[Turn]:
    """The turns of one day by the templates of domain.md §7.5."""
    yield Turn("patrol", "hub", "平安美湖", _at(8, 30), _at(9, 15), 4)
    yield Turn("patrol", "hub", "平安美湖", _at(19, 0), _at(19, 45), 4)
    yield Turn("hut", "hut", "健康护卫队", _at(9, 0), _at(11, 0), 2)
    if school_day:
        yield Turn("crossing", "south", "爱心护学岗", _at(7, 20), _at(8, 0), 6)
        yield Turn("crossing", "south", "爱心护学岗", _at(15, 50), _at(16, 40), 6)
    week = (day.day - 1) // 7
    if day.weekday() == 2:
        yield Turn("advice", "hut", "健康护卫队", _at(14, 0), _at(15, 30), 4)
    if day.weekday() == 3 and week == 1:
        yield Turn("lecture", "hut", "健康护卫队", _at(14, 0), _at(15, 30), 3)
    if day.weekday() == 4 and week in (0, 2):
        yield Turn("show", "hall", "夕阳红文娱队", _at(14, 0), _at(15, 30), 18)
    if day.weekday() == 1:
        yield Turn("rehearsal", "hall", "美湖艺术团", _at(14, 0), _at(15, 30), 12)
    if day.weekday() == 5:
        yield Turn("youth", "hall", "青少年志愿团队", _at(9, 0), _at(10, 30), 15)
        yield Turn("green", "hub", "绿色环保队", _at(8, 0), _at(9, 30), 12)
    if day.day == 28:
        yield Turn("repair", "hub", "便民维修队", _at(9, 0), _at(11, 0), 10)


def _at(hour: int, minute: int) -> int:
    return hour * 60 + minute
