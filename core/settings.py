"""Settings: from ``PROMPTDOCK_…`` in the environment, then ``promptdock.toml``, then the defaults here."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from .errors import ConfigurationError

__all__ = ["ProviderSettings", "Settings", "load_settings"]

_ANY_OBJECT: Final = '{"name": {"field": "value"}}'
_JSON_EXAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "log_levels": '{"promptdock.turn": "debug"}',
        "model_aliases": '{"fast": "openai/gpt-4o-mini"}',
        "plugins": '{"plugin": {"field": "value"}}',
        "providers": '{"local": {"base_url": "http://127.0.0.1:8080/v1"}}',
        "tool_aliases": '{"plugin.tool": "other_name"}',
    }
)


class ProviderSettings(BaseModel):
    """What an operator says about one provider, under ``PROMPTDOCK_PROVIDERS__<NAME>__<FIELD>``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str | None = Field(
        default=None, description="Root of its OpenAI-compatible API, e.g. http://127.0.0.1:11434/v1"
    )
    api_key: SecretStr | None = Field(
        default=None, description="Key that is sent to it; the vendor's own variable counts, too"
    )
    default_model: str | None = Field(default=None, description="Asked when a prompt names no model")
    default_temperature: float | None = Field(default=None, ge=0, le=2, description="Sent when nobody says one")
    default_max_completion_tokens: int | None = Field(default=None, ge=1, description="Sent when nobody says one")
    transport: Literal["wire", "sdk"] = Field(
        default="wire", description="How the bytes travel: our own wire, or the SDK"
    )
    timeout: float = Field(
        default=600.0, gt=0, description="Seconds without a byte from upstream until a call is given up"
    )
    connect_timeout: float = Field(default=5.0, gt=0, description="Seconds to reach upstream")
    max_retries: int = Field(default=2, ge=0, le=10, description="Retries of a call that failed before its first byte")

    @field_validator("base_url")
    @classmethod
    def _check_url(cls, value: str | None) -> str | None:
        """Find a mistyped URL at start, where it is, rather than at the first prompt."""
        parts = urlsplit(value or "http://unset")
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("it must be a URL such as https://api.example.com/v1")
        return value


