"""Settings of the web service from the environment or `.env`; see docs/configuration.md."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
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
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value


def load_settings() -> Settings:
    """Read and check the settings. Raises SettingsError with one line that names every wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        complaints = (f"{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors())
        raise SettingsError("; ".join(complaints)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read .env: {error}") from None
