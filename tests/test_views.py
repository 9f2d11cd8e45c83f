"""Pieces of answers: numbers with their unit and base, ages, coverage in words."""

from datetime import timedelta

import pytest
from builders import DEV, NOW, blind_spot, inventory, region_facts, subnet

from bot.capacity.subnets import SubnetState
from bot.message import Coverage, Failure, Mono, Tone
from bot.views import (
    TONES,
    age,
    blind_words,
    count,
    coverage,
    failed,
    footer,
    free_of,
    plural,
    share,
)
from bot.wording import console_url, span


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        pytest.param(203, 4091, "5%", id="whole percent"),
        pytest.param(16, 4091, "0.4%", id="below one"),
        pytest.param(1, 65531, "<0.1%", id="almost nothing is not nothing"),
        pytest.param(0, 4091, "0%", id="nothing"),
        pytest.param(4091, 4091, "100%", id="everything"),
        pytest.param(None, 4091, "?", id="not known"),
        pytest.param(0, 0, "?", id="of nothing"),
    ],
)
def test_a_share_tells_nothing_from_almost_nothing(part: int | None, whole: int, words: str) -> None:
    assert share(part, whole) == words


@pytest.mark.parametrize(
    ("free", "words"),
    [
        pytest.param(203, "203 of 4,091 (5%)", id="known"),
        pytest.param(0, "0 of 4,091 (0%)", id="none"),
        pytest.param(None, "not known of 4,091", id="not known"),
    ],
)
def test_a_free_figure_comes_with_its_base(free: int | None, words: str) -> None:
    assert free_of(free, 4091) == words


def test_a_number_that_is_not_known_is_a_question_mark() -> None:
    assert (count(65531), count(0), count(None)) == ("65,531", "0", "?")


@pytest.mark.parametrize(
    ("number", "word", "many", "words"),
    [
        pytest.param(1, "subnet", "", "1 subnet", id="one"),
        pytest.param(0, "subnet", "", "0 subnets", id="none"),
        pytest.param(1200, "subnet", "", "1,200 subnets", id="many"),
        pytest.param(2, "address", "addresses", "2 addresses", id="irregular"),
    ],
)
def test_a_plural_follows_the_number(number: int, word: str, many: str, words: str) -> None:
    assert plural(number, word, many) == words


@pytest.mark.parametrize(
    ("length", "words"),
    [
        pytest.param(timedelta(0), "0 s", id="now"),
        pytest.param(timedelta(seconds=59), "59 s", id="seconds"),
        pytest.param(timedelta(seconds=60), "1 min", id="a minute"),
        pytest.param(timedelta(minutes=59, seconds=59), "59 min", id="minutes"),
        pytest.param(timedelta(hours=3), "3 h", id="whole hours"),
        pytest.param(timedelta(hours=3, minutes=5), "3 h 5 min", id="hours and minutes"),
        pytest.param(timedelta(days=2, hours=4), "2 d 4 h", id="days and hours"),
        pytest.param(timedelta(days=2, minutes=4), "2 d", id="whole days"),
    ],
)
def test_a_length_of_time_has_at_most_two_units(length: timedelta, words: str) -> None:
    assert span(length) == words


def test_a_fact_from_a_clock_ahead_of_ours_is_zero_seconds_old() -> None:
    assert age(NOW + timedelta(seconds=5), NOW) == "0 s"


def test_every_state_has_a_tone_and_unknown_is_not_good() -> None:
    assert set(TONES) == set(SubnetState)
    assert TONES[SubnetState.UNKNOWN] is Tone.UNKNOWN


def test_the_console_link_opens_the_subnet_in_its_region() -> None:
    assert console_url("us-east-1", "subnet-0a") == (
        "https://us-east-1.console.aws.amazon.com/vpcconsole/home?region=us-east-1#SubnetDetails:subnetId=subnet-0a"
    )


def test_coverage_counts_complete_regions_and_names_each_blind_spot_once() -> None:
    denied = blind_spot()
    fleet = inventory(region_facts(subnet()), region_facts(subnets_complete=False), blind_spots=(denied,))

    found = coverage(fleet, [denied, blind_spot(api="ec2:GetSubnetCidrReservations")])

    assert (found.read, found.expected) == (1, 3)
    assert [spot.api for spot in found.blind_spots] == ["ec2:DescribeSubnets", "ec2:GetSubnetCidrReservations"]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        pytest.param(None, "", id="no AWS facts"),
        pytest.param(Coverage(read=2, expected=2), "", id="complete"),
        pytest.param(
            coverage(inventory(region_facts(), blind_spots=(blind_spot(),))),
            f"Not read: 1 of 2 account-regions ({DEV} eu-west-1). See `accounts`.",
            id="a region missing",
        ),
        pytest.param(
            coverage(inventory(region_facts(blind_spots=(blind_spot(api="eks:ListClusters"),)))),
            f"Read in part: {DEV} eu-west-1. See `accounts`.",
            id="one API missing",
        ),
        pytest.param(
            coverage(inventory(blind_spots=tuple(blind_spot(str(n) * 12, region="") for n in range(1, 6)))),
            "Not read: 5 of 5 account-regions (111111111111, 222222222222, 333333333333 and 2 more). See `accounts`.",
            id="many missing",
        ),
    ],
)
def test_what_could_not_be_read_is_one_sentence(found: Coverage | None, words: str) -> None:
    assert blind_words(found) == words


def test_the_footer_says_the_age_and_the_command_and_skips_empty_notes() -> None:
    found = footer("status prod", NOW - timedelta(minutes=12), NOW, "", "Read in part.")

    assert " (12 min ago) · " in found.lines[0]
    assert found.lines[0][-1] == Mono("eksip status prod")
    assert found.lines[1:] == (("Read in part.",),)


def test_a_failure_reads_the_same_in_text_and_verdict() -> None:
    found = failed("status", Failure(kind="query", message="AWS said no."), tone=Tone.BAD)

    assert (found.text, found.verdict, found.tone, found.ok) == ("AWS said no.", ("AWS said no.",), Tone.BAD, False)
