"""The scripted squeeze: a subnet runs out of addresses and recovers, at times that let an alert fire and resolve."""

import threading
from collections.abc import Iterator

import botocore.session
import pytest

from bot.demo.squeeze import DRAIN_AND_RECOVER, Squeeze, Step
from bot.demo.world import World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as active:
        yield active


class Timeline:
    """Stands in for waiting: notes how many addresses were free at the end of every pause."""

    def __init__(self, world: World, subnet: str, stop_at: float | None = None) -> None:
        self.space = world.allocator(subnet)
        self.elapsed = 0.0
        self.stop_at = stop_at
        self.free: dict[float, int] = {}

    def __call__(self, seconds: float) -> bool:
        self.free[self.elapsed] = self.space.available_ips
        self.elapsed += seconds
        return self.stop_at is not None and self.elapsed >= self.stop_at


def test_the_subnet_drains_in_steps_holds_and_recovers_to_where_it_was(world: World) -> None:
    before = world.allocator("payments-1a").available_ips
    timeline = Timeline(world, "payments-1a")
    Squeeze(world).run(threading.Event(), timeline)
    assert timeline.free == {0.0: before, 1.0: 88, 2.0: 55, 3.0: 30, 4.0: 9, 14.0: 63}
    assert world.allocator("payments-1a").available_ips == before


def test_there_is_time_to_fire_by_ten_seconds_and_to_resolve_by_22() -> None:
    """Poll every 2 s, hold and recovery 3 s: the low stretch spans both, and the end leaves room for recovery."""
    poll, hold = 2, 3
    low = [step for step in DRAIN_AND_RECOVER if step.free_pct is not None and step.free_pct < 5]
    recovered = next(step for step in DRAIN_AND_RECOVER if step.at_seconds > low[-1].at_seconds)
    assert low[0].at_seconds + poll + hold <= 10
    assert recovered.at_seconds - low[0].at_seconds >= 2 * poll + hold
    assert DRAIN_AND_RECOVER[-1].at_seconds + poll + hold <= 22
    assert DRAIN_AND_RECOVER[-1].free_pct is None


def test_addresses_are_taken_by_interfaces_that_the_cni_would_have_made(world: World) -> None:
    keys = world.credentials()
    ec2 = botocore.session.get_session().create_client(
        "ec2",
        region_name="eu-west-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
    )
    filters = [{"Name": "subnet-id", "Values": [world.subnet_id("payments-1a")]}]
    squeeze = Squeeze(world)

    def held() -> dict[str, str]:
        answer = ec2.describe_network_interfaces(Filters=filters)  # type: ignore[attr-defined]
        return {i["NetworkInterfaceId"]: i["Description"] for i in answer["NetworkInterfaces"]}

    before = held()
    assert squeeze.apply(Step(at_seconds=0, free_pct=3.5)) == 9
    new = {eni_id: description for eni_id, description in held().items() if eni_id not in before}
    assert len(new) == 8, "two free slots on each of the four nodes, fifteen addresses each"
    assert all(description.startswith("aws-K8S-i-") for description in new.values())
    squeeze.apply(Step(at_seconds=0, free_pct=None))
    assert held() == before


@pytest.mark.parametrize("stop_at", [pytest.param(1, id="at once"), pytest.param(14, id="while it holds")])
def test_a_stop_gives_everything_back(world: World, stop_at: float) -> None:
    before = world.allocator("payments-1a").available_ips
    timeline = Timeline(world, "payments-1a", stop_at=stop_at)
    Squeeze(world).run(threading.Event(), timeline)
    assert timeline.elapsed == stop_at
    assert world.allocator("payments-1a").available_ips == before


def test_a_set_event_ends_a_running_squeeze_from_another_thread(world: World) -> None:
    stop = threading.Event()
    running = threading.Thread(target=Squeeze(world, "public-1a").run, args=(stop,))
    running.start()
    stop.set()
    running.join(timeout=5)
    assert not running.is_alive()


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(((2.0, 10.0), (1.0, 50.0)), id="times out of order"),
        pytest.param(((1.0, 101.0),), id="more than all"),
        pytest.param(((-1.0, 10.0),), id="before the start"),
    ],
)
def test_a_schedule_that_cannot_be_played_is_refused(world: World, steps: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="squeeze"):
        Squeeze(world, steps=tuple(Step(at_seconds=at, free_pct=pct) for at, pct in steps))
