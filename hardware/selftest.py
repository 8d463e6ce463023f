"""Checks a kiosk before the first volunteer does: libraries, readers, camera, disk, database, clock.

Each check is a plain function of what was found, so that all advice is tested; :class:`Probes` finds it out.
"""

import ctypes
import re
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardware.factory import build_indicator, build_reader, build_voice
from hardware.ports import CardReader, HardwareError, ReaderState
from hardware.qr_frames import Light, sample

PATIENCE_SECONDS = 8
LEAST_FREE = 200_000_000
SLOW_COMMIT_MS = 100
LONGEST_EXPOSURE_MS = 10.0
"""In this time a card in a hand moves by about one module."""
MOST_WHITE = 0.2
"""More of the picture than this without any drawing is glare, not paper."""
BORN = 1_767_225_600_000
"""2026-01-01: a clock that shows less was never set."""
WAL_FIXED = (3, 51, 3)
"""From here on SQLite does not damage a WAL that several connections write at once (its release notes)."""
PACKAGES = {
    "libGL.so": "libgl1",
    "libgthread": "libglib2.0-0",
    "libglib": "libglib2.0-0",
    "libusb": "libusb-1.0-0",
    "libpcsclite": "libpcsclite1",
    "libxcb": "libxcb1",
    "libatomic": "libatomic1",
}
"""Shared libraries that Python packages leave to the system, and the Debian packages that bring them."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and what to do about it."""

    name: str
    ok: bool
    message_zh: str
    message_en: str


def _modules(path: Path) -> set[str]:
    return {line.split()[0] for line in path.read_text().splitlines() if line} if path.exists() else set()


def _processes(proc: Path) -> set[str]:
    names = set()
    for comm in proc.glob("[0-9]*/comm"):
        try:
            names.add(comm.read_text().strip())
        except OSError:
            continue  # it ended while we looked
    return names


