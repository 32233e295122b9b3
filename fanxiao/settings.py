"""Every setting comes from the environment; nothing needs to be set to begin.

Providers' own settings are read where a provider is built (`bot/channels/registry.py`).
"""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """`fanxiao` without any setting runs on its own database in the user's data folder, without a provider."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    home: Path = Field(default_factory=lambda: user_data_path("fanxiao"), validation_alias="FANXIAO_HOME")
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    worker_url: SecretStr | None = Field(default=None, validation_alias="FANXIAO_WORKER_URL")
    web_url: SecretStr | None = Field(default=None, validation_alias="FANXIAO_WEB_URL")
    keys: SecretStr | None = Field(default=None, validation_alias="FANXIAO_KEYS")  # Fernet keys, newest first

    plan: Path | None = Field(default=None, validation_alias="FANXIAO_PLAN")  # a plan file; without it the one that comes along
    lexicon: Path | None = Field(default=None, validation_alias="FANXIAO_LEXICON")  # own words for reading replies (docs/replies.md)
    area: str | None = Field(default=None, validation_alias="FANXIAO_AREA")  # code of the area that this installation serves
    public_url: str | None = Field(default=None, validation_alias="FANXIAO_PUBLIC_URL")  # where providers reach our webhooks
    heartbeat_url: str | None = Field(default=None, validation_alias="FANXIAO_HEARTBEAT_URL")  # called after each audit

    private_hooks: bool = Field(default=False, validation_alias="FANXIAO_PRIVATE_HOOKS")  # other systems within our own network

    simulator: bool = Field(default=False, validation_alias="FANXIAO_SIMULATOR")  # training: messages reach nobody

    log_format: str = Field(default="console", validation_alias="FANXIAO_LOG")  # console or json
    log_level: str = Field(default="INFO", validation_alias="FANXIAO_LOG_LEVEL")


def secret(value: SecretStr | None) -> str | None:
    """The text of a setting that must not be printed."""
    return value.get_secret_value() if value is not None else None
