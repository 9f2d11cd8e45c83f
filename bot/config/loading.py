"""Reading the configuration: the file, then the environment over it; all problems at once."""

import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

from bot.config.problems import problem, unknown_variable, unknown_variables
from bot.config.settings import OUTSIDE_NAMES, Settings
from bot.errors import ConfigError

CONFIG_VARIABLE = "EKSIP_CONFIG"
DEFAULT_FILE = "eksip.toml"


class _GivenEnvironment(EnvSettingsSource):
    """pydantic-settings' own source, over the mapping that was passed instead of the process's environment."""

    environ: Mapping[str, str] = {}

    def _load_env_vars(self) -> Mapping[str, str | None]:
        # An empty variable counts as not set (compose files pass them), and a secret's trailing newline is no secret.
        return {name.lower(): value.strip() for name, value in self.environ.items() if value.strip()}

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """The JSON of a list or table; text that is none is left to validation, which reports every problem at once."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return value


def load(environ: Mapping[str, str] | None = None, facts: Mapping[str, Any] | None = None) -> Settings:
    """The settings of this process: `facts` (or the file EKSIP_CONFIG names), overridden by the environment.

    `environ` defaults to the process's environment. A missing default file is fine; a missing named one is not.
    Raises: ConfigError with every problem at once, each with the nearest valid key.
    """
    given = dict(os.environ if environ is None else environ)
    problems: list[str] = []
    found = dict(facts) if facts is not None else _read_file(given, problems)
    for name in unknown_variables(given, {CONFIG_VARIABLE}):
        problems.append(unknown_variable(name))
        del given[name]
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
        problems += [problem(error, given) for error in exc.errors(include_url=False)]
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    return settings


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


def _read_file(environ: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    named = environ.get(CONFIG_VARIABLE)
    path = Path(named or DEFAULT_FILE)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if named:
            problems.append(f"{CONFIG_VARIABLE} names {named}, and there is no such file.")
    except OSError as exc:
        problems.append(f"{path} cannot be read: {exc.strerror}.")
    except UnicodeDecodeError:
        problems.append(f"{path} is not UTF-8 text.")
    except tomllib.TOMLDecodeError as exc:
        problems.append(f"{path} is not valid TOML: {exc}.")
    return {}
