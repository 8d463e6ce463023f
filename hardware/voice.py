"""One spoken sentence after a tap, in Mandarin or English, by espeak-ng or by a recording made by a person.

What is said word for word the same every time (the *phrases*) is made while nobody speaks and kept in the
cache folder as ``KEY.LANG.HASH.wav``. Any other sentence is made when it is said, in memory-backed storage,
and gone afterwards: it may hold a name, and a stolen kiosk must not speak names. A recording ``KEY.LANG.wav``
in the clips folder stands in for its key's words.
"""

import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hardware.ports import LibraryMissing, SettingWrong

log = logging.getLogger(__name__)
VOICES = {"zh": "cmn-latn-pinyin", "en": "en"}
"""Chinese is given in pinyin with tone numbers: from characters espeak-ng reads many as English letters."""
SPEAKING_SECONDS = 20
PROGRAMS = {
    "espeak-ng": "espeak-ng",
    "aplay": "alsa-utils",
    "paplay": "pulseaudio-utils",
    "pw-play": "pipewire-bin",
}
"""Which Debian package brings which program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceSettings:
    """How the voice sounds and through what."""

    cache_dir: Path | str
    clips_dir: Path | str | None = None
    """Recordings by people: ``shift_started.zh.wav``."""
    player: Sequence[str] = ("aplay", "-q", "{file}")
    words_a_minute: int = 175
    """espeak's own default is 175; old ears want it slower."""
    synthesizer: str = "espeak-ng"

    def __post_init__(self) -> None:
        if not any("{file}" in part for part in self.player):
            raise SettingWrong(
                f"the player command needs {{file}} where the sound's path goes: {self.player}"
            )
        if not 80 <= self.words_a_minute <= 450:
            raise SettingWrong(f"words_a_minute is 80 to 450, not {self.words_a_minute}")


class Silent:
    """A kiosk that does not speak."""

    def say(self, key: str, text: str, language: str) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Nothing to stop."""


class EspeakVoice:
    """Speaks on its own thread; a newer sentence cuts the older off, also while that is still being made."""

    def __init__(self, settings: VoiceSettings, phrases: Mapping[tuple[str, str], str] | None = None) -> None:
        """``phrases``: (key, language) → what is said the same every time."""
        self._settings = settings
        self._synthesizer = _program(settings.synthesizer)
        self._player = [_program(settings.player[0]), *settings.player[1:]]
        self._cache = Path(settings.cache_dir)
        self._cache.mkdir(parents=True, exist_ok=True)
        self._kept = {
            (text, language): self._cache / f"{key}.{language}.{self._recipe(text, language)}.wav"
            for (key, language), text in (phrases or {}).items()
        }
        self._forget_older_words()
        self._passing = Path(tempfile.mkdtemp(prefix="yika-voice-", dir=_memory()))
        self._changed = threading.Condition()
        self._wanted: tuple[str, str, str] | None = None
        self._turn = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="voice", daemon=True)
        self._thread.start()

    def say(self, key: str, text: str, language: str) -> None:
        """Say one sentence; whatever is being said stops at once."""
        if language not in VOICES:
            raise SettingWrong(f"the voice speaks {', '.join(VOICES)}, not {language!r}")
        with self._changed:
            self._turn += 1
            self._wanted = (key, text, language)
            self._cut_off()
            self._changed.notify()

    def close(self) -> None:
        """Stop speaking, and forget what was said."""
        with self._changed:
            self._closing = True
            self._turn += 1
            self._cut_off()
            self._changed.notify()
        self._thread.join(timeout=5)
        shutil.rmtree(self._passing, ignore_errors=True)

    def _cut_off(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _forget_older_words(self) -> None:
        for clip in self._cache.iterdir():
            if clip not in self._kept.values():
                clip.unlink()

    def _run(self) -> None:
        unmade = [phrase for phrase, clip in self._kept.items() if not clip.is_file()]
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._wanted is not None or self._closing or unmade)
                if self._closing:
                    return
                wanted, self._wanted, turn = self._wanted, None, self._turn
            if wanted is not None:
                self._speak(*wanted, turn)
            elif self._clip("", *unmade[0], turn=turn) is not None or turn == self._turn:
                del unmade[0]  # it is made, or cannot be; one that was cut off by a sentence is tried again

    def _speak(self, key: str, text: str, language: str, turn: int) -> None:
        clip = self._clip(key, text, language, turn=turn)
        if clip is None:
            return
        self._call([part.replace("{file}", str(clip)) for part in self._player], turn)
        if clip.parent == self._passing:
            clip.unlink(missing_ok=True)

    def _clip(self, key: str, text: str, language: str, *, turn: int) -> Path | None:
        """The sound of a sentence: recorded, kept, or made now; ``None`` when it was cut off or failed."""
        if self._settings.clips_dir is not None:
            recorded = Path(self._settings.clips_dir) / f"{key}.{language}.wav"
            if recorded.is_file():
                return recorded
        clip = self._kept.get((text, language)) or self._passing / f"{self._recipe(text, language)}.wav"
        if clip.is_file():
            return clip
        unfinished = clip.with_suffix(".part")
        speed = str(self._settings.words_a_minute)
        command = [self._synthesizer, "-v", VOICES[language], "-s", speed, "-w", str(unfinished), "--", text]
        if not self._call(command, turn):
            unfinished.unlink(missing_ok=True)
            return None
        unfinished.replace(clip)  # whole or not at all: a power cut must not leave half a sentence
        return clip

    def _recipe(self, text: str, language: str) -> str:
        recipe = f"{self._settings.words_a_minute}\n{language}\n{text}"
        return hashlib.sha256(recipe.encode()).hexdigest()[:12]

    def _call(self, command: Sequence[str], turn: int) -> bool:
        """Run a program to its end unless a newer sentence came; whether it did its work."""
        with self._changed:
            if turn != self._turn or self._closing:
                return False
            self._process = process = subprocess.Popen(  # noqa: S603 - the kiosk's own settings, no shell
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
        try:
            _, complaint = process.communicate(timeout=SPEAKING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            _, complaint = process.communicate()
        with self._changed:
            self._process = None
        if process.returncode > 0:
            log.warning("voice: %s: %s", command[0], complaint.decode(errors="replace").strip())
        return process.returncode == 0


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        package = PROGRAMS.get(Path(name).name, name)
        raise LibraryMissing(f"{name} is not installed; the voice needs it: sudo apt install {package}")
    return path


def _memory() -> str | None:
    """A folder that never reaches the SD card, where there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - the folder in it is private
