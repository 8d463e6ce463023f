"""A process that runs from one system call to the next, so that it can be stopped at any of them (ptrace(2)).

A signal cannot stop a process between a write and the sync behind it: it arrives when the sync has ended.
Only the main thread is stepped; the tracing thread must be the one that began.
"""

import ctypes
import os
import signal

_SEIZE, _INTERRUPT, _SYSCALL = 0x4206, 0x4207, 24
_OPTIONS = 0x100001  # PTRACE_O_EXITKILL, PTRACE_O_TRACESYSGOOD
_CALL = signal.SIGTRAP | 0x80
_ALL = 0x40000000  # __WALL
_C = ctypes.CDLL(None, use_errno=True)
_C.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_C.ptrace.restype = ctypes.c_long


class ProcessEnded(RuntimeError):
    """The traced process is no more."""


class Traced:
    """A process of ours, stopped at the beginning or end of a system call."""

    def __init__(self, pid: int) -> None:
        """Stop it."""
        self.pid = pid
        self._ask(_SEIZE, _OPTIONS)
        self._ask(_INTERRUPT)
        self._wait()

    def step(self) -> None:
        """Let it run to the next beginning or end of a system call."""
        passed_on = 0
        while True:
            self._ask(_SYSCALL, passed_on)
            stopped_by = self._wait()
            if stopped_by == _CALL:
                return
            passed_on = 0 if stopped_by == signal.SIGTRAP else stopped_by

    def _ask(self, what: int, data: int = 0) -> None:
        if _C.ptrace(what, self.pid, None, data) == -1:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def _wait(self) -> int:
        _, status = os.waitpid(self.pid, _ALL)
        if not os.WIFSTOPPED(status):
            raise ProcessEnded(f"process {self.pid} ended with status {status}")
        return os.WSTOPSIG(status)
