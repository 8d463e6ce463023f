"""How many QR codes each decoder reads, and how fast, on seeded pictures with one fault at a time.

    python -m benchmarks.decoders [--photos DIR [--each 8]] [--count 40] [--seed 1] [--json FILE]

Prints Markdown tables: single pictures of 640 × 480 by kind of fault; hand-held sequences of eight frames of
1280 × 720, where a decoder has until the last frame; empty rooms of that size, with what was read and is
not there; and with ``--photos`` a folder of your own, each first folder below it a class, at full size.
Everything else is drawn here, nothing is fetched. All decoders run in this process on one thread, and times
are that thread's own; ratios within one run count. Kept as JSON in benchmarks/results/.

A photo counts as read when its text is in the file beside it (``NAME.txt``), or where there is none, when
anything was read; it counts as wrong when the file says otherwise. Every answer is kept as it comes
(``--answers``), so a long run may be cut and go on.
"""

import argparse
import contextlib
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import qr_pictures
from benchmarks.report import load, machine
from hardware.qr_camera import CameraSettings, Watcher
from hardware.qr_decode import Decoder
from hardware.qr_frames import PICTURES

Gray = np.ndarray[Any, np.dtype[Any]]
Read = Callable[[Gray], bytes | None]
RESULTS = Path(__file__).parent / "results"


@dataclass
class Row:
    """One decoder on one kind of fault."""

    decoder: str
    kind: str
    rate: float
    ms_median: float
    ms_p95: float
    ms_mean: float
    pictures: int
    wrong: int = 0


@dataclass
class Report:
    """All that one run found."""

    count: int
    seed: int
    pictures: list[Row] = field(default_factory=list)
    sequences: list[Row] = field(default_factory=list)
    empty: list[Row] = field(default_factory=list)
    photos: list[Row] = field(default_factory=list)


def decoders() -> dict[str, Callable[[], Read]]:
    """Name → factory of a decoder; pyzbar takes part when it is installed."""
    import zxingcpp

    def zxing(**options: bool) -> Read:
        def read(gray: Gray) -> bytes | None:
            codes = zxingcpp.read_barcodes(gray, formats=zxingcpp.BarcodeFormat.QRCode, **options)
            return codes[0].bytes if codes else None

        return read

    def opencv(detector: Any) -> Read:
        def read(gray: Gray) -> bytes | None:
            try:
                return detector.detectAndDecode(gray)[0].encode() or None
            except (cv2.error, UnicodeDecodeError):
                return None

        return read

    found: dict[str, Callable[[], Read]] = {
        "ours": lambda: Decoder().read,
        "zxing": lambda: zxing(try_rotate=False, try_invert=False),
        "zxing, all options": zxing,
        "cv2 Aruco": lambda: opencv(cv2.QRCodeDetectorAruco()),
        "cv2.QRCodeDetector": lambda: opencv(cv2.QRCodeDetector()),
    }
    try:
        from pyzbar import pyzbar
    except ImportError:
        return found

    def zbar(gray: Gray) -> bytes | None:
        codes = pyzbar.decode(gray, symbols=[pyzbar.ZBarSymbol.QRCODE])
        return bytes(codes[0].data) or None if codes else None  # without bytes it has read nothing

    return {**found, "pyzbar": lambda: zbar}


def _timed(read: Read, gray: Gray) -> tuple[bytes | None, float]:
    started = time.thread_time()  # what else runs on this machine is not the decoder's fault
    content = read(gray)
    return content, (time.thread_time() - started) * 1000


def _row(decoder: str, kind: str, right: Sequence[bool], times: Sequence[float], wrong: int) -> Row:
    p95 = sorted(times)[int(0.95 * (len(times) - 1))]
    rate = 100 * sum(right) / len(right)
    middle, mean = round(statistics.median(times), 2), round(statistics.fmean(times), 2)
    return Row(decoder, kind, round(rate, 1), middle, round(p95, 2), mean, len(right), wrong)


def pictures(count: int, seed: int, names: Sequence[str], kinds: Sequence[str]) -> list[Row]:
    """Every decoder on the same single pictures."""
    rows = []
    for kind in kinds:
        cases = [qr_pictures.picture(kind, np.random.default_rng((seed, i))) for i in range(count)]
        for name in names:
            read = decoders()[name]()
            answers = [_timed(read, gray) for _, gray in cases]
            right = [answer[0] == text for answer, (text, _) in zip(answers, cases, strict=True)]
            wrong = sum(a[0] not in (None, text) for a, (text, _) in zip(answers, cases, strict=True))
            rows.append(_row(name, kind, right, [ms for _, ms in answers], wrong))
    return rows


