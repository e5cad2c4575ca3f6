"""Keys and tokens. They come from the environment or from `.env`, and never stand in library.yaml."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Secrets(BaseSettings):
    """Every key and token that the project takes, named after its variable; `config.load.load_secrets` reads them."""

    model_config = SettingsConfigDict(
        extra="ignore", frozen=True, env_ignore_empty=True, env_nested_delimiter="__", hide_input_in_errors=True
    )

    openai_api_key: SecretStr | None = None
    libretranslate_api_key: SecretStr | None = None
    modal_token_id: SecretStr | None = None
    modal_token_secret: SecretStr | None = None
    google_application_credentials: Path | None = None
    """A JSON file with the key of a service account or a user's grant: for Drive and Google Cloud Storage."""
    aws_access_key_id: SecretStr | None = None
    aws_secret_access_key: SecretStr | None = None
    aws_session_token: SecretStr | None = None
    azure_storage_account_name: str | None = None
    azure_storage_account_key: SecretStr | None = None
    otel_exporter_otlp_headers: SecretStr | None = None
    """What the collector of traces wants to see: `name=value,name=value`."""
    alert_urls: dict[str, SecretStr] = Field(default_factory=dict)
    """The address of each channel, as apprise writes it: `ALERT_URLS__TEAM`, or all in one as JSON."""
    webhook_secrets: dict[str, SecretStr] = Field(default_factory=dict)
    """The key of the signatures of each webhook: `WEBHOOK_SECRETS__BACKEND`, or all in one as JSON."""
