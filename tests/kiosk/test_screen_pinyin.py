"""What the voice is given in Chinese: pinyin, since espeak-ng reads many characters as English letters."""

import re
import subprocess
import wave
from array import array
from pathlib import Path

import pytest
from pypinyin import Style, lazy_pinyin

from hardware.voice import VOICES, VoiceSettings
from kiosk.screen.words import LANGUAGES, words

PAUSES = str.maketrans("，。！？、：", ",.!?,:")


def as_pinyin(text: str) -> str:
    """A sentence in pinyin with tone numbers, as espeak-ng's ``cmn-latn-pinyin`` voice reads it."""
    syllables = lazy_pinyin(text, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
    spaced = " ".join(part.translate(PAUSES) for part in syllables)
    return re.sub(r" ([,.!?:])", r"\1", spaced).replace("{ ", "{").replace(" }", "}")


def test_every_chinese_sentence_of_the_voice_has_its_pinyin() -> None:
    entries = words("zh").entries["outcomes"]
    wanted = {key: as_pinyin(said["spoken"]) for key, said in entries.items()}
    assert {key: said.get("said") for key, said in entries.items()} == wanted


@pytest.mark.speech
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_heard_and_over_within_three_seconds(tmp_path: Path, language: str) -> None:
    """Rendered by the real espeak-ng at the kiosk's own speed; a number stands for what is filled in."""
    for key, said in ((k, words(language).outcome(k)) for k in words(language).entries["outcomes"]):
        text = re.sub(r"\{\w+\}", "3", said.said or said.spoken)
        clip = tmp_path / f"{key}.wav"
        speed = str(VoiceSettings(cache_dir=tmp_path).words_a_minute)
        subprocess.run(
            ["espeak-ng", "-v", VOICES[language], "-s", speed, "-w", str(clip), "--", text], check=True
        )
        with wave.open(str(clip)) as sound:
            seconds = sound.getnframes() / sound.getframerate()
            loudest = max(abs(s) for s in array("h", sound.readframes(sound.getnframes())))
        assert seconds <= 3.0, f"{key}: {seconds:.2f} s"
        assert loudest > 3000, f"{key} is silent"
