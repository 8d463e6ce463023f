"""What the voice is asked to say: the right sentence, in the language in front, under its clip's name."""

import pytest

from kiosk.screen.words import phrases
from kiosk.speaker import Speaker
from tests.support.screen import FakeVoice, every_outcome, more_results

TOLD = every_outcome() | more_results()


@pytest.mark.parametrize("name", TOLD)
def test_every_sentence_is_said_under_the_name_of_its_clip_in_the_chosen_language(name: str) -> None:
    heard = FakeVoice()
    speaker = Speaker(heard, ("zh", "en"))
    speaker.speak(TOLD[name])
    speaker.choose("en")
    speaker.speak(TOLD[name])
    known = phrases("zh") | phrases("en")
    assert [known[key, language] for key, _, language in heard.said] == [text for _, text, _ in heard.said]
    assert [language for _, _, language in heard.said] == ["zh", "en"]
