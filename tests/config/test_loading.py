"""Reading the configuration: the file, the environment over it, every problem at once and in words."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import CONFIG_VARIABLE, Settings, aws_environment, load, slack_mode
from bot.errors import ConfigError


def problems(environ: dict[str, str] | None = None, toml: str | None = None, folder: Path | None = None) -> list[str]:
    """The problems of an environment and the text of a file."""
    given = dict(environ or {})
    if toml is not None:
        assert folder is not None
        path = folder / "eksip.toml"
        path.write_text(toml, encoding="utf-8")
        given[CONFIG_VARIABLE] = str(path)
    with pytest.raises(ConfigError) as caught:
        load(given, None if toml is not None else {})
    return list(caught.value.problems)


def loaded(toml: str, folder: Path, **environ: str) -> Settings:
    path = folder / "named.toml"
    path.write_text(toml, encoding="utf-8")
    return load({CONFIG_VARIABLE: str(path), **environ})


def test_the_environment_wins_over_the_file_setting_by_setting(tmp_path: Path) -> None:
    settings = loaded(
        "[thresholds]\nlow_pct = 20\nclear_pct = 30\nhold = '1m'\n[aws]\nregions = ['eu-west-1']\n",
        tmp_path,
        EKSIP_THRESHOLDS__LOW_PCT="15",
        EKSIP_AWS__REGIONS='["us-east-1", "us-west-2"]',
    )

    assert (settings.thresholds.low_pct, settings.thresholds.clear_pct) == (15, 30)
    assert settings.thresholds.hold == timedelta(minutes=1)
    assert settings.aws.regions == ["us-east-1", "us-west-2"]


def test_accounts_and_watches_can_come_from_the_environment_as_json() -> None:
    settings = load(
        {
            "EKSIP_AWS__ACCOUNTS": json.dumps([{"account_id": "111122223333", "name": "prod"}]),
            "EKSIP_WATCHES": json.dumps([{"channel": "C0123456789", "scope": "cluster:prod-eu"}]),
            "EKSIP_ACCESS": json.dumps({"writers": ["U0123456789"]}),
        },
        {},
    )

    assert settings.accounts[0].name == "prod"
    assert settings.watches[0].scope == "cluster:prod-eu"
    assert settings.access.writers == ["U0123456789"]


def test_a_named_file_must_be_there_and_the_default_one_need_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load({}).port == 3000

    with pytest.raises(ConfigError, match=r"EKSIP_CONFIG names nowhere.toml, and there is no such file"):
        load({CONFIG_VARIABLE: "nowhere.toml"})


def test_the_default_file_is_read_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "eksip.toml").write_text("log_level = 'debug'\n", encoding="utf-8")

    assert load({}).log_level == "DEBUG"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"aws = [", "is not valid TOML", id="bad TOML"),
        pytest.param(b"name = '\xff'", "is not UTF-8 text", id="another encoding"),
    ],
)
def test_a_file_that_cannot_be_understood_is_named_with_the_reason(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match=said) as caught:
        load({CONFIG_VARIABLE: str(path)})

    assert str(path) in caught.value.message


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load({CONFIG_VARIABLE: str(tmp_path)})


def test_every_problem_of_file_and_environment_is_reported_at_once(tmp_path: Path) -> None:
    found = problems(
        {"EKSIP_THRESHOLD__LOW_PCT": "10", "EKSIP_AWS__REGIONS": "eu-west-1", "PORT": "http"},
        "[thresholds]\nlow_pct = 150\nhold = 'soon'\n[threshold]\nx = 1\n[[aws.accounts]]\naccount_id = '12345'\n",
        tmp_path,
    )

    assert len(found) == 7
    for said in (
        "EKSIP_THRESHOLD__LOW_PCT is not a setting; the nearest is EKSIP_THRESHOLDS__LOW_PCT.",
        "EKSIP_AWS__REGIONS: lists and tables in the environment are JSON",
        "PORT: expected a whole number (read 'http').",
        "`thresholds.low_pct`: must be at most 100 (read '150').",
        "`thresholds.hold`: 'soon' is not a length of time; write for example 10m, 2h or 1d12h (read 'soon').",
        "`threshold` is not a setting; the nearest is `thresholds`.",
        '`aws.accounts.0.account_id`: expected the twelve digits of an account, for example "111122223333"',
    ):
        assert any(line.startswith(said) for line in found), said


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        pytest.param(
            "[aws]\nregion = ['eu-west-1']", "`aws.region` is not a setting; the nearest is `aws.regions`", id="key"
        ),
        pytest.param(
            "[[watches]]\nchannel = 'C0123456789'\nscop = 'all'", "the nearest is `watches[].scope`", id="key in a list"
        ),
        pytest.param("strange = 1", "`strange` is not a setting.", id="nothing near"),
        pytest.param("list = [1]", "`list` is not a setting", id="a key named like a type"),
        pytest.param("[[aws.accounts]]\naccount_id = 111122223333", "in quotes", id="account id as a number"),
        pytest.param(
            "[[aws.accounts]]\naccount_id = '111122223333'\nrole_arn = 'eksip-reader'",
            'for example "arn:aws:iam::111122223333:role/eksip-reader"',
            id="role by its name",
        ),
        pytest.param(
            "[[aws.accounts]]\naccount_id = '111122223333'\nrole_arn = 7",
            "expected a list",
            id="role of no kind at all",
        ),
        pytest.param(
            "[[aws.accounts]]\naccount_id = '111122223333'\n[[aws.accounts]]\naccount_id = '111122223333'",
            "names 111122223333 twice",
            id="an account named twice",
        ),
        pytest.param(
            "[[aws.accounts]]\nname = 'prod'", "`aws.accounts.0.account_id`: is needed", id="something missing"
        ),
        pytest.param("[aws]\nregions = ['Ireland']", 'for example "eu-west-1"', id="region by its place"),
        pytest.param("[aws]\nregions = 'eu-west-1'", "`aws.regions`: expected a list", id="text for a list"),
        pytest.param("aws = 3", "`aws`: expected a table of settings", id="number for a table"),
        pytest.param("[slack]\nworkers = 1.5", "expected a whole number", id="fraction"),
        pytest.param("[slack]\nworkers = 0", "must be at least 1", id="too small"),
        pytest.param("[slack]\ncommand = 'eksip'", 'for example "/eksip"', id="command without its slash"),
        pytest.param("[slack]\napi_url = 'slack.com'", "an http or https address", id="address without a scheme"),
        pytest.param("log_level = 'LOUD'", "expected one of DEBUG, INFO, WARNING, ERROR", id="level"),
        pytest.param(
            "[thresholds]\nlow_pct = 4", "must rise from critical_pct to low_pct to clear_pct", id="thresholds crossed"
        ),
        pytest.param("[thresholds]\nhold = -5", "between 0s and 366d", id="negative length"),
        pytest.param("[thresholds]\nrecover = true", "a length of time is text", id="yes for a length"),
        pytest.param("[schedule]\npoll = 1e20", "between 0s and 366d", id="length beyond the calendar"),
        pytest.param("[schedule]\npoll = inf", "between 0s and 366d", id="endless length"),
        pytest.param("[schedule]\npoll = nan", "between 0s and 366d", id="a length that is no number"),
        pytest.param("[schedule]\npoll = '0s'", "must be at least 1s", id="no pause at all"),
        pytest.param("[[watches]]\nchannel = '#ops'", 'for example "C0123456789"', id="channel by its name"),
    ],
)
def test_a_problem_says_what_is_expected_with_an_example(toml: str, said: str, tmp_path: Path) -> None:
    found = problems({}, toml, tmp_path)

    assert len(found) == 1
    assert said in found[0]
    for jargon in ("Input should", "String should", "Value error", "pattern", "pydantic", "Field required"):
        assert jargon not in found[0]


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        pytest.param("EKSIP_AWS__REGION", "the nearest is EKSIP_AWS__REGIONS", id="slip"),
        pytest.param("EKSIP_SLACK_API_URL", "the nearest is EKSIP_SLACK__API_URL", id="one underscore"),
        pytest.param("EKSIP_SLACK__BOT_TOKEN", "the nearest is SLACK_BOT_TOKEN", id="a secret under a wrong name"),
        pytest.param("EKSIP_XYZ", "one that is: EKSIP_", id="nothing near"),
        pytest.param("eksip_aws__region", "the nearest is EKSIP_AWS__REGIONS", id="small letters"),
    ],
)
def test_an_unknown_variable_is_one_problem_with_the_nearest_name(variable: str, said: str) -> None:
    found = problems({variable: "x"})

    assert len(found) == 1
    assert found[0].startswith(f"{variable} is not a setting")
    assert said in found[0]


def test_variables_of_others_are_nobodys_business() -> None:
    assert load({"PATH": "/bin", "AWS_PROFILE": "prod", "SLACK_TOKEN": "x", "EKSIPX": "1"}, {}).port == 3000


@pytest.mark.parametrize(
    ("toml", "variable"),
    [
        pytest.param("slack_bot_token = 'xoxb-hush'", "SLACK_BOT_TOKEN", id="small letters"),
        pytest.param("SLACK_SIGNING_SECRET = 'hush'", "SLACK_SIGNING_SECRET", id="capitals"),
        pytest.param("database_url = 'postgresql://u:hush@db/e'", "DATABASE_URL", id="database"),
        pytest.param("[slack]\nbot_token = 'xoxb-hush'", "SLACK_BOT_TOKEN", id="inside a section"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(toml: str, variable: str, tmp_path: Path) -> None:
    found = problems({}, toml, tmp_path)

    assert len(found) == 1
    assert f"environment variable {variable}" in found[0]
    assert "hush" not in found[0]


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"EKSIP_AWS__ACCOUNTS": '[{"account_id": "1", "external_id": "hush"}]'}, id="next to a problem"),
        pytest.param({"EKSIP_AWS__ACCOUNTS": '{"external_id": "hush"}'}, id="a table for a list"),
        pytest.param({"EKSIP_AWS__ACCOUNTS": '[{"external_id": "hush"'}, id="JSON cut short"),
        pytest.param(
            {"EKSIP_AWS__ACCOUNTS": '[{"account_id": "1", "external_id": {"x": "hush"}}]'}, id="of a wrong kind"
        ),
        pytest.param({"EKSIP_SLACK__BOT_TOKEN": "hush"}, id="under a wrong name"),
    ],
)
def test_no_problem_shows_a_secret(environ: dict[str, str]) -> None:
    assert "hush" not in "\n".join(problems(environ))


def test_an_empty_variable_counts_as_not_set_and_space_around_a_value_is_dropped() -> None:
    settings = load(
        {"PORT": "", "DATABASE_URL": " ", "EKSIP_THRESHOLDS__LOW_PCT": "", "SLACK_BOT_TOKEN": "xoxb-1\n"}, {}
    )

    assert settings.port == 3000
    assert settings.thresholds.low_pct == 10
    assert settings.database_url.get_secret_value().startswith("sqlite:///")
    assert settings.slack_bot_token.get_secret_value() == "xoxb-1"


def test_the_port_of_the_platform_is_honoured() -> None:
    assert load({"PORT": "8080"}, {}).port == 8080


@pytest.mark.parametrize(
    ("environ", "http", "mode"),
    [
        pytest.param({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}, False, "socket", id="Socket Mode"),
        pytest.param({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s"}, False, "http", id="HTTP"),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_SIGNING_SECRET": "s"},
            True,
            "http",
            id="HTTP asked for",
        ),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": " ", "SLACK_SIGNING_SECRET": "s"},
            False,
            "http",
            id="a blank app token is none",
        ),
    ],
)
def test_an_app_token_means_socket_mode(environ: dict[str, str], http: bool, mode: str) -> None:
    assert slack_mode(load(environ, {}), http=http) == mode


@pytest.mark.parametrize(
    ("environ", "http", "missing"),
    [
        pytest.param({}, False, ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"], id="nothing set"),
        pytest.param({"SLACK_BOT_TOKEN": "xoxb-1"}, False, ["SLACK_SIGNING_SECRET"], id="no secret in HTTP mode"),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "  "},
            False,
            ["SLACK_SIGNING_SECRET"],
            id="blank secret",
        ),
        pytest.param(
            {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}, True, ["SLACK_SIGNING_SECRET"], id="--http"
        ),
        pytest.param({"SLACK_APP_TOKEN": "xapp-1"}, False, ["SLACK_BOT_TOKEN"], id="no bot token in Socket Mode"),
    ],
)
def test_a_missing_token_or_an_empty_signing_secret_refuses_to_start(
    environ: dict[str, str], http: bool, missing: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        slack_mode(load(environ, {}), http=http)

    assert [problem.partition(" ")[0] for problem in caught.value.problems] == missing


def test_inside_the_aws_environment_boto3_sees_those_variables_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("AWS_REGION", raising=False)

    with pytest.raises(KeyError, match="left by an error"), aws_environment({"AWS_REGION": "eu-west-1"}):  # noqa: PT012
        assert os.environ["AWS_REGION"] == "eu-west-1"  # noqa: TID251
        assert "AWS_PROFILE" not in os.environ  # noqa: TID251
        assert os.environ["AWS_CONFIG_FILE"] == os.devnull  # noqa: TID251
        raise KeyError("left by an error")

    assert os.environ["AWS_PROFILE"] == "mine"  # noqa: TID251
    assert "AWS_REGION" not in os.environ  # noqa: TID251
