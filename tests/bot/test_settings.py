"""Settings are checked, and one that makes no sense is named with what to change."""

from pathlib import Path

import pytest

from bot.errors import StartupError
from bot.settings import Settings, load_settings

TOKEN = "12345:a-secret-that-nobody-may-read"


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No settings in the environment and no `.env` file."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("ADMIN_IDS", "-5", "ADMIN_IDS: give user ids"),
        ("BOT_TOKEN", "a secret", "BOT_TOKEN: give the token as BotFather wrote it"),
        ("DATABASE_URL", "mysql://x/y", "DATABASE_URL: give an address like sqlite+aiosqlite:///data/bot.db"),
        ("DATA_KEY", "short", "DATA_KEY: give 32 random bytes in URL-safe base64"),
        ("RETENTION_DAYS", "0", "RETENTION_DAYS: Input should be greater than or equal to 1"),
        ("RETENTION_DAYS", "800000", "RETENTION_DAYS: Input should be less than or equal to 36500"),
        ("SANDBOX_PORT", "http", "SANDBOX_PORT: Input should be a valid integer"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT: Input should be 'console' or 'json'"),
        ("WORKERS_AT", "elsewhere", "WORKERS_AT=elsewhere needs DATABASE_URL"),
        ("WEBHOOK_URL", "https://example.org", "WEBHOOK_URL: String should match"),
        ("WEBHOOK_URL", "https://example.org/telegram", "WEBHOOK_URL and WEBHOOK_SECRET go together"),
        ("WEBHOOK_SECRET", "short", "WEBHOOK_SECRET: give 16 to 256 letters"),
        ("WEBHOOK_SOURCES", "10.0.0.1/8", "WEBHOOK_SOURCES: give networks separated by commas"),
        ("TELEGRAM_API_URL", "http://localhost:8081", "TELEGRAM_API_URL is set without BOT_TOKEN"),
    ],
)
def test_every_bad_setting_is_named_with_what_to_change(
    clean: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    clean.setenv(name, value)
    with pytest.raises(StartupError) as caught:
        load_settings()
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
    if name in ("BOT_TOKEN", "DATA_KEY", "WEBHOOK_SECRET"):
        assert value not in str(caught.value)


def test_several_bad_settings_are_named_at_once(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("ADMIN_IDS", "x")
    clean.setenv("RETENTION_DAYS", "never")
    with pytest.raises(StartupError, match=r"^ADMIN_IDS: .*; RETENTION_DAYS: [^\n]*$"):
        load_settings()


def test_settings_are_read_from_a_file_and_empty_ones_count_as_unset(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"BOT_TOKEN={TOKEN}\nADMIN_IDS=7, 8,\nLOG_LEVEL=info\nDATA_KEY=\nOTHER=1\n")
    settings = load_settings()
    assert settings.token == TOKEN
    assert settings.admin_ids == {7, 8}
    assert settings.log_level == "INFO"
    assert settings.data_key is None


def test_settings_never_show_their_secrets() -> None:
    assert TOKEN not in repr(Settings(bot_token=TOKEN))  # type: ignore[arg-type]
