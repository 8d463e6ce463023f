"""The kiosk's voice: one sentence about a result, in the language that the screen is showing."""

from collections.abc import Sequence

from hardware.ports import Voice
from kiosk.screen.present import spoken
from kiosk.screen.view import Result


class Speaker:
    """Speaks the kiosk's first language, until somebody at the screen chooses another one."""

    def __init__(self, voice: Voice, languages: Sequence[str]) -> None:
        """``languages`` are the screen's, in its order."""
        self._voice = voice
        self.language = languages[0]

    def choose(self, language: str) -> None:
        """From now on in this language: one of the screen's."""
        self.language = language

    def speak(self, result: Result) -> None:
        """Say what the person in front has to know."""
        language = self.language
        key, sentence = spoken(result, language)
        self._voice.say(key, sentence, language)
