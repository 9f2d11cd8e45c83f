"""Reading the configuration: the file, then the environment over it; all problems at once."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsError

from bot.config.settings import Settings
from bot.errors import ConfigError, nearest

OUTSIDE_NAMES = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "DATABASE_URL", "PORT")
"""Variables read under their common names, without the EKSIP_ prefix."""

CONFIG_VARIABLE = "EKSIP_CONFIG"
DEFAULT_FILE = "eksip.toml"


class _GivenEnvironment(EnvSettingsSource):
    """pydantic-settings' own source, over the mapping that was passed instead of the process's environment."""

    environ: Mapping[str, str] = {}

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self.environ.items()}


def load(environ: Mapping[str, str] | None = None, facts: Mapping[str, Any] | None = None) -> Settings:
    """The settings of this process: `facts` (or the file EKSIP_CONFIG names), overridden by the environment.

    `environ` defaults to the process's environment. A missing default file is fine; a missing named one is not.
    Raises: ConfigError with every problem at once, each with the nearest valid key.
    """
    given = dict(os.environ if environ is None else environ)
    problems: list[str] = []
    found = dict(facts) if facts is not None else _read_file(given, problems)
    problems += _unknown_variables(given)
    for name in OUTSIDE_NAMES:
        for key in (name, name.lower()):
            if key in found:
                found.pop(key)
                problems.append(f"`{key}` does not belong in {DEFAULT_FILE}: set the environment variable {name}.")

    class _Source(_GivenEnvironment):
        environ = given

    class _Loaded(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (pydantic-settings names them)
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return _Source(settings_cls), init_settings

    try:
        settings = _Loaded(**found)
    except ValidationError as exc:
        problems += [_problem(error, given) for error in exc.errors(include_url=False)]
    except SettingsError as exc:
        problems.append(
            f"{exc}. Lists and tables in the environment are JSON, for example EKSIP_AWS__REGIONS='[\"eu-west-1\"]'."
        )
    else:
        problems += _contradictions(settings)
        if not problems:
            return settings
    raise ConfigError(problems)


@contextmanager
def aws_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Inside the context boto3 sees these AWS_… variables and no others; the demo estate needs nobody's profile."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in before:
        del os.environ[name]
    os.environ.update({**variables, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull})
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(before)


def slack_mode(settings: Settings, *, http: bool = False) -> str:
    """ "socket" or "http": which way Slack reaches the bot.

    Raises: ConfigError when a token that mode needs is missing (an empty signing secret would accept forged requests).
    """
    problems = []
    mode = "http" if http or not settings.slack_app_token.get_secret_value() else "socket"
    if not settings.slack_bot_token.get_secret_value():
        problems.append("SLACK_BOT_TOKEN is not set: copy the bot token (xoxb-…) from OAuth & Permissions of the app.")
    if mode == "http" and not settings.slack_signing_secret.get_secret_value().strip():
        problems.append(
            "SLACK_SIGNING_SECRET is empty: HTTP mode refuses to start without it, since anybody could forge requests. "
            "Copy it from Basic Information of the app, or set SLACK_APP_TOKEN (xapp-…) for Socket Mode."
        )
    if problems:
        raise ConfigError(problems)
    return mode


def keys() -> tuple[str, ...]:
    """Every key that eksip.toml may hold, dotted; entries of lists of tables carry `[]`."""
    return tuple(_keys(Settings, ""))


def _keys(model: type[BaseModel], path: str) -> list[str]:
    found = []
    for name, field in model.model_fields.items():
        if field.validation_alias is not None:
            continue
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += _keys(inner, f"{path}{name}.")
            continue
        arguments = getattr(inner, "__args__", ())
        if arguments and isinstance(arguments[0], type) and issubclass(arguments[0], BaseModel):
            found += _keys(arguments[0], f"{path}{name}[].")
            continue
        found.append(f"{path}{name}")
    return found


def _read_file(environ: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    named = environ.get(CONFIG_VARIABLE)
    path = Path(named or DEFAULT_FILE)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named:
            problems.append(f"{CONFIG_VARIABLE} names {named}, and there is no such file.")
    except (OSError, UnicodeDecodeError) as exc:
        problems.append(f"{path} cannot be read: {exc}.")
    except tomllib.TOMLDecodeError as exc:
        problems.append(f"{path} is not valid TOML: {exc}.")
    return {}


def _unknown_variables(environ: Mapping[str, str]) -> list[str]:
    known = {"EKSIP_" + key.upper().replace(".", "__") for key in keys() if "[]" not in key}
    known |= {"EKSIP_AWS__ACCOUNTS", "EKSIP_WATCHES", CONFIG_VARIABLE}
    sections = {name.rpartition("__")[0] for name in known if "__" in name}
    problems = []
    for name in sorted(environ):
        if not name.upper().startswith("EKSIP_") or name.upper() in known | sections:
            continue
        close = nearest(name, known, limit=1, ratio=60)
        hint = f"; the nearest is {close[0]}" if close else f", for example {min(known)}"
        problems.append(f"{name} is not a setting{hint}.")
    return problems


def _problem(error: Any, environ: Mapping[str, str]) -> str:
    location = [str(step) for step in error["loc"] if not str(step).startswith(("str", "list[", "constrained"))]
    dotted = ".".join(location)
    variable = "EKSIP_" + "__".join(location).upper()
    origin = variable if variable in environ else location[0] if location[0] in OUTSIDE_NAMES else f"`{dotted}`"
    if error["type"] == "extra_forbidden":
        plain = ".".join(step for step in location if not step.isdigit())
        known = {key.replace("[]", ""): key for key in keys()}
        close = nearest(plain, known, limit=1, ratio=60)
        hint = f"; the nearest is `{known[close[0]]}`" if close else ""
        return f"{origin} is not a setting{hint}."
    secret = any(word in dotted.lower() for word in ("token", "secret", "external_id", "database_url"))
    shown = "" if secret or error["type"] == "missing" else f" (read {str(error['input'])[:60]!r})"
    return f"{origin}: {error['msg'].removeprefix('Value error, ')}{shown}."


def _contradictions(settings: Settings) -> list[str]:
    limits = settings.thresholds
    problems = []
    if not limits.critical_pct <= limits.low_pct <= limits.clear_pct:
        problems.append(
            f"`thresholds` must rise from critical_pct to low_pct to clear_pct "
            f"(read {limits.critical_pct:g}, {limits.low_pct:g}, {limits.clear_pct:g}; for example 5, 10, 12)."
        )
    if settings.schedule.poll < timedelta(seconds=1):
        problems.append("`schedule.poll` must be at least 1s (for example 5m).")
    seen: dict[str, int] = {}
    for number, account in enumerate(settings.aws.accounts):
        if account.account_id in seen:
            problems.append(f"`aws.accounts.{number}.account_id`: {account.account_id} is named twice.")
        seen[account.account_id] = number
    return problems
