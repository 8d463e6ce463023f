"""The whole tree of the server's errors: one base, each class says what a person can do about it."""


class ServerError(Exception):
    """Something the caller can be told; ``code`` is for machines, the message for people."""

    code = "server_error"

    def __init__(self, message: str = "", *, zh: str = "") -> None:
        self.message = message or (self.__doc__ or "").splitlines()[0]
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


class Conflict(ServerError):
    """Something else has changed it in the meantime, or it exists already."""

    code = "conflict"


class Unauthenticated(ServerError):
    """Who asks is not known: sign in, or show a token that holds."""

    code = "unauthenticated"


class KioskError(Unauthenticated):
    """A kiosk's request does not prove who it is; ``code`` says which part."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or code.replace("_", " "))
        self.code = code


class KioskRevoked(NotAllowed):
    """This kiosk has been revoked; it may still push what it holds."""

    code = "kiosk_revoked"


class TooMany(ServerError):
    """Too many requests; wait as long as ``retry_after`` says."""

    code = "too_many_requests"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class Busy(ServerError):
    """Somebody else is writing for too long; try again."""

    code = "busy"


class NotReady(ServerError):
    """The database is missing or older than this program: run ``yika-server init``."""

    code = "not_ready"


class BadConfig(ServerError):
    """A setting is missing or wrong; the message names it."""

    code = "bad_config"
