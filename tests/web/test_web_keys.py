"""Keys are kept as hashes; rates give back what was taken as time goes by; settings say what to change."""

import stat
from pathlib import Path

import pytest

from web.__main__ import main
from web.keys import ApiKey, ApiKeys, add_key
from web.rates import RateLimiter
from web.settings import Settings, SettingsError


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No settings in the environment and no `.env` file."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_a_key_opens_and_its_file_does_not_tell_it(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    key = add_key(path, "clinic", 30)
    assert ApiKeys.load(path).find(key) == ApiKey("clinic", 30)
    assert ApiKeys.load(path).find(key + "x") is None
    assert key not in path.read_text() and stat.S_IMODE(path.stat().st_mode) == 0o600


def test_lines_of_one_s_own_may_stand_between_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    first = add_key(path, "one")
    path.write_text(f"# keys\n\n{path.read_text()}")
    second = add_key(path, "two")
    keys = ApiKeys.load(path)
    assert [keys.find(key) for key in (first, second)] == [ApiKey("one", 60), ApiKey("two", 60)]


def test_a_line_that_is_no_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("# mine\nclinic secret 60\n")
    with pytest.raises(SettingsError, match="line 2"):
        ApiKeys.load(path)
    with pytest.raises(SettingsError, match="cannot read"):
        ApiKeys.load(tmp_path / "absent")


@pytest.mark.parametrize(("name", "limit"), [("two words", 60), ("", 60), ("clinic", 0)])
def test_a_key_that_could_not_be_read_again_is_not_written(tmp_path: Path, name: str, limit: int) -> None:
    with pytest.raises(SettingsError):
        add_key(tmp_path / "keys", name, limit)
    assert not (tmp_path / "keys").exists()


def test_a_name_has_one_key(tmp_path: Path) -> None:
    add_key(tmp_path / "keys", "clinic")
    with pytest.raises(SettingsError, match="has a key of clinic"):
        add_key(tmp_path / "keys", "clinic")


def test_the_command_makes_a_key(clean: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["key", "clinic"]) == 2
    assert "WEB_KEYS" in capsys.readouterr().err
    clean.setenv("WEB_KEYS", str(tmp_path / "keys"))
    assert main(["key", "clinic", "--limit", "5"]) == 0
    assert ApiKeys.load(tmp_path / "keys").find(capsys.readouterr().out.strip()) == ApiKey("clinic", 5)


@pytest.mark.parametrize(
    ("name", "value"), [("WEB_PORT", "http"), ("WEB_QUEUE_LIMIT", "0"), ("WORKERS", "0"), ("WEB_KEYS", "absent")]
)
def test_a_setting_that_makes_no_sense_is_named(
    clean: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    clean.setenv(name, value)
    assert main([]) == 2
    assert capsys.readouterr().err.startswith(f"{name}: ")


def test_weights_that_are_not_there_are_named(clean: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    clean.setenv("WEIGHTS_DIR", "absent")
    assert main([]) == 2
    assert "absent" in capsys.readouterr().err


def test_a_minute_s_photos_may_come_at_once_and_then_one_at_a_time() -> None:
    now = [100.0]
    rates = RateLimiter(lambda: now[0])
    assert [rates.take("a", 3) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert rates.take("a", 3) == pytest.approx(20)
    assert rates.take("b", 3) == 0.0
    now[0] += 20
    assert rates.take("a", 3) == 0.0
    assert rates.take("a", 3) == pytest.approx(20)
    now[0] += 3600
    assert [rates.take("a", 3) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_a_crowd_of_addresses_is_forgotten() -> None:
    now = [0.0]
    rates = RateLimiter(lambda: now[0])
    for number in range(10_000):
        rates.take(number, 10)
    now[0] += 60
    rates.take("last", 10)
    assert len(rates._free_at) == 1
