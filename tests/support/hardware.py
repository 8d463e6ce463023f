"""What tests of readers share: a reader with a simulated chip, and a log of what it told."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from hardware.nfc_reader import NfcReader
from hardware.ports import CardRead, Interrogator, ReaderState
from hardware.presentation import Patience
from hardware.simulated import Field, Ntag424Card, NtagCard, Pn532Uart
from tests.support.processes import PATIENCE

BRISK = Patience(poll_s=0.002, gone_ms=60, give_up_ms=400, answer_ms=30_000, backoff_s=(0.02, 0.05))
"""A patient reader's rules at a test's speed; a chip whose thread comes late is not taken for a dead one."""
STEADY = replace(BRISK, gone_ms=60_000, give_up_ms=60_000)
"""Where it must not matter how long a card is away, or how long it takes to be read."""
FOR_SILENCE = replace(BRISK, answer_ms=500)
"""Where the chip falls silent for good."""
MESSAGE = bytes.fromhex("D4094679696B612E636E3A63") + bytes(range(70))
"""A message of one external record; what it says does not matter to a reader."""
UID7 = bytes.fromhex("04112233445566")
"""What a card of ours is called unless a test says otherwise."""


def ntag(kind: str = "ntag213", last: int = UID7[-1], ndef: bytes | None = MESSAGE) -> NtagCard:
    """An NTAG whose UID ends in ``last``."""
    return NtagCard(kind, UID7[:-1] + bytes((last,)), ndef=ndef)


def ntag424(last: int = UID7[-1]) -> Ntag424Card:
    """An NTAG 424 with the same message, its random numbers known."""
    card = Ntag424Card(UID7[:-1] + bytes((last,)), lambda count: bytes(range(count)))
    card.write_ndef(MESSAGE)
    return card


@dataclass
class ReaderLog:
    """What a reader told, in order; waits without sleeping."""

    reads: list[CardRead] = field(default_factory=list)
    states: list[ReaderState] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def on_read(self, read: CardRead) -> None:
        with self.changed:
            self.reads.append(read)
            self.changed.notify_all()

    def on_state(self, name: str, state: ReaderState) -> None:
        with self.changed:
            self.states.append(state)
            self.changed.notify_all()

    def wait(self, condition: Callable[[], bool], timeout: float = PATIENCE) -> bool:
        with self.changed:
            return self.changed.wait_for(condition, timeout)

    def wait_reads(self, count: int, timeout: float = PATIENCE) -> list[CardRead]:
        assert self.wait(lambda: len(self.reads) >= count, timeout), f"{len(self.reads)} of {count} reads"
        return self.reads

    def wait_state(self, state: ReaderState, timeout: float = PATIENCE) -> None:
        assert self.wait(lambda: bool(self.states) and self.states[-1] is state, timeout), self.states


@dataclass
class Bench:
    """A running reader over a simulated chip."""

    uart: Pn532Uart
    reader: NfcReader
    log: ReaderLog

    @property
    def field(self) -> Field:
        return self.uart.field

    def looks(self, count: int, timeout: float = PATIENCE) -> None:
        """Wait until the chip has called into the field so many times more."""
        target = self.field.frames + count
        assert self.field.wait_for(lambda: self.field.frames >= target, timeout)

    def gone(self, patience: Patience = BRISK) -> None:
        """Take the card away and wait until the reader knows, on however slow a machine."""
        self.field.take()
        self.looks(2)
        due = time.monotonic() + patience.gone_ms / 1000
        assert self.field.wait_for(lambda: time.monotonic() > due, PATIENCE)
        self.looks(2)


@contextmanager
def bench(
    *,
    patience: Patience = BRISK,
    interrogator: Interrogator | None = None,
    uart: Pn532Uart | None = None,
    felica: bool = False,
) -> Iterator[Bench]:
    """A reader that is ready, with nothing in its field; closed at the end, whatever happened."""
    log = ReaderLog()
    with uart or Pn532Uart() as line:
        reader = NfcReader(line.path, name="door", patience=patience, felica=felica)
        reader.start(log.on_read, log.on_state, interrogator)
        try:
            log.wait_state(ReaderState.READY)
            yield Bench(line, reader, log)
        finally:
            reader.stop()


@contextmanager
def udp_peer(field: Field) -> Iterator[int]:
    """The other side of nfcpy's ``udp`` driver over a field; gives its port.

    Datagrams are ``106A`` and a frame in hexadecimal; anticollision is carried out level by level; ``RFOFF``
    switches the carrier off.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve_udp, args=(peer, field))
        thread.start()
        try:
            yield peer.getsockname()[1]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"END", peer.getsockname())
            thread.join()


def _serve_udp(peer: socket.socket, field: Field) -> None:
    levels: list[bytes] = []
    sak = 0
    while (datagram := peer.recvfrom(1024))[0] != b"END":
        words, address = datagram[0].split(), datagram[1]
        if words[0] != b"106A":
            field.off()
            continue
        frame = bytes.fromhex(words[1].decode())
        answer: bytes | None
        if frame == b"\x26":
            identity = field.select()
            answer = identity and identity.sens_res
            if identity:
                uid, sak = identity.uid, identity.sel_res
                levels = [uid] if len(uid) == 4 else [b"\x88" + uid[:3], uid[3:]]
        elif frame[0] in (0x93, 0x95) and frame[1] in (0x20, 0x70):
            level = (frame[0] - 0x93) // 2
            part = levels[level]
            check = bytes((part[0] ^ part[1] ^ part[2] ^ part[3],))
            last = level == len(levels) - 1
            answer = part + check if frame[1] == 0x20 else bytes((sak if last else sak | 0x04,))
        else:
            answer = field.exchange(frame)
        if answer is not None:
            peer.sendto(b"106A " + answer.hex().encode(), address)
