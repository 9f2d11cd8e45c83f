"""Rules about quotas of a Region and a VPC, and about what cannot be read at all."""

from math import ceil

from bot.alerts.margins import above, clear_above
from bot.alerts.readings import Reading, Rule, Severity, Unit, Worse
from bot.alerts.samples import RegionSample, SourceSample, VpcSample
from bot.alerts.subject import SubjectKind
from bot.alerts.thresholds import Thresholds
from bot.inventory import Quality

QUOTA_CLEAR_RATIO = 1.05
"""How far under its threshold a quota's use must fall before recovery begins: a twentieth, some 200 of 4,000 ENIs."""

REASON_CHARACTERS = 120
"""Longest reason of a failed read that is repeated on a card."""


def _against_quota(used: int, quota: int, pct: float, critical_pct: float, what: str) -> Reading:
    warning = max(ceil(quota * pct / 100), 1)
    critical = max(ceil(quota * critical_pct / 100), warning)
    breach = above(used, warning, critical)
    return Reading(
        value=used,
        threshold=warning,
        capacity=quota,
        breach=breach,
        clear=breach is None and used <= clear_above(warning, QUOTA_CLEAR_RATIO),
        at_once=used >= quota,
        detail=f"{used:,} of {quota:,} {what} in use.",
    )


def _eni_quota(sample: RegionSample, thresholds: Thresholds) -> Reading | None:
    if sample.quality is not Quality.FRESH or sample.enis is None or not sample.eni_quota:
        return None
    return _against_quota(
        sample.enis,
        sample.eni_quota,
        thresholds.eni_quota_pct,
        thresholds.quota_critical_pct,
        "network interfaces of the Region",
    )


def _vpc_cidr_quota(sample: VpcSample, _: Thresholds) -> Reading | None:
    """The last free place is no breach: a VPC with five of five blocks cannot grow, one with four can once more."""
    if sample.quality is not Quality.FRESH or sample.cidrs is None or not sample.cidr_quota:
        return None
    full = sample.cidrs >= sample.cidr_quota
    return Reading(
        value=sample.cidrs,
        threshold=sample.cidr_quota,
        capacity=sample.cidr_quota,
        breach=Severity.WARNING if full else None,
        clear=not full,
        detail="No further IPv4 block can be added to the VPC before the quota is raised."
        if full
        else "Another IPv4 block can be added to the VPC.",
    )


def _vpc_nau(sample: VpcSample, thresholds: Thresholds) -> Reading | None:
    if sample.quality is not Quality.FRESH:
        return None
    pairs = (
        (sample.nau, sample.nau_quota, "NAU units of the VPC"),
        (sample.peered_nau, sample.peered_nau_quota, "NAU units of the VPC and its peers"),
    )
    found = [
        _against_quota(used, quota, thresholds.nau_quota_pct, thresholds.quota_critical_pct, what)
        for used, quota, what in pairs
        if used is not None and quota
    ]
    return max(found, key=lambda reading: reading.value / (reading.capacity or 1), default=None)


def _blind(sample: SourceSample, thresholds: Thresholds) -> Reading | None:
    failed = sample.failed_polls
    reason = sample.reason if len(sample.reason) <= REASON_CHARACTERS else sample.reason[: REASON_CHARACTERS - 1] + "…"
    blind = failed >= thresholds.blind_polls
    return Reading(
        value=failed,
        threshold=thresholds.blind_polls,
        breach=Severity.CRITICAL if blind else None,
        clear=failed == 0,
        at_once=blind,
        detail=(reason or "Nothing could be read.") if failed else "It can be read again.",
    )


ENI_QUOTA = Rule(
    name="eni_quota",
    title="ENI quota nearly used",
    summary="network interfaces near the quota of the account's Region",
    severity=Severity.CRITICAL,
    topic="vpc-quotas-nau",
    scope_kinds=(SubjectKind.REGION,),
    unit=Unit.ENIS,
    worse=Worse.HIGHER,
    settings=("eni_quota_pct", "quota_critical_pct"),
    reads=RegionSample,
    read=_eni_quota,
)

VPC_CIDR_QUOTA = Rule(
    name="vpc_cidr_quota",
    title="No place for a CIDR",
    summary="a VPC holds as many IPv4 CIDR blocks as its quota allows",
    severity=Severity.WARNING,
    topic="secondary-cidr",
    scope_kinds=(SubjectKind.VPC,),
    unit=Unit.CIDRS,
    worse=Worse.HIGHER,
    settings=(),
    reads=VpcSample,
    read=_vpc_cidr_quota,
)

VPC_NAU = Rule(
    name="vpc_nau",
    title="NAU quota nearly used",
    summary="Network Address Usage near the quota of the VPC, or of it with its peers",
    severity=Severity.CRITICAL,
    topic="vpc-quotas-nau",
    scope_kinds=(SubjectKind.VPC,),
    unit=Unit.NAU,
    worse=Worse.HIGHER,
    settings=("nau_quota_pct", "quota_critical_pct"),
    reads=VpcSample,
    read=_vpc_nau,
)

BLIND = Rule(
    name="blind",
    title="Cannot be read",
    summary="an account or one of its Regions could not be read for several polls",
    severity=Severity.CRITICAL,
    topic="ip-monitoring",
    scope_kinds=(SubjectKind.REGION, SubjectKind.ACCOUNT),
    unit=Unit.POLLS,
    worse=Worse.HIGHER,
    settings=("blind_polls",),
    reads=SourceSample,
    read=_blind,
)
