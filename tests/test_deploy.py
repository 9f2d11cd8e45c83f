"""The files in deploy/ and the Procfile name what exists, and the example configuration is complete."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from typer.main import get_command

from bot.__main__ import app
from bot.config import OUTSIDE_NAMES, Settings, keys, load

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())
EXAMPLE = (ROOT / "deploy/eksip.example.toml").read_text()


def commands() -> set[str]:
    """The subcommands of eksip, `db upgrade` as two words."""
    root: Any = get_command(app)
    found = set()
    for name, command in root.commands.items():
        found |= {f"{name} {inner}" for inner in getattr(command, "commands", ())} or {name}
    return found


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions with their arguments, continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def argument(instruction: str) -> str:
    """The arguments of the last such instruction."""
    return [rest for word, rest in instructions() if word == instruction][-1]


def test_dockerfile_copies_what_exists() -> None:
    """Every COPY from the checkout has its sources there."""
    sources = [
        source
        for word, rest in instructions()
        if word == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert "constraints.txt" in sources
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_dockerfile_copies_what_the_wheel_is_built_from() -> None:
    """The first stage has every package, the readme and the licence that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    needed = {"pyproject.toml", project["project"]["readme"], *project["project"]["license-files"], *packages}
    copied = {source for word, rest in instructions() if word == "COPY" for source in rest.split()[:-1]}
    assert needed <= copied


def test_image_starts_a_real_command_as_an_unprivileged_user() -> None:
    """ENTRYPOINT and CMD make a command of eksip, and USER is a number above 0, as Kubernetes' runAsNonRoot wants."""
    words = [*json.loads(argument("ENTRYPOINT")), *json.loads(argument("CMD"))]
    assert words[0] == "eksip"
    assert " ".join(words[1:]) in commands()
    assert int(argument("USER")) > 0


def test_image_installs_the_pinned_versions_and_holds_no_secret() -> None:
    """pip is given the constraints, and no ENV or ARG names a token, a secret or a password."""
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert installs
    assert all("-c /tmp/constraints.txt" in rest for rest in installs)
    named = " ".join(rest for word, rest in instructions() if word in ("ENV", "ARG"))
    assert not re.search(r"TOKEN|SECRET|PASSWORD|ACCESS_KEY", named)


@pytest.fixture
def health() -> Iterator[tuple[int, dict[str, int]]]:
    """A server with a /healthz whose status the test sets; its port."""
    answers = {"/healthz": 200}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers.get(self.path, 404))
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_port, answers
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "exit_status"), [pytest.param(200, 0, id="healthy"), pytest.param(503, 1, id="not well")]
)
def test_image_health_check_asks_healthz(health: tuple[int, dict[str, int]], status: int, exit_status: int) -> None:
    """The HEALTHCHECK command succeeds while /healthz on PORT answers 200, and fails otherwise."""
    port, answers = health
    answers["/healthz"] = status
    words = json.loads(argument("HEALTHCHECK").partition("CMD ")[2])
    assert words[0] == "python"
    done = subprocess.run([sys.executable, *words[1:]], env={"PORT": str(port)}, capture_output=True, timeout=20)
    assert done.returncode == exit_status


def test_compose_builds_this_checkout_and_runs_a_real_command() -> None:
    """The build context, its Dockerfile and the command of the service exist."""
    service = COMPOSE["services"]["eksip"]
    context = (ROOT / "deploy" / service["build"]["context"]).resolve()
    assert context == ROOT
    assert (context / service["build"]["dockerfile"]).is_file()
    assert " ".join(service["command"]) in commands()


def test_compose_passes_variables_that_are_read_and_no_secret() -> None:
    """Each variable of the service is one that eksip or boto3 reads; secrets come without a value."""
    for entry in COMPOSE["services"]["eksip"]["environment"]:
        name, _, value = entry.partition("=")
        assert name in OUTSIDE_NAMES or name.startswith("AWS_")
        assert not (value and re.search("TOKEN|SECRET|KEY", name))
    assert "POSTGRES_PASSWORD" in COMPOSE["services"]["postgres"]["environment"]


