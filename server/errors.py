"""The whole tree of the server's errors: one base, each class says what a person can do about it."""


class ServerError(Exception):
    """Something the caller can be told; ``code`` is for machines, ``zh`` and the message for people.

    ``zh`` says in one sentence what to do next. A class that always says the same carries it itself.
    """

    code = "server_error"
    zh = ""

    def __init__(self, message: str = "", *, zh: str = "") -> None:
        self.message = message or (self.__doc__ or "").splitlines()[0]
        if zh:
            self.zh = zh
        super().__init__(self.message)


class NotFound(ServerError):
    """There is no such thing here."""

    code = "not_found"


class Invalid(ServerError):
    """What was asked for does not fit the rules; the message names what to change."""

    code = "invalid"


class NotAllowed(ServerError):
    """This person or token may not do that."""

    code = "not_allowed"


class OwnHours(NotAllowed):
    """Nobody decides about their own hours."""

    code = "own_hours"
    zh = "不能办理自己的服务时长，请由其他人办理。"


class Conflict(ServerError):
    """Something else has changed it in the meantime, or it exists already."""

    code = "conflict"


class SunForged(Invalid):
    """This address was not written by a card of this community."""

    code = "card_forged"
    zh = "这个链接不是本社区的卡生成的。请把卡再贴一下手机；仍不行请联系社区。"


class SunReplayed(Conflict):
    """This reading of the card was shown before: hold the card to the phone again."""

    code = "card_replayed"
    zh = "这次读卡的链接已经用过。请把卡再贴一下手机。"


class Unauthenticated(ServerError):
    """Who asks is not known: sign in, or show a token that holds."""

    code = "unauthenticated"
    zh = "请先登录，或在请求头中带上有效的令牌。"


class KioskError(Unauthenticated):
    """A kiosk's request does not prove who it is; ``code`` says which part."""

    zh = "这台终端的身份无法核实，请重新注册终端。"

    def __init__(self, code: str, message: str = "") -> None:
        what_next, chinese = KIOSK_WORDS.get(code, ("enrol this kiosk again", ""))
        super().__init__(message or f"{code.replace('_', ' ')}: {what_next}", zh=chinese)
        self.code = code


KIOSK_WORDS: dict[str, tuple[str, str]] = {
    "code_unknown": (
        "it is wrong, used or older than a day; ask for a new one",
        "注册码有误、已用过或已超过一天，请重新获取一个。",
    ),
    "key_malformed": ("enrol this kiosk again", "终端的密钥格式有误，请重新注册终端。"),
    "nonce_unknown": ("ask for another", "会话请求已失效，终端会自动重试。"),
    "session_unknown": ("open another", "会话已过期，终端会自动重新连接。"),
    "counter_replayed": ("send the next", "这个请求已经收到过，终端会自动重试。"),
    "signature_invalid": (
        "is this the machine that was enrolled?",
        "终端的签名不符，请检查是否换过终端，必要时重新注册。",
    ),
    "kiosk_unknown": ("enrol it here", "这里没有这台终端，请重新注册终端。"),
    "kiosk_not_enrolled": (
        "enrol it with its code",
        "这台终端尚未注册，请先用注册码注册。",
    ),
}
"""For each code: what to do next, in English; what it means and what to do, in Chinese."""


class KioskRevoked(NotAllowed):
    """This kiosk has been revoked; it may still push what it holds."""

    code = "kiosk_revoked"
    zh = "这台终端已被停用，请联系社区工作人员。"


class TooMany(ServerError):
    """Too many requests; wait as long as ``retry_after`` says."""

    code = "too_many_requests"
    zh = "操作太频繁，请稍后再试。"

    def __init__(self, retry_after: int) -> None:
        super().__init__(zh=f"操作太频繁，请过 {retry_after} 秒再试。")
        self.retry_after = retry_after


class Busy(ServerError):
    """Somebody else is writing for too long; try again."""

    code = "busy"
    zh = "系统正忙，请稍后再试。"


class NotReady(ServerError):
    """The database is missing or older than this program: run ``yika-server init``."""

    code = "not_ready"
    zh = "数据库尚未建立或版本较旧，请运行 yika-server init。"


class BadConfig(ServerError):
    """A setting is missing or wrong; the message names it."""

    code = "bad_config"
