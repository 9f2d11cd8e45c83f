"""What is said of a time in which nothing was read: once, where it is watched, and only when it was long."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOW, region_facts, subnet
from stored_alerts import FIRING, OPENED

from bot.alerts import Step, Transition
from bot.config import load
from bot.monitor.downtime import Downtime
from bot.store import Store, open_store

WATCHED = {"watches": [{"channel": "C0OPS0000"}, {"channel": "C0OPS0000", "scope": "region:eu-west-1"}]}
FALLBACK = {"slack": {"fallback_channel": "C0FALL000"}}
ENDED = Step(alert=FIRING, transition=Transition.RESOLVED)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store whose last read began at NOW."""
    opened = open_store(f"sqlite:///{tmp_path}/eksip.db")
    opened.save_region(region_facts(subnet(), observed_at=NOW))
    yield opened
    opened.close()


def said(store: Store, at: datetime) -> list[tuple[str, str]]:
    """What waits to be sent, and where to."""
    return [(item.channel, item.message.text) for item in store.claim_messages(at, "sender")]


@pytest.mark.parametrize(
    ("minutes", "facts", "channels"),
    [
        pytest.param(39, WATCHED, ["C0OPS0000"], id="a channel that watches twice hears once"),
        pytest.param(39, {**WATCHED, **FALLBACK}, ["C0OPS0000"], id="the fallback is for where nobody watches"),
        pytest.param(39, FALLBACK, ["C0FALL000"], id="nobody watches"),
        pytest.param(39, {}, [], id="nowhere to say it"),
        pytest.param(15, WATCHED, [], id="a restart"),
    ],
)
def test_a_long_downtime_is_told_where_somebody_watches(
    store: Store, minutes: int, facts: dict[str, Any], channels: list[str]
) -> None:
    """With what opened and what ended by the time everything was read again."""
    at = NOW + timedelta(minutes=minutes)
    downtime = Downtime(store, load({}, facts), at)
    downtime.note([OPENED])
    downtime.note([ENDED])
    downtime.tell(at)
    text = f"I was down {NOW:%H:%M} to {at:%H:%M} UTC; 1 opened, 1 resolved meanwhile."
    assert said(store, at) == [(channel, text) for channel in channels]


def test_it_is_told_once_whoever_leads(store: Store) -> None:
    """Not with the next sweep, and not by the replica that came up with this one."""
    at = NOW + timedelta(hours=30)
    first, second = (Downtime(store, load({}, WATCHED), at + timedelta(seconds=n)) for n in range(2))
    for downtime in (first, first, second):
        downtime.tell(at)
    ((_, text),) = said(store, at)
    assert f"{NOW:%Y-%m-%d}" in text


def test_a_new_installation_was_never_down(tmp_path: Path) -> None:
    """It has not read anything before."""
    empty = open_store(f"sqlite:///{tmp_path}/new.db")
    Downtime(empty, load({}, WATCHED), NOW).tell(NOW)
    assert said(empty, NOW) == []
    empty.close()
