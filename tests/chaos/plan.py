"""The plan of a site: which subnets fall, what breaks and when the bot is killed, all from a seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from endpoint.plan import AccountPlan, Fleet, RegionPlan, account_id

SINGLE, SHARED = "eu-west-1", "eu-central-1"
"""In the first region each subnet has a card of its own, in the second several share one."""

MEMBERS = 3
"""Subnets on a shared card: no more than a card lists."""


class Database(Enum):
    """The kinds of database."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Target(Enum):
    """Which replica a kill hits."""

    ANY = "any"
    LEADER = "leader"
    FOLLOWER = "follower"


class Break(Enum):
    """What breaks: the word before the dot is who."""

    SLACK_LIMITS = "slack.limits"
    SLACK_REFUSES = "slack.refuses"
    SLACK_BROKEN = "slack.broken"
    SLACK_UNSURE = "slack.unsure"
    SLACK_LOSES = "slack.loses"
    SLACK_LATE = "slack.late"
    SLACK_AWAY = "slack.away"
    SLACK_CUTS = "slack.cuts"
    AWS_THROTTLED = "aws.throttled"
    AWS_UNAVAILABLE = "aws.unavailable"
    AWS_DENIED = "aws.denied"
    AWS_EXPIRED = "aws.expired"
    AWS_RESET = "aws.reset"
    AWS_TRUNCATED = "aws.truncated"
    DATABASE_AWAY = "database.away"
    CLOCK_STEPS = "clock.steps"
    CLOCK_JUMPS = "clock.jumps"


_OFTEN = {
    Break.SLACK_LIMITS: 4,
    Break.SLACK_REFUSES: 4,
    Break.SLACK_BROKEN: 4,
    Break.SLACK_UNSURE: 2,
    Break.SLACK_LOSES: 8,
    Break.SLACK_LATE: 1,
    Break.SLACK_AWAY: 1,
    Break.SLACK_CUTS: 2,
    Break.AWS_THROTTLED: 2,
    Break.AWS_UNAVAILABLE: 2,
    Break.AWS_DENIED: 1,
    Break.AWS_EXPIRED: 1,
    Break.AWS_RESET: 2,
    Break.AWS_TRUNCATED: 2,
    Break.DATABASE_AWAY: 4,
    Break.CLOCK_STEPS: 2,
    Break.CLOCK_JUMPS: 2,
}
"""How often each happens, against the others."""

CALLS = ("chat.postMessage", "chat.postMessage", "chat.update", "conversations.history", "*")
"""The calls that Slack's faults hit; a post is what can be doubled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A subnet that falls at a time, to so few free addresses, and rises so long after the bot has seen it fire."""

    region: str
    number: int
    falls_at: float
    leaves_ips: int
    lingers: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that breaks: which call of Slack where it is Slack's, how often or hard (`amount`), for how long."""

    at: float
    what: Break
    method: str
    amount: int
    lasts: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """A SIGKILL of a replica, so long after it serves; it is started again after a pause."""

    target: Target
    after: float
    pause: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that happens to one site; the times are seconds, from its start where they are a moment."""

    name: str
    database: Database
    replicas: int
    reads_history: bool
    fleet: Fleet
    episodes: tuple[Episode, ...]
    troubles: tuple[Trouble, ...]
    kills: tuple[Kill, ...]


def plan(
    seed: int,
    name: str,
    *,
    episodes: int,
    kills: int,
    troubles: int,
    seconds: float,
    database: Database = Database.SQLITE,
    replicas: int = 1,
    reads_history: bool = True,
    lives: tuple[float, float] = (1.0, 15.0),
    lingers: float = 20.0,
    without: Sequence[Break] = (),
) -> Plan:
    """The plan of a site by its seed and name: `episodes` that begin and `troubles` that happen within `seconds`.

    A replica is killed within `lives` of its start, and no episode lasts longer than `lingers` once it is seen.
    """
    chance = random.Random(f"{seed}:{name}")
    fleet, places = _fleet(episodes)
    kinds = [kind for kind in _OFTEN if kind not in without]
    return Plan(
        name=name,
        database=database,
        replicas=replicas,
        reads_history=reads_history,
        fleet=fleet,
        episodes=tuple(
            Episode(
                region=region,
                number=number,
                falls_at=chance.uniform(0, seconds),
                leaves_ips=chance.choice((0, 1, 2, 3)),
                lingers=chance.choice((0.0, chance.uniform(0, lingers / 4), chance.uniform(lingers / 4, lingers))),
            )
            for region, number in places
        ),
        troubles=tuple(
            _trouble(chance, at, chance.choices(kinds, [_OFTEN[kind] for kind in kinds])[0])
            for at in sorted(chance.uniform(0, seconds) for _ in range(troubles))
        ),
        kills=tuple(
            Kill(
                target=chance.choice((Target.LEADER, Target.FOLLOWER)) if replicas > 1 else Target.ANY,
                after=chance.uniform(*lives) if chance.random() < 0.8 else chance.uniform(0, 1),
                pause=chance.choice((0.0, 0.0, chance.uniform(0, 4))),
            )
            for _ in range(kills)
        ),
    )


def _trouble(chance: random.Random, at: float, what: Break) -> Trouble:
    return Trouble(
        at=at,
        what=what,
        method=chance.choice(CALLS),
        amount=chance.randint(1, 3),
        lasts=chance.uniform(1, 8),
    )


def _fleet(episodes: int) -> tuple[Fleet, list[tuple[str, int]]]:
    """An account with two regions, and the subnets of the episodes; most of them have a card of their own.

    The endpoint gives subnet n to cluster n mod `clusters` and zone n mod 3, and a card is a cluster's in a zone: with
    a number of clusters that 3 does not divide no two of 3 x clusters subnets share one, with one that it does divide
    all subnets of a cluster do.
    """
    shared = episodes // 4 // MEMBERS // 3 * 3
    single = episodes - shared * MEMBERS
    alone = -(-single // 3)
    alone += alone % 3 == 0
    regions = [RegionPlan(region=SINGLE, subnets=3 * alone, interfaces=0, clusters=alone)]
    if shared:
        regions.append(RegionPlan(region=SHARED, subnets=shared * MEMBERS, interfaces=0, clusters=shared))
    fleet = Fleet(
        accounts=(AccountPlan(account_id=account_id(0), name="shop", regions=tuple(regions)),),
        offered=tuple(region.region for region in regions),
    )
    places = [(SINGLE, number) for number in range(single)]
    return fleet, places + [(SHARED, number) for number in range(shared * MEMBERS)]