def test_compose_keeps_the_database_where_the_image_does() -> None:
    """SQLite's file lies in a declared volume, PostgreSQL runs only when its profile is asked for."""
    service = COMPOSE["services"]["eksip"]
    mounts = [mount for mount in service["volumes"] if isinstance(mount, str)]
    assert [mount.partition(":") for mount in mounts] == [("data", ":", argument("VOLUME"))]
    database = argument("ENV").partition("DATABASE_URL=")[2].split()[0]
    assert database.startswith(f"sqlite:///{argument('VOLUME')}/")
    assert any(f":-{database}}}" in entry for entry in service["environment"])
    assert COMPOSE["services"]["postgres"]["profiles"] == ["postgres"]
    assert set(COMPOSE["volumes"]) == {"data", "postgres"}


def test_compose_gives_serve_more_time_than_it_takes_to_stop() -> None:
    """Docker kills after ten seconds unless told otherwise; serve may take that long."""
    assert int(COMPOSE["services"]["eksip"]["stop_grace_period"].removesuffix("s")) > 10


def test_procfile_runs_real_commands() -> None:
    """Each process of the Procfile is a command of eksip; `web` serves, `release` migrates."""
    processes = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert processes.keys() == {"web", "release"}
    for line in processes.values():
        words = shlex.split(line)
        assert words[0] == "eksip"
        assert " ".join(words[1:]) in commands()


def test_the_example_configuration_names_every_setting() -> None:
    """Each key of the settings has its line, and no other key has one."""
    assert sorted(_keys(tomllib.loads(uncommented()))) == sorted(keys())


def test_the_example_configuration_loads_and_shows_the_defaults() -> None:
    """With every line switched on it is valid, and differs from the defaults only where these are empty."""
    settings, defaults = load({}, tomllib.loads(uncommented())), load({}, {})
    assert settings.aws.accounts
    assert settings.watches
    assert settings.aws.regions
    assert settings.aws.organization.role_name
    filled = {name: getattr(settings.aws, name) for name in ("regions", "accounts", "organization")}
    aws = defaults.aws.model_copy(update=filled)
    access = defaults.access.model_copy(update={n: getattr(settings.access, n) for n in ("channels_may", "people_may")})
    addresses = {name: getattr(settings.notify, name) for name in ("webhook_url", "heartbeat_url")}
    notify = defaults.notify.model_copy(update=addresses)
    slack = defaults.slack.model_copy(update={"fallback_channel": settings.slack.fallback_channel})
    changed = {"aws": aws, "access": access, "notify": notify, "slack": slack, "watches": settings.watches}
    wanted = defaults.model_copy(update=changed)
    assert settings.model_dump() == wanted.model_dump()


def test_the_example_configuration_changes_nothing_as_it_is() -> None:
    """Copied without an edit it is the same as no file at all."""
    assert load({}, tomllib.loads(EXAMPLE)).model_dump() == load({}, {}).model_dump()


def test_secrets_are_named_and_have_no_key_in_the_example() -> None:
    """The variables read only from the environment stand at the top, as comments."""
    top = EXAMPLE.partition("\n\n")[0]
    for field in Settings.model_fields.values():
        if field.validation_alias is not None:
            assert f"{field.validation_alias}: {field.description}" in re.sub(r"\n# +", " ", top)


def uncommented() -> str:
    """The example with every setting switched on: `#key` and `#[[table]]` are settings, `# words` are not."""
    return re.sub(r"^#(?=[a-z\[])", "", EXAMPLE, flags=re.MULTILINE)


def _keys(table: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{path}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield from _keys(value[0], f"{path}{name}[].")
        else:
            yield f"{path}{name}"
