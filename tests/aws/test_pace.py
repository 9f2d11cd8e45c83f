"""Our own pace: never faster than the bucket, slower after throttling, and no worker is held for long."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.aws import limits
from bot.aws.pace import Key, Pace, Rests

KEY: Key = ("111122223333", "eu-west-1", "DescribeSubnets")
OTHERS: list[Key] = [
    ("222233334444", "eu-west-1", "DescribeSubnets"),
    ("111122223333", "us-east-1", "DescribeSubnets"),
    ("111122223333", "eu-west-1", "DescribeVpcs"),
]


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pace(time: Time) -> Pace:
    return Pace(per_second=5, burst=25, longest_wait=20, timer=time, sleep=time.sleep)


def test_a_burst_is_free_and_what_follows_comes_at_the_rate(pace: Pace, time: Time) -> None:
    assert all(pace.wait(KEY) for _ in range(25))
    assert time.slept == []
    assert all(pace.wait(KEY) for _ in range(50))
    assert time.now == pytest.approx(1010)


def test_the_bucket_fills_no_higher_than_its_size(pace: Pace, time: Time) -> None:
    pace.wait(KEY)
    time.now += 3600
    for _ in range(25):
        pace.wait(KEY)
    assert time.slept == []
    pace.wait(KEY)
    assert time.slept == [pytest.approx(0.2)]


@pytest.mark.parametrize("other", OTHERS, ids=["account", "region", "API"])
def test_one_key_does_not_slow_another(pace: Pace, time: Time, other: Key) -> None:
    for _ in range(25):
        pace.wait(KEY)
    pace.throttled(KEY)
    assert pace.wait(other)
    assert time.slept == []


def test_who_would_wait_too_long_is_sent_away_at_once_and_takes_nothing(time: Time) -> None:
    pace = Pace(per_second=1, burst=1, longest_wait=2, timer=time, sleep=lambda _: None)
    assert [pace.wait(KEY) for _ in range(5)] == [True, True, True, False, False]
    time.now += 1
    assert [pace.wait(KEY) for _ in range(2)] == [True, False]


def test_each_throttled_call_halves_the_rate_down_to_a_floor(pace: Pace) -> None:
    rates = []
    for _ in range(6):
        pace.throttled(KEY)
        rates.append(pace.rate(KEY))
    assert rates == [2.5, 1.25, 0.625, 0.3125, 0.3125, 0.3125]


def test_a_throttled_call_empties_the_bucket(pace: Pace, time: Time) -> None:
    pace.throttled(KEY)
    pace.wait(KEY)
    assert time.slept == [pytest.approx(1 / 2.5)]


def test_the_rate_doubles_with_each_quiet_minute_until_it_is_whole(pace: Pace, time: Time) -> None:
    for _ in range(3):
        pace.throttled(KEY)
    rates = []
    for _ in range(5):
        rates.append(pace.rate(KEY))
        time.now += limits.SHARE_DOUBLES_AFTER.total_seconds()
    assert rates == [0.625, 1.25, 2.5, 5, 5]


def test_throttling_after_half_a_recovery_halves_what_had_come_back(pace: Pace, time: Time) -> None:
    pace.throttled(KEY)
    pace.throttled(KEY)
    time.now += limits.SHARE_DOUBLES_AFTER.total_seconds()
    pace.throttled(KEY)
    assert pace.rate(KEY) == 1.25


@pytest.mark.timeout(60)
def test_threads_together_take_no_more_than_the_bucket_gives(time: Time) -> None:
    pace = Pace(per_second=1, burst=10, longest_wait=5, timer=time, sleep=lambda _: None)
    with ThreadPoolExecutor(8) as pool:
        passed = list(pool.map(lambda _: pace.wait(KEY), range(200)))
    assert sum(passed) == 15  # ten at once, and five who wait their one to five seconds


def test_our_rate_is_well_below_what_ec2_refills() -> None:
    ec2_refill, ec2_bucket = 20, 100
    assert ec2_refill / 4 >= limits.CALLS_PER_SECOND
    assert ec2_bucket / 4 >= limits.CALL_BURST


def test_a_region_rests_after_several_silent_calls_in_a_row_and_is_then_tried_once(time: Time) -> None:
    rests = Rests(time)
    begun = [rests.silent("ec2", "eu-west-1") for _ in range(limits.SILENCES)]
    assert begun == [False] * (limits.SILENCES - 1) + [True]
    assert rests.resting("ec2", "eu-west-1")
    assert not rests.resting("eks", "eu-west-1")
    assert not rests.resting("ec2", "us-east-1")
    time.now += limits.REGION_REST.total_seconds()
    assert not rests.resting("ec2", "eu-west-1")
    assert rests.silent("ec2", "eu-west-1")
    assert rests.resting("ec2", "eu-west-1")


def test_an_answer_ends_the_count_of_silences(time: Time) -> None:
    rests = Rests(time)
    for _ in range(limits.SILENCES - 1):
        rests.silent("ec2", "eu-west-1")
    rests.answered("ec2", "eu-west-1")
    assert not rests.silent("ec2", "eu-west-1")