def _commit_ms(folder: Path) -> float:
    """The median of some durable commits, in a database of its own beside the journal."""
    with tempfile.TemporaryDirectory(prefix="selftest-", dir=folder) as place:
        database = sqlite3.connect(Path(place, "try.db"), isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            database.execute("CREATE TABLE tap (at INTEGER)")
            times = []
            for _ in range(9):
                started = time.perf_counter()
                database.execute("INSERT INTO tap VALUES (1)")
                times.append((time.perf_counter() - started) * 1000)
        finally:
            database.close()
    return sorted(times)[len(times) // 2]


def _clock_synced() -> bool:
    """What the kernel says (adjtimex(2), asking only); 5 is TIME_ERROR."""
    return ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(256)) not in (-1, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """How things are found out; a test gives its own."""

    modules: Callable[[], set[str]] = lambda: _modules(Path("/proc/modules"))
    processes: Callable[[], set[str]] = lambda: _processes(Path("/proc"))
    free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free
    commit_ms: Callable[[Path], float] = _commit_ms
    sqlite_version: tuple[int, ...] = sqlite3.sqlite_version_info
    now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    clock_synced: Callable[[], bool] = _clock_synced
    light: Callable[[str], Light] = sample
    build: Callable[..., CardReader] = build_reader
    patience: float = PATIENCE_SECONDS


def run(
    readers: Sequence[Mapping[str, Any]],
    *,
    data_dir: Path | None = None,
    lights: str = "none",
    voice: str = "none",
    probes: Probes | None = None,
) -> list[Check]:
    """Every check in turn, with the settings of the kiosk's configuration file."""
    found = probes or Probes()
    return [*_hardware_checks(readers, lights, voice, found), *_system_checks(data_dir, found)]


def _hardware_checks(
    readers: Sequence[Mapping[str, Any]], lights: str, voice: str, probes: Probes
) -> Iterator[Check]:
    drivers = {str(reader.get("driver")) for reader in readers}
    yield check_holders(drivers, probes.modules(), probes.processes())
    for number, settings in enumerate(readers, start=1):
        name = f"{settings.get('driver')}-{number}"
        yield try_reader(name, settings, probes)
        if settings.get("driver") == "camera":
            yield try_camera(name, str(settings.get("source", "")), probes.light)
    yield _try("lights", lambda: _flash(lights), "灯光正常", "lights work")
    yield _try("voice", lambda: _speak(voice), "语音正常", "the voice works")


def _system_checks(data_dir: Path | None, probes: Probes) -> Iterator[Check]:
    yield check_sqlite(probes.sqlite_version)
    if data_dir is not None:
        yield check_disk(probes.free_bytes(data_dir), data_dir)
        try:
            yield check_commit(probes.commit_ms(data_dir))
        except (sqlite3.Error, OSError) as error:
            yield Check("journal", False, f"记录盘写不进去:{error}", f"the disk cannot be written: {error}")
    yield check_clock(probes.now_ms(), synced=probes.clock_synced())


def check_holders(drivers: set[str], modules: set[str], processes: set[str]) -> Check:
    """Whether something else holds the NFC reader (nfcpy#40, #126, #28)."""
    kernel = sorted(module for module in modules if module in ("pn533", "pn533_usb", "port100"))
    if "nfcpy" in drivers and kernel:
        names = " ".join(kernel)
        line = "; ".join(
            f"echo 'blacklist {module}' | sudo tee -a /etc/modprobe.d/yika.conf" for module in kernel
        )
        return Check(
            "holders", False, f"内核模块 {names} 占用读卡器,请执行:{line},然后重启",
            f"the kernel's {names} holds the reader; run: {line}; then reboot",
        )  # fmt: skip
    if "nfcpy" in drivers and "pcscd" in processes:
        stop = "sudo systemctl disable --now pcscd.socket pcscd"
        return Check(
            "holders", False, f"pcscd 正在占用读卡器,请执行:{stop};或改用 driver = \"pcsc\"",
            f'pcscd may hold the reader; run: {stop}; or use driver = "pcsc"',
        )  # fmt: skip
    if "pcsc" in drivers and "pcscd" not in processes:
        return Check(
            "holders", False, "pcscd 没有运行:sudo systemctl enable --now pcscd.socket",
            "pcscd does not run: sudo systemctl enable --now pcscd.socket",
        )  # fmt: skip
    return Check("holders", True, "没有别的程序占用读卡器", "nothing else holds the reader")


def try_reader(name: str, settings: Mapping[str, Any], probes: Probes) -> Check:
    """Whether a reader can be made, opened, and answers."""
    ready = threading.Event()
    try:
        reader = probes.build(settings, name=name)
        reader.start(
            lambda _read: None, lambda _name, state: ready.set() if state is ReaderState.READY else None
        )
    except HardwareError as error:
        return Check(
            name, False, f"读卡器不能用:{advice(str(error))}", f"cannot be used: {advice(str(error))}"
        )
    try:
        answers = ready.wait(probes.patience)
    finally:
        reader.stop()
    if answers:
        return Check(name, True, "读卡器有应答", "the reader answers")
    return Check(
        name, False, f"{probes.patience:.0f} 秒内没有应答:检查接线、供电和配置里的路径",
        f"no answer within {probes.patience:.0f} s: check cable, power, and the path in the configuration",
    )  # fmt: skip


def try_camera(name: str, source: str, light: Callable[[str], Light]) -> Check:
    """Whether a camera sees well enough to read a code."""
    try:
        return check_light(f"{name}-light", light(source))
    except HardwareError as error:
        return Check(f"{name}-light", False, f"摄像头打不开:{advice(str(error))}", advice(str(error)))


def check_light(name: str, light: Light) -> Check:
    """Advice on lamp, exposure and lens: what is wrong first, in words; the figures behind it."""
    exposure = light.told.get("exposure_ms")
    kept = "" if exposure is None else f", {exposure:g} ms"
    levels = f"{light.brightness:.0f}/{light.contrast:.0f}/{light.sharpness:.0f}"
    measured = f"{levels}, {light.washed_out:.0%} white{kept}"
    problems = (
        (
            isinstance(exposure, float) and exposure > LONGEST_EXPOSURE_MS,
            "曝光太长,手里的卡会拖影:设 exposure_ms = 5 并加一盏灯",
            "the exposure is long, a card in a hand will smear: set exposure_ms = 5 and add a lamp",
        ),
        (
            light.washed_out > MOST_WHITE,
            "画面里有强光:把灯移到侧面,别对着窗",
            "a strong light is in the picture: move the lamp aside, face no window",
        ),
        (light.brightness < 40, "太暗:加一盏灯", "too dark: add a lamp"),
        (light.brightness > 215, "太亮:避开直射光", "too bright: keep direct light away"),
        (
            light.contrast < 8,
            "画面几乎没有内容:镜头被挡住了吗",
            "hardly anything to see: is the lens covered",
        ),
        (light.sharpness < 20, "模糊:擦镜头、调焦,或画面太空", "blurred: clean and focus the lens"),
    )
    for wrong, zh, en in problems:
        if wrong:
            return Check(name, False, f"{zh}({measured})", f"{en} ({measured})")
    return Check(name, True, f"光线和清晰度合适({measured})", f"light and focus are fine ({measured})")


def check_sqlite(version: tuple[int, ...]) -> Check:
    """Whether this SQLite is known to keep a write-ahead log whole."""
    name = ".".join(str(part) for part in version)
    if version >= WAL_FIXED:
        return Check("sqlite", True, f"SQLite {name}", f"SQLite {name}")
    return Check(
        "sqlite", True, f"SQLite {name}:低于 3.51.3,本机只用一个连接写记录,因此安全",
        f"SQLite {name} is older than 3.51.3; safe, since the kiosk writes through one connection only",
    )  # fmt: skip


def check_commit(milliseconds: float) -> Check:
    """Whether the disk keeps a durable commit short: the green light waits for it."""
    took = f"{milliseconds:.0f} ms"
    if milliseconds <= SLOW_COMMIT_MS:
        return Check("journal", True, f"每次落盘 {took}(synchronous=FULL)", f"a durable commit takes {took}")
    return Check(
        "journal", False, f"每次落盘 {took},太慢:换一张好的存储卡",
        f"a durable commit takes {took}: use a better SD card",
    )  # fmt: skip


def check_disk(free: int, path: Path) -> Check:
    """Whether a month without network fits."""
    megabytes = free // 1_000_000
    if free >= LEAST_FREE:
        return Check("disk", True, f"剩余 {megabytes} MB", f"{megabytes} MB free")
    return Check(
        "disk", False, f"{path} 只剩 {megabytes} MB,请清理", f"only {megabytes} MB free in {path}: make room"
    )


def check_clock(now: int, *, synced: bool) -> Check:
    """Whether the wall clock can be believed; without it records stay, but their dates wait for a sync."""
    if now < BORN:
        return Check(
            "clock", False, "时钟还停在 2026 年以前:联网对时后再用",
            "the clock is before 2026: connect it to a network",
        )  # fmt: skip
    if not synced:
        return Check(
            "clock", False, "时钟未同步:检查网络和 systemd-timesyncd",
            "not synchronised: check network and systemd-timesyncd",
        )  # fmt: skip
    return Check("clock", True, "时钟已同步", "the clock is synchronised")


def advice(message: str) -> str:
    """A message, and the Debian package to install where it names a missing shared library."""
    missing = re.search(r"(lib[\w+.-]+): cannot open shared object", message)
    wanted = [] if missing is None else [p for lib, p in PACKAGES.items() if missing[1].startswith(lib)]
    return f"{message} → sudo apt install {wanted[0]}" if wanted else message


def _try(name: str, attempt: Callable[[], None], zh: str, en: str) -> Check:
    try:
        attempt()
    except HardwareError as error:
        return Check(name, False, advice(str(error)), advice(str(error)))
    return Check(name, True, zh, en)


def _flash(kind: str) -> None:
    lights = build_indicator(kind)
    lights.show("accepted")
    lights.close()


def _speak(kind: str) -> None:
    with tempfile.TemporaryDirectory(prefix="yika-selftest-") as folder:
        voice = build_voice(kind, **({} if kind == "none" else {"cache_dir": folder}))
        voice.close()
