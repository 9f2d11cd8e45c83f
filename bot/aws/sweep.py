"""A sweep: every region of every account, read at once by a pool of threads."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import datetime

from bot.aws.collect import read_region, read_subnets, warn
from bot.aws.errors import blind_spot
from bot.aws.fleet import ALL_REGIONS
from bot.aws.queries import Place
from bot.aws.sessions import Sessions
from bot.errors import QueryError
from bot.inventory import Account, BlindSpot, Fleet, Inventory, RegionFacts, without_shared_twice

Progress = Callable[[int, int], None]
"""Told after each account-region how many are done and how many are expected; called by the thread that asked."""


def read_fleet(
    sessions: Sessions,
    fleet: Fleet,
    now: Callable[[], datetime],
    workers: int,
    *,
    regions: Callable[[Account], tuple[str, ...]],
    with_clusters: bool = True,
    known: Inventory | None = None,
    on_facts: Callable[[RegionFacts], None] = lambda _: None,
    on_progress: Progress | None = None,
) -> Inventory:
    """Every region of every account, at most `workers` at a time; an account that fails is one BlindSpot.

    Without `with_clusters` EKS is not asked: the clusters of `known` are kept, and its VPCs unless a subnet names
    another one. A blind account counts with its configured regions, or as one where none are configured: how many it
    has is then not known. `regions` enters an account and lists its regions; `on_facts` gets what each place showed,
    subnets of others included.
    """
    kept = {(facts.account_id, facts.region): facts for facts in known.regions} if known else {}
    facts: list[RegionFacts] = []
    spots: list[BlindSpot] = []
    expected = done = 0

    def region_read(account: Account, region: str) -> RegionFacts:
        place = Place(sessions=sessions, account=account, region=region)
        if with_clusters:
            return read_region(place, now())
        before = kept.get((account.account_id, region))
        if before is None:
            return read_subnets(place, now())
        return replace(read_subnets(place, now(), before.vpcs), clusters=before.clusters)

    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="aws-read") as pool:
        entering = {pool.submit(regions, account): account for account in fleet.accounts}
        reading: list[Future[RegionFacts]] = []
        for entered in as_completed(entering):
            account = entering[entered]
            try:
                open_regions = entered.result()
            except QueryError as error:
                spot = blind_spot(error, account, ALL_REGIONS, now())
                warn(spot)
                spots.append(spot)
                missed = max(1, len(account.regions))
                expected, done = expected + missed, done + missed
                if on_progress:
                    on_progress(done, expected)
                continue
            expected += len(open_regions)
            reading += (pool.submit(region_read, account, region) for region in open_regions)
        for read in as_completed(reading):
            found = read.result()
            on_facts(found)
            facts.append(found)
            done += 1
            if on_progress:
                on_progress(done, expected)
    order = {account.account_id: position for position, account in enumerate(fleet.accounts)}
    facts.sort(key=lambda region: (order[region.account_id], region.region))
    spots.sort(key=lambda spot: order.get(spot.account_id, -1))
    return Inventory(
        accounts=fleet.accounts,
        regions=without_shared_twice(facts),
        expected_regions=expected,
        blind_spots=(*fleet.blind_spots, *spots),
        account_changes=fleet.changes,
    )
