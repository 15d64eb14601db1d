"""Settings from the environment or `.env`; see docs/configuration.md."""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.errors import StartupError
from bot.telegram.address import Address, Network
from inference.engine.engine import DEFAULT_WEIGHTS
from storage.errors import StorageError
from storage.keys import decode_key
from storage.location import locate

# Telegram calls from these, see core.telegram.org/bots/webhooks.
TELEGRAM = (ip_network("149.154.160.0/20"), ip_network("91.108.4.0/22"))
# Telegram opens https alone. The sandbox also opens what this machine serves.
MINI_APP = re.compile(r"(https://[^/\s?#]+|http://(127\.0\.0\.1|localhost)(:\d+)?)/app")
# A hundred years; a date before the year 1 does not exist.
MAX_RETENTION_DAYS = 36_500


class Settings(BaseSettings):
    """Checked settings. An empty variable counts as unset."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    bot_token: SecretStr | None = None
    telegram_api_url: str | None = Field(default=None, pattern=r"^https?://[^/\s]+")
    telegram_local_dir: Path | None = None
    admin_ids: Annotated[frozenset[int], NoDecode] = frozenset()
    data_dir: Path = Path("data")
    database_url: str | None = None
    data_key: SecretStr | None = None
    retention_days: int | None = Field(default=None, ge=1, le=MAX_RETENTION_DAYS)
    backup_days: int | None = Field(default=None, ge=1, le=MAX_RETENTION_DAYS)
    training_pool_mb: int = Field(default=2000, ge=0)
    weights_dir: Path = DEFAULT_WEIGHTS
    classifier: str | None = None
    retrain_command: str | None = None
    operator: str | None = Field(default=None, max_length=100)
    workers: int = Field(default=1, ge=1)
    workers_at: Literal["here", "elsewhere"] = "here"
    queue_limit: int = Field(default=500, ge=10)
    person_photos: int = Field(default=50, ge=10)
    person_messages: int = Field(default=30, ge=5)
    photo_seconds: float = Field(default=30.0, gt=0)
    stop_seconds: float = Field(default=7.0, ge=0)
    delay_log_seconds: float | None = Field(default=None, gt=0)
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    sentry_dsn: SecretStr | None = None
    webhook_url: str | None = Field(default=None, pattern=r"^https?://[^/\s]+/\S+$")
    webhook_secret: SecretStr | None = Field(default=None)
    webhook_host: str = "127.0.0.1"
    webhook_port: int = Field(default=8082, ge=0, le=65535)
    webhook_sources: Annotated[tuple[Network, ...], NoDecode] = TELEGRAM
    webhook_trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = ()
    mini_app_url: str | None = None
    sandbox_port: int = Field(default=8081, ge=0, le=65535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    @property
    def token(self) -> str:
        """The bot's token as plain text. Raises ValueError if there is none."""
        if self.bot_token is None:
            raise ValueError("no token is set")
        return self.bot_token.get_secret_value()

    @property
    def training_pool_bytes(self) -> int:
        """The limit for photos kept for training."""
        return self.training_pool_mb * 1_000_000

    @property
    def webhook(self) -> Address | None:
        """The address for updates; None for long polling."""
        if self.webhook_url is None or self.webhook_secret is None:
            return None
        return Address(
            url=self.webhook_url,
            secret=self.webhook_secret.get_secret_value(),
            host=self.webhook_host,
            port=self.webhook_port,
            sources=self.webhook_sources,
            proxies=self.webhook_trusted_proxies,
        )

    @field_validator("webhook_sources", "webhook_trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
        except ValueError:
            raise ValueError("give networks separated by commas, for example 10.0.0.0/8,172.28.5.2") from None

    @field_validator("webhook_secret")
    @classmethod
    def _secret_is_well_formed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", value.get_secret_value()):
            raise ValueError("give 16 to 256 letters, digits, - and _")
        return value

    @field_validator("mini_app_url")
    @classmethod
    def _telegram_opens_it(cls, value: str | None) -> str | None:
        if value is not None and not MINI_APP.fullmatch(value):
            raise ValueError("give the address of the web service by https and with /app, like https://your.host/app")
        return value

    @field_validator("admin_ids", mode="before")
    @classmethod
    def _split_ids(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        ids = [part.strip() for part in value.split(",") if part.strip()]
        if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in ids):
            raise ValueError("give user ids separated by commas, for example 12345,67890")
        return frozenset(map(int, ids))

    @field_validator("bot_token")
    @classmethod
    def _token_is_well_formed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            # Workers have no token. To import aiogram takes seconds and over 100 MB.
            from aiogram.utils.token import TokenValidationError, validate_token

            try:
                validate_token(value.get_secret_value())
            except TokenValidationError as error:
                raise ValueError("give the token as BotFather wrote it, like 12345:AbCdEf") from error
        return value

    @field_validator("data_key")
    @classmethod
    def _key_is_well_formed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                decode_key(value.get_secret_value().encode())
            except ValueError as error:
                raise ValueError("give 32 random bytes in URL-safe base64, or remove it") from error
        return value

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                locate(value)
            except StorageError as error:
                raise ValueError(str(error)) from error
        return value

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _any_case(cls, value: object, info: object) -> object:
        if not isinstance(value, str):
            return value
        field_name = getattr(info, "field_name", "")
        return value.upper() if field_name == "log_level" else value.lower()

    @model_validator(mode="after")
    def _server_needs_token(self) -> "Settings":
        if self.telegram_api_url is not None and self.bot_token is None:
            raise ValueError("TELEGRAM_API_URL is set without BOT_TOKEN: set both or neither")
        if self.workers_at == "elsewhere" and (self.database_url is None or self.data_key is None):
            raise ValueError("WORKERS_AT=elsewhere needs DATABASE_URL with PostgreSQL, and DATA_KEY")
        if (self.webhook_url is None) != (self.webhook_secret is None):
            raise ValueError("WEBHOOK_URL and WEBHOOK_SECRET go together: set both or neither")
        return self


def load_settings() -> Settings:
    """Read and check the settings. Raises StartupError with one line that names every wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        raise StartupError("; ".join(_complaint(each) for each in error.errors())) from None
    except (OSError, UnicodeDecodeError) as error:
        raise StartupError(f"cannot read .env: {error}") from None


def _complaint(error: object) -> str:
    assert isinstance(error, dict)
    message = str(error["msg"]).removeprefix("Value error, ")
    name = ".".join(map(str, error["loc"])).upper()
    return f"{name}: {message}" if name else message
