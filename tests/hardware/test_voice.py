"""How the kiosk speaks: real espeak-ng, and a player of ours that tells what it was given."""

import os
import stat
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hardware.ports import LibraryMissing, SettingWrong
from hardware.voice import EspeakVoice, Silent, VoiceSettings
from tests.support.processes import until

pytestmark = pytest.mark.speech


class Loudspeaker:
    """A player that writes which file it was given into a pipe, and then plays until it is cut off."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pipe = folder / "heard"
        os.mkfifo(self.pipe)
        self._fd = os.open(self.pipe, os.O_RDWR)
        self.short = self._script("short", f'cp "$1" {folder}/last.wav; echo "$1" > {self.pipe}')
        self.long = self._script("long", f'echo $$ > {folder}/player; echo "$1" > {self.pipe}; exec sleep 30')

    def _script(self, name: str, body: str) -> tuple[str, str]:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path), "{file}"

    def heard(self) -> Path:
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self._fd, 1)
        return Path(line.decode().strip())

    def player(self) -> int:
        """Which process plays the long clip that was heard."""
        return int((self.folder / "player").read_text())

    def close(self) -> None:
        os.close(self._fd)


@pytest.fixture
def loudspeaker(tmp_path: Path) -> Iterator[Loudspeaker]:
    speaker = Loudspeaker(tmp_path)
    yield speaker
    speaker.close()


@pytest.fixture
def speak(tmp_path: Path, loudspeaker: Loudspeaker) -> Iterator[Callable[..., EspeakVoice]]:
    made: list[EspeakVoice] = []

    def make(phrases: dict[tuple[str, str], str] | None = None, **settings: object) -> EspeakVoice:
        chosen = {"cache_dir": tmp_path / "cache", "player": loudspeaker.short, **settings}
        made.append(EspeakVoice(VoiceSettings(**chosen), phrases))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for voice in made:
        voice.close()


@pytest.mark.parametrize(("text", "language"), [("签到成功", "zh"), ("Checked in", "en")])
def test_a_sentence_is_spoken_in_either_language(
    speak: Callable[..., EspeakVoice], loudspeaker: Loudspeaker, text: str, language: str
) -> None:
    speak().say("shift_started", text, language)
    loudspeaker.heard()
    with wave.open(str(loudspeaker.folder / "last.wav")) as sound:
        assert sound.getnframes() / sound.getframerate() > 0.4


def test_a_phrase_is_made_once_and_kept(
    speak: Callable[..., EspeakVoice], loudspeaker: Loudspeaker, tmp_path: Path
) -> None:
    voice = speak({("shift_started", "zh"): "签到成功"})
    voice.say("shift_started", "签到成功", "zh")
    first = loudspeaker.heard()
    made = first.stat().st_mtime_ns
    voice.say("shift_started", "签到成功", "zh")
    assert loudspeaker.heard() == first
    assert first.parent == tmp_path / "cache"
    assert first.stat().st_mtime_ns == made


def test_a_sentence_that_may_hold_a_name_leaves_nothing_behind(
    speak: Callable[..., EspeakVoice], loudspeaker: Loudspeaker, tmp_path: Path
) -> None:
    voice = speak()
    voice.say("shift_started", "王阿姨，签到成功", "zh")
    clip = loudspeaker.heard()
    voice.close()
    assert not clip.exists()
    assert not clip.parent.exists()
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_recording_by_a_person_stands_in_for_the_machine(
    speak: Callable[..., EspeakVoice], loudspeaker: Loudspeaker, tmp_path: Path
) -> None:
    recording = tmp_path / "shift_ended.zh.wav"
    recording.write_bytes(b"RIFF")
    speak(clips_dir=tmp_path).say("shift_ended", "签退成功", "zh")
    assert loudspeaker.heard() == recording


def test_a_newer_sentence_cuts_the_older_off(
    speak: Callable[..., EspeakVoice], loudspeaker: Loudspeaker
) -> None:
    """The first would play for thirty seconds; when the second is heard, the first is dead and gone."""
    voice = speak({("in", "en"): "one", ("out", "en"): "two"}, player=loudspeaker.long)
    voice.say("in", "one", "en")
    first, playing = loudspeaker.heard(), loudspeaker.player()
    os.kill(playing, 0)
    voice.say("out", "two", "en")
    assert loudspeaker.heard() != first
    with pytest.raises(ProcessLookupError):
        os.kill(playing, 0)


def test_every_phrase_is_made_while_nobody_speaks_also_after_somebody_spoke(
    speak: Callable[..., EspeakVoice], loudspeaker: Loudspeaker, tmp_path: Path
) -> None:
    phrases = {(f"number_{n}", "en"): f"number {n}" for n in range(20)}
    wanted = {f"number_{n}.en" for n in range(20)}
    voice = speak(phrases)
    voice.say("number_19", "number 19", "en")
    assert loudspeaker.heard().name.startswith("number_19.en.")
    until(
        lambda: {clip.name.rsplit(".", 2)[0] for clip in (tmp_path / "cache").glob("*.wav")} == wanted,
        "twenty clips",
    )


def test_clips_of_words_that_changed_are_forgotten(
    speak: Callable[..., EspeakVoice], loudspeaker: Loudspeaker, tmp_path: Path
) -> None:
    voice = speak({("in", "en"): "old words"})
    voice.say("in", "old words", "en")
    older = loudspeaker.heard()
    voice.close()
    speak({("in", "en"): "new words"}).say("in", "new words", "en")
    newer = loudspeaker.heard()
    assert list((tmp_path / "cache").glob("*.wav")) == [newer]
    assert older != newer


def test_closing_cuts_off_what_is_being_said(
    speak: Callable[..., EspeakVoice], loudspeaker: Loudspeaker
) -> None:
    voice = speak(player=loudspeaker.long)
    voice.say("shift_started", "one", "en")
    loudspeaker.heard()
    player = loudspeaker.player()
    voice.close()
    with pytest.raises(ProcessLookupError):
        os.kill(player, 0)


def test_a_text_that_looks_like_an_option_is_spoken_not_obeyed(
    speak: Callable[..., EspeakVoice], loudspeaker: Loudspeaker
) -> None:
    speak().say("card_unknown", "--voices", "en")
    assert loudspeaker.heard().suffix == ".wav"


def test_a_player_that_fails_does_not_end_the_voice(
    speak: Callable[..., EspeakVoice], loudspeaker: Loudspeaker
) -> None:
    voice = speak(player=("sh", "-c", f'echo "$0" > {loudspeaker.pipe}; exit 3', "{file}"))
    voice.say("shift_started", "one", "en")
    loudspeaker.heard()
    voice.say("shift_started", "two", "en")
    loudspeaker.heard()


def test_a_missing_program_is_told_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(LibraryMissing, match="apt install"):
        EspeakVoice(VoiceSettings(cache_dir=tmp_path, synthesizer="espeak-nowhere"))


def test_a_player_command_without_a_place_for_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingWrong, match="file"):
        VoiceSettings(cache_dir=tmp_path, player=("aplay",))


def test_a_speed_nobody_understands_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingWrong, match="80"):
        VoiceSettings(cache_dir=tmp_path, words_a_minute=1000)


def test_a_language_without_a_voice_is_refused(speak: Callable[..., EspeakVoice]) -> None:
    with pytest.raises(SettingWrong, match="zh"):
        speak().say("shift_started", "guten Tag", "de")


def test_a_silent_kiosk_takes_every_sentence() -> None:
    silent = Silent()
    silent.say("shift_started", "签到成功", "zh")
    silent.close()
