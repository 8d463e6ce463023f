"""The configuration is checked whole at start, and each fault is one sentence that names the setting."""

from pathlib import Path

import pytest

from kiosk.config import load_config
from kiosk.errors import ConfigWrong

WHOLE = """
data_dir = "/var/lib/yika"
[screen]
host = "127.0.0.1"
port = 8081
languages = ["zh"]
[[reader]]
driver = "nfcpy"
path = "tty:AMA0:pn532"
[[reader]]
driver = "camera"
source = "0"
[feedback]
lights = "gpio"
voice = "espeak-ng"
"""
LEAST = 'data_dir = "d"\n[[reader]]\ndriver = "simulated"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "kiosk.toml"
    path.write_text(text)
    return path


def test_every_setting_is_read(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, WHOLE), {})
    assert (config.data_dir, config.port, config.languages) == (Path("/var/lib/yika"), 8081, ("zh",))
    assert (config.lights, config.voice) == ("gpio", "espeak-ng")
    assert config.readers[0] == {"driver": "nfcpy", "path": "tty:AMA0:pn532"}


def test_what_is_left_out_has_a_default(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, LEAST), {})
    assert (config.host, config.port, config.lights, config.retention_days) == ("127.0.0.1", 8080, "none", 90)


def test_the_environment_is_stronger_than_the_file(tmp_path: Path) -> None:
    environment = {
        "YIKA_KIOSK_DATA_DIR": "/other",
        "YIKA_KIOSK_SCREEN_PORT": "9000",
        "YIKA_KIOSK_SCREEN_LANGUAGES": "en,zh",
    }
    config = load_config(written(tmp_path, WHOLE), environment)
    assert (config.data_dir, config.port, config.languages) == (Path("/other"), 9000, ("en", "zh"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not toml", "is not TOML"),
        ('[[reader]]\ndriver = "nfcpy"\n', "lacks data_dir"),
        ('data_dir = "d"\n', "names no reader"),
        (LEAST.replace("driver", "drivers"), "needs driver"),
        ('data_dir = "d"\nreader = "nfcpy"\n', "must be a list of tables"),
        ('data_dir = 5\n[[reader]]\ndriver = "x"\n', "data_dir must be a text"),
        ('datadir = "d"\n' + LEAST, "no setting datadir"),
        (LEAST + "[screen]\nprot = 1\n", "no setting screen.prot"),
        (LEAST + "[screen]\nport = 0\n", "screen.port must be a whole number from 1 to 65535, not 0"),
        (LEAST + "[screen]\nport = true\n", "screen.port must be"),
        (LEAST + '[screen]\nhost = "0.0.0.0"\n', "screen.host must be an address of this machine"),
        (LEAST + '[screen]\nhost = "example.org"\n', "screen.host must be"),
        (LEAST + '[screen]\nlanguages = ["de"]\n', "screen.languages must be a list"),
        (LEAST + "[screen]\nlanguages = []\n", "screen.languages must be a list"),
        ("screen = 1\n" + LEAST, "screen must be a table"),
    ],
)
def test_a_fault_is_one_sentence_that_names_the_setting(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigWrong) as wrong:
        load_config(written(tmp_path, text), {})
    assert says in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigWrong, match="cannot be read"):
        load_config(tmp_path / "none.toml", {})
