"""The three errors people see, and the nearest valid word."""

import pytest

from bot.errors import ConfigError, EksipError, QueryError, UserError, nearest


@pytest.mark.parametrize(
    ("word", "choices", "found"),
    [
        pytest.param("statsu", ("status", "subnet"), ("status",), id="two letters swapped"),
        pytest.param("STATUS", ("status", "subnet"), ("status",), id="case does not matter"),
        pytest.param("prod", ("Prod-EU",), (), id="half a name is not a slip"),
        pytest.param("watc", ("who", "what", "watch"), ("watch", "what"), id="the best first"),
        pytest.param("xyzzy", ("status", "subnet"), (), id="nothing near"),
        pytest.param("", ("status",), (), id="empty word"),
        pytest.param("status", (), (), id="no choices"),
    ],
)
def test_the_nearest_choices_come_best_first(word: str, choices: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert nearest(word, choices) == found


def test_the_limit_bounds_how_many_are_offered_and_repeats_count_once() -> None:
    choices = ["private-1a", "private-1b", "private-1c", "private-1a"]

    assert nearest("private-1", choices, limit=2) == ("private-1a", "private-1b")


def test_a_lower_ratio_offers_less_similar_words() -> None:
    assert nearest("region", ("regional_names",)) == ()
    assert nearest("region", ("regional_names",), ratio=50) == ("regional_names",)


def test_a_user_error_keeps_whole_commands_to_run_instead() -> None:
    error = UserError("No such subnet.", (f"status {name}" for name in ("a", "b")))

    assert str(error) == error.message == "No such subnet."
    assert error.suggestions == ("status a", "status b")


def test_a_query_error_knows_account_region_and_api() -> None:
    error = QueryError("Denied.", account_id="111122223333", region="eu-west-1", api="ec2:DescribeSubnets")

    assert (error.account_id, error.region, error.api) == ("111122223333", "eu-west-1", "ec2:DescribeSubnets")


def test_a_config_error_shows_every_problem_on_its_own_line() -> None:
    error = ConfigError(["first", "second"])

    assert error.message == str(error) == "first\nsecond"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(UserError("x"), id="user"),
        pytest.param(QueryError("x"), id="query"),
        pytest.param(ConfigError(["x"]), id="config"),
    ],
)
def test_all_three_are_one_family(error: Exception) -> None:
    assert isinstance(error, EksipError)
