"""Every way a kiosk can fail: the whole tree on one page. A refused card is an outcome, not an error."""


class KioskError(Exception):
    """Something about the kiosk does not hold; the message says what to change."""


class ConfigWrong(KioskError, ValueError):
    """The configuration cannot be used; the message is one sentence that names the setting."""


class NotEnrolled(KioskError, LookupError):
    """This kiosk has no server yet: run ``yika-kiosk enrol URL CODE``."""


class EnrolmentRefused(KioskError, ValueError):
    """The server, or what claims to be it, did not enrol this kiosk."""


class JournalUnavailable(KioskError, OSError):
    """The disk did not take the event: nothing green may be shown."""


class RosterRefused(KioskError, ValueError):
    """A roster is not signed by our server, is older than ours, or is not what its signature says."""


class KioskNotRunning(KioskError, ConnectionError):
    """No kiosk answers on this machine."""


class ChoiceRefused(KioskError, ValueError):
    """A touch that cannot be taken; ``code`` is one of a closed list, with a sentence for the person."""

    def __init__(self, code: str) -> None:
        """Build the sentences from the code."""
        self.code = code
        self.zh, self.en = CHOICE_REFUSALS[code]
        super().__init__(f"{self.zh} {self.en}")


CHOICE_REFUSALS: dict[str, tuple[str, str]] = {
    "too_late": ("时间已过，请重新刷卡。", "Time is over: please tap again."),
    "unknown_choice": ("没有这个选项。", "There is no such choice."),
    "journal_unavailable": ("暂时无法记录，请找工作人员。", "Nothing can be recorded now: please ask staff."),
}


class CardNotFound(KioskError, LookupError):
    """The simulated hand has no such card; the message says what a card can be."""
