"""Settings: lengths of time, defaults that agree with each other, secrets that are never shown."""

from datetime import timedelta

import pytest
from pydantic import BaseModel

from bot.config import OUTSIDE_NAMES, Settings, ThresholdSettings, duration, keys, load
from bot.inventory import Account


@pytest.mark.parametrize(
    ("text", "length"),
    [
        pytest.param("90s", timedelta(seconds=90), id="seconds"),
        pytest.param("10m", timedelta(minutes=10), id="minutes"),
        pytest.param("2h", timedelta(hours=2), id="hours"),
        pytest.param("1d12h", timedelta(days=1, hours=12), id="days and hours"),
        pytest.param("1w", timedelta(days=7), id="weeks"),
        pytest.param(" 2 H ", timedelta(hours=2), id="spaces and capitals"),
        pytest.param("0s", timedelta(0), id="nothing"),
        pytest.param("366d", timedelta(days=366), id="the longest"),
    ],
)
def test_a_length_of_time_is_written_with_units(text: str, length: timedelta) -> None:
    assert duration(text) == length


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("10", id="no unit"),
        pytest.param("ten minutes", id="words"),
        pytest.param("-5m", id="negative"),
        pytest.param("1.5h", id="fraction"),
        pytest.param("5y", id="unknown unit"),
        pytest.param("10m later", id="words after it"),
        pytest.param("٣m", id="digits of another script"),
        pytest.param("367d", id="longer than a year"),
        pytest.param("9" * 19 + "w", id="far beyond the calendar"),
        pytest.param("9" * 5000 + "s", id="5,000 digits"),
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="for example 10m, 2h or 1d12h") as caught:
        duration(text)

    assert len(str(caught.value)) < 200


def test_every_setting_has_a_sentence_of_help() -> None:
    def fields(model: type[BaseModel]) -> list[str]:
        bare = []
        for name, field in model.model_fields.items():
            inner = field.annotation
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                bare += fields(inner)
            elif not (field.description or "").endswith("."):
                bare.append(f"{model.__name__}.{name}")
        return bare

    assert fields(Settings) == []


def test_the_defaults_load_and_are_in_order() -> None:
    settings = load({}, {})

    limits = settings.thresholds.limits
    assert limits.critical_pct < limits.low_pct < limits.clear_pct
    assert settings.schedule.poll == timedelta(minutes=5)
    assert settings.accounts == ()
    assert settings.port == 3000


def test_the_keys_are_what_the_file_may_hold_and_no_secret_is_among_them() -> None:
    found = keys()

    assert {"aws.regions", "aws.accounts[].account_id", "thresholds.low_pct", "watches[].channel", "log_level"} <= set(
        found
    )
    assert not {name.lower() for name in OUTSIDE_NAMES} & set(found)


def test_accounts_take_the_common_regions_unless_they_name_their_own() -> None:
    chain = ["arn:aws:iam::111122223333:role/hub", "arn:aws-us-gov:iam::444455556666:role/path/reader"]
    settings = load(
        {},
        {
            "aws": {
                "regions": ["eu-west-1"],
                "accounts": [
                    {"account_id": "111122223333", "name": "prod", "role_arn": chain[0], "external_id": "shared-word"},
                    {"account_id": "444455556666", "role_arn": chain, "regions": []},
                ],
            }
        },
    )

    assert settings.accounts == (
        Account(
            account_id="111122223333",
            name="prod",
            role_arns=(chain[0],),
            external_id="shared-word",
            regions=("eu-west-1",),
        ),
        Account(account_id="444455556666", name="444455556666", role_arns=tuple(chain), regions=()),
    )


def test_no_secret_shows_in_the_settings_printed() -> None:
    settings = load(
        {
            "SLACK_BOT_TOKEN": "xoxb-hush",
            "SLACK_APP_TOKEN": "xapp-hush",
            "SLACK_SIGNING_SECRET": "hush",
            "DATABASE_URL": "postgresql://eksip:hush@db/eksip",
        },
        {"aws": {"accounts": [{"account_id": "111122223333", "external_id": "hush"}]}},
    )

    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "hush" not in shown
    assert settings.slack_signing_secret.get_secret_value() == "hush"


@pytest.mark.parametrize(
    ("url", "exists"),
    [
        pytest.param("postgresql://db/eksip", True, id="a server is always there"),
        pytest.param("sqlite:///{folder}/made.db", True, id="a file that was made"),
        pytest.param("sqlite:///{folder}/other.db", False, id="a file that was not"),
    ],
)
def test_a_database_exists_when_a_server_or_its_file_does(url: str, exists: bool, tmp_path: object) -> None:
    with open(f"{tmp_path}/made.db", "w", encoding="utf-8") as made:
        made.write("")

    assert load({"DATABASE_URL": url.format(folder=tmp_path)}, {}).database_exists is exists


def test_thresholds_become_the_limits_of_the_capacity_engine() -> None:
    limits = ThresholdSettings(floor_ips=4, low_pct=20, critical_pct=10, clear_pct=25).limits

    assert (limits.floor_ips, limits.low_pct, limits.critical_pct, limits.clear_pct) == (4, 20, 10, 25)
