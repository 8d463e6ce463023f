"""What the voice is given in Chinese: pinyin, since espeak-ng reads many characters as English letters."""

import math
import re
import wave
from array import array
from pathlib import Path

import pytest
from pypinyin import Style, lazy_pinyin

from hardware.voice import EspeakVoice, VoiceSettings
from kiosk.screen.present import spoken
from kiosk.screen.words import LANGUAGES, phrases, words
from server.contract.wire import Shown
from tests.support.processes import until
from tests.support.screen import every_outcome, more_results

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
def test_every_outcome_has_a_clip_that_is_heard_and_over_within_three_seconds(
    tmp_path: Path, language: str
) -> None:
    """Made by the kiosk's own voice with the real espeak-ng, before anyone taps."""
    wanted = phrases(language)
    voice = EspeakVoice(VoiceSettings(cache_dir=tmp_path, player=("true", "{file}")), wanted)
    until(lambda: len(list(tmp_path.glob("*.wav"))) == len(set(wanted.values())), "a clip for each sentence")
    voice.close()
    clips = {clip.name.partition(f".{language}.")[0]: clip for clip in tmp_path.glob("*.wav")}
    texts = {wanted[key, language] for key in clips}
    assert {wanted[key, language] for key, _ in wanted if key.partition(".")[0] in set(Shown)} <= texts
    for key, clip in clips.items():
        with wave.open(str(clip)) as sound:
            seconds = sound.getnframes() / sound.getframerate()
            samples = array("h", sound.readframes(sound.getnframes()))
        assert 0.5 <= seconds <= 3.0, f"{key}: {seconds:.2f} s"
        assert math.sqrt(sum(sample * sample for sample in samples) / len(samples)) > 1000, f"{key} is silent"


def test_what_is_said_after_a_tap_was_made_before_it() -> None:
    """Nobody waits for espeak-ng: every sentence of every outcome stands among the phrases."""
    told = {**every_outcome(), **more_results()}
    for language in LANGUAGES:
        ready = set(phrases(language).values())
        assert {spoken(result, language)[1] for result in told.values()} <= ready
