"""The issuing desk's end of the pipe: while staff make cards here, a card on the reader is no tap."""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from hardware.ports import CardRead, CardTornAway, Interrogator, Transceive
from kiosk.challenge import RosterHolder
from kiosk.ports import Clock, DeskApi
from server.contract.desk import MOST_ANSWERS, CardLaid, DeskReply, DeskState, DeskWord

log = logging.getLogger(__name__)
ASK_SECONDS = 1.0
"""How often a kiosk that is a desk asks whether cards are made at it."""
STOP_SECONDS = 5.0
DESK = "desk"


class Desk:
    """Stands between the readers and the kiosk: interrogates cards for the server, and keeps them from taps.

    What the server said last holds for a few seconds. When it cannot be reached any longer, cards are taps
    again; one that lies there meanwhile is still the desk's until it is taken away.
    """

    def __init__(
        self,
        api: DeskApi,
        roster: RosterHolder,
        clock: Clock,
        *,
        tap: Callable[[CardRead], None],
        interrogator: Interrogator,
        show: Callable[[DeskWord], None] = lambda _: None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """``tap`` and ``interrogator`` are what readers meet while no cards are made here."""
        self._api, self._roster, self._clock = api, roster, clock
        self._tap, self._interrogator = tap, interrogator
        self._show, self._on_change = show, on_change
        self._until = 0
        self._begun: bytes | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)

    @property
    def is_open(self) -> bool:
        """Whether cards are made here now."""
        return self._clock.sample().uptime_ms < self._until

    def start(self) -> None:
        """Begin to ask; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.ask_once()
            except Exception:
                log.exception("asking for the desk failed; it begins again")
            self._stopping.wait(ASK_SECONDS)

    def ask_once(self) -> None:
        """Ask whether cards are made here; a kiosk that is no desk need not ask."""
        view = self._roster.view
        if view is None or DESK not in view.entries:
            self._hold(0)
            return
        answer = self._api.desk()
        if isinstance(answer, DeskState):
            self._hold(answer.holds_ms if answer.open else 0)
        elif not self.is_open:
            self._hold(0)

    def _hold(self, holds_ms: int) -> None:
        was_open = self._until > 0
        self._until = self._clock.sample().uptime_ms + holds_ms if holds_ms else 0
        if was_open != bool(holds_ms):
            self._on_change()

    def __call__(self, uid: bytes, ndef: bytes, transceive: Transceive) -> Mapping[str, Any] | None:
        """``hardware.ports.Interrogator``: make the card, or ask it as at any kiosk."""
        if self.is_open:
            self._begun = uid
            word = self._carry(uid, transceive)
            if word is not DeskWord.CLOSED:
                self._show(word)
                return {DESK: str(word)}
            self._begun = None
        return self._interrogator(uid, ndef, transceive)

    def tap(self, read: CardRead) -> None:
        """A presentation is over: the desk's, or a tap."""
        begun, self._begun = self._begun, None
        if DESK in read.proof:
            return
        if begun is not None and begun == read.uid:
            self._show(DeskWord.AGAIN)
            return
        if self.is_open and self._bare(read) is not DeskWord.CLOSED:
            return
        self._tap(read)

    def _bare(self, read: CardRead) -> DeskWord:
        """A card that no frames can be carried to: of some only the UID is known."""
        if read.medium != "nfc" or not read.uid:
            self._show(DeskWord.REFUSED)
            return DeskWord.REFUSED
        word = self._said(CardLaid(uid=read.uid, talks=False)).word
        if word is not DeskWord.CLOSED:
            self._show(word)
        return word

    def _carry(self, uid: bytes, transceive: Transceive) -> DeskWord:
        """Carry frames and answers to and fro until the server has seen enough."""
        attempt, answers = "", list[bytes]()
        while len(answers) < MOST_ANSWERS:
            reply = self._said(CardLaid(uid=uid, attempt=attempt, answers=tuple(answers)))
            if reply.word is not DeskWord.GO:
                return reply.word
            attempt = reply.attempt
            try:
                answers += _answers(reply, transceive)
            except CardTornAway:
                self._said(CardLaid(uid=uid, attempt=attempt, torn=True))
                raise
        return DeskWord.AGAIN

    def _said(self, laid: CardLaid) -> DeskReply:
        answer = self._api.card_laid(laid)
        if isinstance(answer, DeskReply):
            return answer
        log.warning("a card at the desk: %s", answer)
        return DeskReply(word=DeskWord.AGAIN)


def _answers(reply: DeskReply, transceive: Transceive) -> list[bytes]:
    """Say the frames, as long as each answer is the expected one."""
    answers = []
    for frame in reply.frames:
        answers.append(transceive(frame.send))
        if answers[-1] != frame.expect:
            break
    return answers
