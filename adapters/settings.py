"""Settings, from the environment: SPCM_ and the field's name in capitals."""

import re
from contextlib import suppress
from datetime import timedelta
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from redis import ConnectionPool, RedisError, SSLConnection

from domain.fields import Flag, Phrase, phrase_in
from domain.state import Defaults

_TLS_PARAMETERS = {name for name in signature(SSLConnection.__init__).parameters if name.startswith("ssl_")}
_TLS_FILES = {"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class WrongSetting(ValueError):
    """Raised when a setting's value cannot be used; one line that names it."""


def duration(text: str) -> timedelta:
    """A number with its unit. Raises ValueError."""
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", text)
    if match is None:
        raise ValueError(text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _duration(value: Any) -> Any:
    return duration(value) if isinstance(value, str) else value


def _redis_url(url: str) -> str:
    """The URL as it came. Raises ValueError for what redis-py does not know or ignores, or that changes its ways."""
    if not url:
        return url
    parts = urlsplit(url)
    parameters = parse_qs(parts.query)
    known = {"db", *_TLS_PARAMETERS} if parts.scheme == "rediss" else {"db"}
    for name in sorted(parameters.keys() - known):
        if "@" in parts.query:  # a password with a question mark in it, perhaps: that is not to be told
            raise ValueError
        raise WrongSetting(f"SPCM_REDIS_URL: {parts.scheme}:// takes {', '.join(sorted(known))}, but not {name}")
    if parts.fragment:
        raise ValueError
    if parts.scheme != "unix" and not re.fullmatch(r"(/[0-9]*)?", parts.path):
        raise ValueError
    try:
        ConnectionPool.from_url(url).make_connection()  # which connects to nothing yet
    except RedisError:
        raise ValueError from None
    for name in _TLS_FILES & parameters.keys():
        if not Path(parameters[name][0]).is_file():
            raise WrongSetting(f"{name} of the Redis URL: there is no file {parameters[name][0]}")
    return url


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    Field(gt=timedelta(0), le=timedelta(days=36_500)),
    Phrase("a number with s, m, h or d: 7d; at most 36500d"),
]


class Settings(BaseSettings):
    """What an installation decides. Where there is no URL, what `spcm up` started in the data folder is used."""

    model_config = SettingsConfigDict(env_prefix="SPCM_", env_ignore_empty=True, hide_input_in_errors=True)

    redis_url: Annotated[
        str,
        Field(pattern=r"^((rediss?|unix)://.|$)"),
        AfterValidator(_redis_url),
        Phrase(
            "a redis://, rediss:// or unix:// URL, as redis://user:password@host:6379/0 is one, with %-escapes in the"
            " password, and no parameters but db and those of TLS (ssl_...)"
        ),
    ] = ""
    database_url: Annotated[str, Phrase("a URL")] = ""
    data: Annotated[Path, Phrase("a folder")] = Path(".spcm")
    partitions: Annotated[int, Field(ge=1, le=1024), Phrase("an integer from 1 to 1024")] = 8
    batch_size: Annotated[int, Field(ge=1, le=10_000), Phrase("an integer from 1 to 10000")] = 1000
    backlog_limit: Annotated[int, Field(ge=1), Phrase("an integer from 1")] = 100_000
    link_base: Annotated[str, Phrase("a URL")] = Defaults().link_base
    outcome_retention: Duration = timedelta(days=7)
    journal_retention: Duration = timedelta(days=30)
    dps_notification_default: Flag = False
    eos_notification_default: Flag = False
    payg_notification_default: Flag = False
    # From 5: hashing passwords and executing may take a batch 3 s, and writing what came of it some more.
    batch_time_limit: Annotated[int, Field(ge=5, le=86_400), Phrase("seconds, an integer from 5 to 86400")] = 30
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Phrase("debug, info, warning or error")] = "info"
    log_format: Annotated[Literal["text", "json"], Phrase("text or json")] = "text"

    @property
    def defaults(self) -> Defaults:
        """What fields get that nobody gave."""
        return Defaults(
            dps_notification=self.dps_notification_default,
            eos_notification=self.eos_notification_default,
            payg_notification=self.payg_notification_default,
            link_base=self.link_base.rstrip("/"),
        )

    @property
    def redis(self) -> str:
        """The URL of Redis. Raises WrongSetting where none is given and none is running in the data folder."""
        if self.redis_url:
            return self.redis_url
        try:
            running = self.running_redis.read_text().strip()
        except (FileNotFoundError, NotADirectoryError):
            raise WrongSetting(
                f"no Redis: set SPCM_REDIS_URL, or start one with `spcm up` (data folder {self.data})"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise WrongSetting(f"{self.running_redis} cannot be read: {error}") from None
        with suppress(ValueError):
            if running.startswith("redis://"):
                return _redis_url(running)
        raise WrongSetting(f"{self.running_redis} holds no URL of Redis: start `spcm up` anew, which writes it")

    @property
    def running_redis(self) -> Path:
        """The file in which `spcm up` tells the URL of the Redis that it started."""
        return self.data / "redis-url"

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url or f"sqlite:///{quote(str((self.data / 'spcm.sqlite').absolute()))}"


@cache
def settings() -> Settings:
    """The environment's settings, read once. Raises WrongSetting."""
    try:
        return Settings()
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, WrongSetting):
            raise cause from None
        name = str(detail["loc"][0])
        raise WrongSetting(f"SPCM_{name.upper()} must be {phrase_in(Settings.model_fields[name].metadata)}") from None