class Settings(BaseSettings):
    """All settings of one host. Names in the environment are the fields' names in capitals after ``PROMPTDOCK_``."""

    model_config = SettingsConfigDict(
        env_prefix="PROMPTDOCK_", env_nested_delimiter="__", extra="ignore", frozen=True, validate_default=True
    )

    home: Path = Field(
        default_factory=lambda: Path.home() / ".promptdock", description="Where promptdock keeps what it stores"
    )
    api_key: SecretStr | None = Field(
        default=None,
        description="The operator's key, which may do everything; when set, the OpenAI endpoint needs a key, too",
    )
    default_provider: str | None = Field(
        default=None,
        description="Provider of prompts that name none; unset: openai when it has a key or a base URL of its own, "
        "else offline",
    )
    providers: dict[str, ProviderSettings] = Field(default_factory=dict, description="Settings by provider name")
    model_aliases: dict[str, str] = Field(
        default_factory=dict, description="Further names that callers may use as model, each for a provider/model"
    )
    system_role: str | None = Field(default=None, description="System text that every prompt gets")

    plugins: dict[str, dict[str, Any]] = Field(default_factory=dict, description="Each plugin's own settings, by id")
    plugins_dir: Path | None = Field(
        default=None, description="Folder of one-file plugins; unset: plugins/ in the home"
    )
    plugins_allow: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        default=None, description="Only these plugins: ids, distributions, or id@distribution"
    )
    plugins_deny: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Not these plugins, in the same form"
    )
    tool_aliases: dict[str, str] = Field(
        default_factory=dict, description="Wire names by tool id (plugin.tool), to resolve two tools of one name"
    )
    strict: bool = Field(default=False, description="Refuse to start when a plugin is quarantined")

    max_rounds: int = Field(default=8, ge=1, le=100, description="The most upstream calls of one turn")
    tool_timeout: float = Field(default=30.0, gt=0, description="Seconds that a tool may take unless it says otherwise")
    tool_threads: int = Field(
        default=32, ge=1, description="The most synchronous tools that run at once, and as many hooks and rules"
    )
    tool_result_limit: int = Field(default=65_536, ge=256, description="The most characters of one tool result")
    hook_timeout: float = Field(default=5.0, gt=0, description="Seconds that a per-request hook or rule may take")

    database_url: SecretStr | None = Field(
        default=None,
        description="Where sessions, keys and charges are stored: postgresql://… or sqlite:///…; unset: promptdock.db "
        "in the home",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        min_length=16,
        description="What stored API keys are hashed with; unset: the file secret.key in the home, made when missing",
    )
    redis_url: SecretStr | None = Field(
        default=None, description="Where rate limits are counted, for several machines; unset: in each process"
    )
    allow_anonymous: bool | None = Field(
        default=None,
        description="Whether callers without a key may use the OpenAI endpoint; unset: when no api_key is set, "
        "and serve listens on a loopback address",
    )
    rate_limit_per_key: str | None = Field(
        default=None, description="The most requests of one key, e.g. 600/minute; unset: no limit"
    )
    rate_limit_per_host: str | None = Field(
        default=None,
        description="The most requests without a key from one address, and from it to each host of an LLM client, "
        "e.g. 60/minute; unset: no limit",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Origins whose pages may call the API, e.g. https://chat.example.com; * for any"
    )
    api_domain: str | None = Field(
        default=None, description="LLM clients answer at <name>.<account number>.<api_domain>; unset: at no such host"
    )
    inactive_keys_open_clients: bool = Field(
        default=False,
        description="Whether an LLM client is open at its host when all of its keys are inactive or expired",
    )
    journal: bool = Field(default=True, description="Whether each API request gets a row in the journal")

    session_wait: float = Field(
        default=30.0, ge=0, description="Seconds that a prompt waits for an earlier one of its session, before 409"
    )
    context_tokens: int = Field(
        default=128_000,
        ge=256,
        description="The most tokens of one upstream call with a stored thread, its answer included",
    )
    resume_window: float = Field(
        default=15.0, ge=0, description="Seconds that a streamed prompt goes on after its caller hung up"
    )
    llm_client_temperature: float = Field(
        default=0.5, ge=0, le=2, description="Of LLM clients that say none, at providers that say none"
    )
    llm_client_max_completion_tokens: int = Field(
        default=2_048, ge=1, description="Of LLM clients that say none, at providers that say none"
    )
    budget_answer_tokens: int = Field(
        default=4_096,
        ge=1,
        description="Tokens that a budget sets aside for an answer when nobody says how long it may be",
    )

    budget_tool_calls: int = Field(
        default=16,
        ge=1,
        description="Tool calls that a budget sets aside for a turn with tools, and the most it may make then",
    )

    journal_days: int | None = Field(
        default=None, ge=1, description="Days for which rows of the journal are kept; unset: for ever"
    )
    stream_log_hours: int = Field(
        default=24, ge=1, description="Hours for which a streamed turn can be read on after it has ended"
    )

    log_levels: dict[str, str] = Field(
        default_factory=dict, description="Levels by component, e.g. promptdock.plugins.event_log = debug"
    )
    log_format: Literal["text", "json"] = Field(default="text", description="How the server writes its log lines")

    metrics: bool = Field(default=True, description="Whether the server counts what it does, for GET /metrics")
    metrics_token: SecretStr | None = Field(
        default=None, min_length=8, description="Key that reads the metrics and the reasons of /readyz, nothing else"
    )
    trace_contents: bool = Field(default=False, description="Whether traces hold prompts, answers and tools' results")
    loop_stall_ms: int = Field(default=250, ge=0, description="Milliseconds of a stall of the event loop that is told")

    max_body_bytes: int = Field(default=1_048_576, ge=1024, description="The largest request body")
    max_relay_bytes: int = Field(default=33_554_432, ge=1024, description="The largest body that is passed through")
    max_messages: int = Field(default=2_048, ge=1, description="The most messages of one request")

    @field_validator("plugins_allow", "plugins_deny", "cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Take ``a, b`` from the environment as well as a list from TOML."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @property
    def plugins_folder(self) -> Path:
        """Where one-file plugins lie."""
        return self.plugins_dir if self.plugins_dir is not None else self.home / "plugins"

    @property
    def admits_anonymous(self) -> bool:
        """Whether the OpenAI endpoint answers callers without a key."""
        return self.api_key is None if self.allow_anonymous is None else self.allow_anonymous

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (the signature is pydantic-settings')
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, and that over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=settings_file())


def settings_file() -> Path | None:
    """The settings file: ``promptdock.toml`` in the working folder, else in the home, else none."""
    home = Path(os.environ.get("PROMPTDOCK_HOME") or Path.home() / ".promptdock")
    for folder in (Path.cwd(), home):
        if (folder / "promptdock.toml").is_file():
            return folder / "promptdock.toml"
    return None


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Args:
        **overrides: Fields that win over the environment and the file.

    Returns:
        The frozen settings.

    Raises:
        ConfigurationError: The file is not TOML, or a value is not valid; the text names each place, never a value.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        places = "; ".join(
            f"{'.'.join(str(part) for part in item['loc'])}: {_in_our_words(item)}"
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise ConfigurationError(
            f"The settings are not valid: {places}{'' if places.endswith('?') else '.'}",
            hint="Run 'promptdock doctor' to see where each comes from.",
        ) from None
    except SettingsError as error:
        raise _not_json(error) from None
    except (ValueError, OSError) as error:
        # tomllib's own message quotes no values, only line and column
        raise ConfigurationError(f"{settings_file()} cannot be read: {error}") from None


def _in_our_words(item: Any) -> str:
    """What is wrong with one value, from pydantic's description of it."""
    if item["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(item["loc"][-1]), ProviderSettings.model_fields, n=1)
        return f"there is no such setting; did you mean {near[0]}?" if near else "there is no such setting"
    return str(item["msg"]).removeprefix("Value error, ")


def _not_json(error: SettingsError) -> ConfigurationError:
    """The error for a variable that has to be JSON; its value may be a secret, and is not shown."""
    found = re.search(r'for field "(\w+)"', str(error))
    if found is None:
        return ConfigurationError("A variable in the environment cannot be read.")
    field = found[1]
    return ConfigurationError(
        f"The variable PROMPTDOCK_{field.upper()} is not valid JSON.",
        hint=f"Write an object such as {_JSON_EXAMPLES.get(field, _ANY_OBJECT)}",
    )
