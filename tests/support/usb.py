"""A USB bus for nfcpy: libusb's Python binding (usb1) as its transport asks it, with one reader plugged in.

Nothing lower can be had without a kernel module. nfcpy looks for the device's node and may only open what it
can read and write: an empty file stands there.
"""

import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nfc.clf.transport
import usb1

from hardware.simulated import Acr122u

BUS = 250
BULK, OUT, IN, LARGEST_PACKET = 2, 0x02, 0x82, 64


class Plug:
    """The reader's plug; ``path`` is what nfcpy is given."""

    def __init__(self, reader: Acr122u) -> None:
        self.reader = reader
        self.address = os.getpid() % 900 + 1
        self.path = f"usb:{BUS:03}:{self.address:03}"
        self.is_in = True
        self.opened = 0

    def pull(self) -> None:
        """Whoever holds the device finds it gone."""
        self.is_in = False

    def put(self) -> None:
        """In again, and powered up."""
        self.reader.power_up()
        self.is_in = True


@contextmanager
def plugged_in(reader: Acr122u) -> Iterator[Plug]:
    """The reader on the bus that nfcpy sees."""
    plug = Plug(reader)
    node = Path(f"/dev/bus/usb/{BUS:03}/{plug.address:03}")
    node.parent.mkdir(parents=True, exist_ok=True)
    node.touch(mode=0o600)
    real, nfc.clf.transport.libusb = nfc.clf.transport.libusb, _Libusb(plug)
    try:
        yield plug
    finally:
        nfc.clf.transport.libusb = real
        node.unlink()


class _Libusb:
    """Constants and errors are the real ones."""

    def __init__(self, plug: Plug) -> None:
        self._plug = plug

    def __getattr__(self, name: str) -> Any:
        return getattr(usb1, name)

    def USBContext(self) -> "_Context":
        return _Context(self._plug)


class _Context:
    def __init__(self, plug: Plug) -> None:
        self._plug = plug

    def __enter__(self) -> "_Context":
        return self

    def __exit__(self, *_: object) -> None:
        self.exit()

    def exit(self) -> None:
        """Nothing is held."""

    def getDeviceList(self, *, skip_on_error: bool) -> "list[_Device]":
        return [_Device(self._plug)] if self._plug.is_in else []


class _Device:
    """The reader as libusb lists it: one setting with an endpoint each way."""

    def __init__(self, plug: Plug) -> None:
        self._plug = plug
        self.getVendorID, self.getProductID = (lambda: 0x072F), (lambda: 0x2200)
        self.getBusNumber, self.getDeviceAddress = (lambda: BUS), (lambda: plug.address)
        self.getManufacturer, self.getProduct = (lambda: "ACS"), (lambda: "ACR122U PICC Interface")

    def iterSettings(self) -> "Iterator[_Device]":
        yield self

    def iterEndpoints(self) -> "Iterator[_Endpoint]":
        yield from (_Endpoint(OUT), _Endpoint(IN))

    def open(self) -> "_Handle":
        self._plug.opened += 1
        return _Handle(self._plug)


class _Endpoint:
    def __init__(self, address: int) -> None:
        self.getAddress, self.getAttributes = (lambda: address), (lambda: BULK)
        self.getMaxPacketSize = lambda: LARGEST_PACKET


class _Handle:
    """An opened device: what is written is answered at once, and read afterwards."""

    def __init__(self, plug: Plug) -> None:
        self._plug = plug
        self._said: deque[bytes] = deque()

    def claimInterface(self, number: int) -> None:
        assert number == 0

    def bulkWrite(self, endpoint: int, data: bytes, timeout: int) -> None:
        assert endpoint == OUT
        self._must_be_there()
        if data:  # an empty packet only says that a message of whole packets has ended
            self._said.append(self._plug.reader.answer(data))

    def bulkRead(self, endpoint: int, length: int, timeout: int) -> bytes:
        assert endpoint == IN
        self._must_be_there()
        if not self._said:
            raise usb1.USBErrorTimeout
        return self._said.popleft()[:length]

    def close(self) -> None:
        self._said.clear()

    def _must_be_there(self) -> None:
        if not self._plug.is_in:
            raise usb1.USBErrorNoDevice
