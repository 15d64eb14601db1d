"""Settings of the web service from the environment or `.env`; see docs/configuration.md."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from inference.engine.engine import DEFAULT_WEIGHTS


class SettingsError(Exception):
    """The service cannot start with these settings. The message is one line that says what to change."""


class Settings(BaseSettings):
    """Checked settings. An empty variable counts as unset. Variables of the bot have the same meaning here."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=0, le=65535)
    web_keys: Path | None = None
    web_trusted_proxies: str = "127.0.0.1"
    web_queue_limit: int = Field(default=50, ge=2)
    operator: str | None = Field(default=None, max_length=100)
    weights_dir: Path = DEFAULT_WEIGHTS
    classifier: str | None = None
    workers: int = Field(default=1, ge=1)
    photo_seconds: float = Field(default=30.0, gt=0)
    stop_seconds: float = Field(default=7.0, ge=0)
    # Read where MINI_APP_URL is set, and not else.
    mini_app_url: str | None = None
    bot_token: SecretStr | None = None
    data_dir: Path = Path("data")
    database_url: str | None = None
    data_key: SecretStr | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _mini_app_needs_token(self) -> "Settings":
        if self.mini_app_url is not None and self.bot_token is None:
            raise ValueError("MINI_APP_URL is set without BOT_TOKEN, which shows who opens it: set both or neither")
        return self


def load_settings() -> Settings:
    """Read and check the settings. Raises SettingsError with one line that names every wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("; ".join(_complaint(each) for each in error.errors())) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read .env: {error}") from None


def _complaint(error: Mapping[str, Any]) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    name = ".".join(map(str, error["loc"])).upper()
    return f"{name}: {message}" if name else message
