"""Ports for programs of tests that are started later, or again: nobody takes one between two starts."""

import socket
from contextlib import ExitStack, suppress
from pathlib import Path

KERNELS = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""What the kernel gives away: any connection or test server of this machine may have one of these at once."""


def claimed_port(adjacent: int = 1) -> int:
    """A TCP port below those that the kernel gives away; for this process alone as long as it lives.

    The claim is the UDP port of the same number, which our programs do not use and every test asks for first.
    ``adjacent`` claims so many in a row, of which the first is given.
    """
    lowest = int(KERNELS.read_text().split()[0])
    for port in range(lowest - adjacent, 1024, -1):
        with suppress(OSError), ExitStack() as claims:
            held = [_claim(claims, port + place) for place in range(adjacent)]
            for claim in held:
                claim.detach()
            return port
    raise AssertionError("every port below the kernel's own is taken")


def _claim(claims: ExitStack, port: int) -> socket.socket:
    claim = claims.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    claim.bind(("127.0.0.1", port))
    with socket.socket() as free:
        free.bind(("0.0.0.0", port))
    return claim