def sequences(count: int, seed: int, names: Sequence[str]) -> list[Row]:
    """Every decoder on the same hand-held sequences; ours by way of the whole watcher, gate and all."""
    cases = [qr_pictures.sequence(np.random.default_rng((seed, 7, i))) for i in range(count)]
    rows = []
    for name in names:
        right, times = [], []
        for text, empty, frames in cases:
            read = _watching(empty) if name == "ours" else decoders()[name]()
            content = None
            for frame in frames:
                content, ms = _timed(read, frame)
                times.append(ms)
                if content is not None:
                    break
            right.append(content == text)
        rows.append(_row(name, "hand-held", right, times, 0))
    return rows


def _watching(empty: Sequence[Gray]) -> Read:
    """Our reader as it stands at the door: it has seen the empty scene for a while before the card comes."""
    watcher, now = Watcher(CameraSettings()), 0

    def read(gray: Gray) -> bytes | None:
        nonlocal now
        now += 40
        found = watcher.look(gray, now)
        return found[0].content if found else None

    for frame in empty:
        read(frame)
    now += Watcher.EAGER_MS
    read(empty[-1])
    return read


def empty_rooms(count: int, seed: int, names: Sequence[str]) -> list[Row]:
    """Rooms of 1280 × 720 without a code: what a frame costs, and what is read that is not there."""
    rng = np.random.default_rng((seed, 8))
    rooms = [
        [qr_pictures.grain(rng, room, 4.0) for _ in range(8)]
        for room in (qr_pictures.scene(rng, 1280, 720) for _ in range(count))
    ]
    rows = []
    for name in names:
        answers = []
        for frames in rooms:
            read = _watching(frames) if name == "ours" else decoders()[name]()
            answers += [_timed(read, frame) for frame in frames]
        wrong = sum(content is not None for content, _ in answers)
        nothing = [content is None for content, _ in answers]
        rows.append(_row(name, "empty", nothing, [ms for _, ms in answers], wrong))
    return rows


def photos(folder: Path, names: Sequence[str], kept: Path, each: int | None = None) -> list[Row]:
    """Every decoder on the same photographs as they are; each first folder is a class.

    Each answer is added to ``kept`` at once, and what stands there is not asked again: a run of an hour may
    be cut and go on. The classes take turns, so that a run that was cut has seen some of each.
    """
    answers = [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []
    asked = {(answer["photo"], answer["decoder"]) for answer in answers}
    chosen = _in_turn(folder, each)
    readers = {name: decoders()[name]() for name in names}
    with kept.open("a", encoding="utf-8") as log:
        for path in chosen:
            photo, gray = str(path.relative_to(folder)), None
            for name in names:
                if (photo, name) in asked:
                    continue
                gray = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) if gray is None else gray
                if gray is None:
                    break  # no picture after all
                content, ms = _timed(readers[name], gray)
                answer = {"photo": photo, "decoder": name, "ms": round(ms, 2)}
                answers.append(answer | {"read": None if content is None else content.hex()})
                log.write(json.dumps(answers[-1]) + "\n")
                log.flush()
    wanted = {str(path.relative_to(folder)) for path in chosen}
    return _by_class(folder, [answer for answer in answers if answer["photo"] in wanted], names)


