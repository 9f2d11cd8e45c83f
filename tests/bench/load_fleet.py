"""The fleet of the load bench: 80,000 subnets swept once from the endpoint into the database the bot starts with.

The clusters are those of the endpoint, written without asking EKS for 2,000 of them: that is not what is measured. The
next read of every place is due at its own moment of the interval, as in a bot that has run for a while.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from endpoint.controls import Controls
from endpoint.plan import full_fleet, role_arn
from endpoint.process import running

from bot.config import Settings, aws_environment, load
from bot.inventory import Cluster, CniSettings, Inventory, Nodegroup, RegionFacts
from bot.inventory.known import ClusterFacts
from bot.monitor.turns import own_moment
from bot.store import Store, open_store
from bot.store.due_reads import WHOLE_ACCOUNT, DueRead, Finished, Lane, Source
from bot.wiring import Parts

OWNER = "bench"
INTERFACES = 100_000
"""Few enough that no account-region is near its quota of interfaces: they would be counted one by one at the start."""

CLUSTER_SUBNETS = 6
"""Subnets that a cluster runs nodes in, of the 40 of its VPC: two in each of three zones."""


@contextmanager
def stored_fleet(folder: Path) -> Iterator[tuple[Controls, dict[str, Any], list[dict[str, str]]]]:
    """The endpoint, the bot's settings, and for some places what a question can name; `fleet.db` is in the folder."""
    fleet = full_fleet(interfaces=INTERFACES, cluster_subnets=CLUSTER_SUBNETS)
    with running(fleet, prerender=("DescribeSubnets",)) as endpoint:
        facts = {
            "aws": {
                "accounts": [
                    {"account_id": plan.account_id, "name": plan.name, "role_arn": role_arn(plan.account_id)}
                    for plan in fleet.accounts
                ],
                "regions": list(fleet.offered),
            },
            "alerts": {"cloudwatch": False},
        }
        settings = load({"DATABASE_URL": f"sqlite:///{folder}/fleet.db"}, facts)
        with aws_environment(endpoint.environment):
            parts = Parts(settings)
            swept = parts.reader.sweep(clusters=False)
            parts.close()
        names = {plan.account_id: plan.name for plan in fleet.accounts}
        store = open_store(settings.database_url.get_secret_value())
        _save(store, swept, names)
        _plan(store, swept, settings)
        store.close()
        yield endpoint, facts, [_named(place, names[place.account_id]) for place in swept.regions]


def _save(store: Store, swept: Inventory, names: dict[str, str]) -> None:
    store.save_subnets(swept.regions)
    store.save_clusters(
        [
            ClusterFacts(
                account_id=place.account_id,
                region=place.region,
                observed_at=place.observed_at,
                clusters=(_cluster(place, names[place.account_id]),),
                vpcs=place.vpcs,
            )
            for place in swept.regions
        ]
    )


def _plan(store: Store, swept: Inventory, settings: Settings) -> None:
    """Every read done by now, and due again at its own moment of its interval."""
    now, schedule = datetime.now(UTC), settings.schedule  # noqa: TID251 (the bot goes by the real time)
    accounts = [Source(account_id=one.account_id, region=WHOLE_ACCOUNT, lane=Lane.ACCOUNT) for one in swept.accounts]
    places = [(place.account_id, place.region) for place in swept.regions]
    store.plan_reads(accounts, schedule.poll, now)
    for lane, every in ((Lane.SUBNETS, schedule.poll), (Lane.CLUSTERS, schedule.slow)):
        store.plan_reads([Source(account_id=owner, region=region, lane=lane) for owner, region in places], every, now)
    claimed = store.claim_reads(OWNER, now, limit=len(accounts) + 2 * len(places), lasts=timedelta(minutes=1))
    store.finish_reads(OWNER, [_finished(read, now) for read in claimed])


def _finished(read: DueRead, now: datetime) -> Finished:
    return Finished(source=read.source, succeeded=True, due_at=now + own_moment(read.source, read.every))


def _cluster(place: RegionFacts, account_name: str) -> Cluster:
    """The cluster that the endpoint has in this place."""
    ids = tuple(subnet.subnet_id for subnet in place.subnets[:CLUSTER_SUBNETS])
    return Cluster(
        name=f"{account_name}-{place.region}-0",
        account_id=place.account_id,
        region=place.region,
        version="1.34",
        status="ACTIVE",
        vpc_id=place.subnets[0].vpc_id,
        subnet_ids=ids[:2],
        ip_family="ipv4",
        cni=CniSettings(source="addon"),
        nodegroups=(Nodegroup(name="general", subnet_ids=ids, instance_types=("m5.xlarge",), status="ACTIVE"),),
    )


def _named(place: RegionFacts, account_name: str) -> dict[str, str]:
    return {
        "account": account_name,
        "cluster": f"{account_name}-{place.region}-0",
        "subnet": place.subnets[len(place.subnets) // 2].subnet_id,
    }