def _in_turn(folder: Path, each: int | None) -> list[Path]:
    """So many photographs of each class, evenly spread over it; the first of each class, the second …"""
    classes: dict[str, list[Path]] = {}
    for place, _, files in os.walk(folder, followlinks=True):
        for path in (Path(place, file) for file in files):
            if path.suffix.lower() in PICTURES:
                classes.setdefault(path.relative_to(folder).parts[0], []).append(path)
    turns = []
    for _, paths in sorted(classes.items()):
        count = min(each or len(paths), len(paths))
        spread = [sorted(paths)[index * len(paths) // count] for index in range(count)]
        turns += [(index / count, path) for index, path in enumerate(spread)]
    return [path for _, path in sorted(turns)]


def _by_class(folder: Path, answers: Sequence[dict[str, Any]], names: Sequence[str]) -> list[Row]:
    rows = []
    for kind in sorted({Path(answer["photo"]).parts[0] for answer in answers}):
        for name in names:
            of = [a for a in answers if a["decoder"] == name and Path(a["photo"]).parts[0] == kind]
            contents = [None if a["read"] is None else bytes.fromhex(a["read"]) for a in of]
            said = [_said(folder / a["photo"]) for a in of]
            right = [_right(c, s) for c, s in zip(contents, said, strict=True)]
            wrong = sum(c is not None and not good for c, good in zip(contents, right, strict=True))
            if of:
                rows.append(_row(name, kind, right, [a["ms"] for a in of], wrong))
    return rows


def _right(content: bytes | None, said: bytes | None) -> bool:
    return content is not None and (said is None or bool(_readings(content) & _readings(said)))


def _said(path: Path) -> bytes | None:
    """What the file beside a photo says is in it; a list of corners says nothing of that."""
    beside = path.with_suffix(".txt")
    if not beside.is_file() or beside.read_bytes().startswith(b"#"):
        return None
    return beside.read_bytes()


def _readings(content: bytes) -> set[str]:
    """The texts that bytes may mean: codes seldom tell their encoding, and decoders guess it."""
    texts, meant = set(), [content]
    with contextlib.suppress(UnicodeError):
        meant.append(content.decode().encode("latin-1"))  # OpenCV gives bytes as so many characters
    for read in meant:
        for name in ("utf-8", "shift_jis", "gb18030", "latin-1"):
            with contextlib.suppress(UnicodeError):
                texts.add(_plain(read.decode(name)))
    return texts


def _plain(text: str) -> str:
    """A text without what editors change, line ends and blanks, and without control characters."""
    return "".join(character for character in text if character.isprintable() and character != " ")


def markdown(rows: Sequence[Row], time: str = "ms_median") -> str:
    """Kinds as lines, decoders as columns: ``rate (ms)``."""
    names = list(dict.fromkeys(row.decoder for row in rows))
    cells = {
        (row.kind, row.decoder): f"{row.rate:.0f} ({getattr(row, time):.1f})"
        + (f" {row.wrong} wrong" if row.wrong else "")
        for row in rows
    }
    lines = [
        f"| % read ({time}) | " + " | ".join(names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    for kind in dict.fromkeys(row.kind for row in rows):
        lines.append(f"| {kind} | " + " | ".join(cells.get((kind, name), "") for name in names) + " |")
    means = [statistics.fmean(row.rate for row in rows if row.decoder == name) for name in names]
    lines.append("| **mean** | " + " | ".join(f"**{mean:.0f}**" for mean in means) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run all tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=40, help="pictures of each kind")
    parser.add_argument("--sequences", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--decoder",
        action="append",
        choices=sorted(decoders()),
        help="only these; may be given more than once",
    )
    parser.add_argument("--kind", action="append", help="only these faults")
    parser.add_argument("--photos", type=Path, help="a folder of photographs, one folder for each class")
    parser.add_argument("--each", type=int, help="photographs of each class, evenly spread; else all")
    parser.add_argument("--answers", type=Path, help="where answers to photographs are kept from run to run")
    parser.add_argument("--json", type=Path, help="where to keep the results")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    names = options.decoder or list(decoders())
    report = Report(options.count, options.seed)
    before = load()
    if options.count:
        report.pictures = pictures(options.count, options.seed, names, options.kind or qr_pictures.KINDS)
        print(markdown(report.pictures), "\n")
    if options.sequences:
        report.sequences = sequences(options.sequences, options.seed, names)
        print(markdown(report.sequences, "ms_mean"))
        for row in report.sequences:
            print(f"- {row.decoder}: of {row.pictures}; p50 {row.ms_median}, p95 {row.ms_p95} ms a frame")
        print()
        report.empty = empty_rooms(max(1, options.sequences // 5), options.seed, names)
        print(markdown(report.empty))
        for row in report.empty:
            print(f"- {row.decoder}: p95 {row.ms_p95} ms, {row.wrong} read that are not there")
    if options.photos:
        kept = options.answers or RESULTS / "decoders-photos.jsonl"
        report.photos = photos(options.photos, names, kept, options.each)
        print(markdown(report.photos, "ms_mean"))
    now = datetime.now(UTC)
    path = options.json or RESULTS / f"decoders-{now:%Y-%m-%dT%H%M%S}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {
        "at": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "machine": machine(),
        "load": [before, load()],
        **asdict(report),
    }
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
