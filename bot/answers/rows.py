"""The JSON rows that several answers share: a subnet, an alert, a silence, a holder."""

from collections.abc import Mapping
from datetime import datetime

from bot.alerts.alert import Alert
from bot.alerts.notices import NO_OVERLAY, Overlay
from bot.alerts.silences import Silence
from bot.answers.alerting import AlertRow, SilenceRow
from bot.answers.subnets import GoneRow, HolderJson, SubnetRow
from bot.capacity.holders import Holder
from bot.capacity.standing import Standing
from bot.inventory import Subnet


def subnet_row(
    row: Standing,
    clusters: Mapping[str, tuple[str, ...]],
    depletes_at: datetime | None = None,
    interfaces_at: datetime | None = None,
) -> SubnetRow:
    """The JSON form of a subnet's standing; `clusters` are the names of clusters by subnet id."""
    subnet = row.subnet
    return SubnetRow(
        subnet_id=subnet.subnet_id,
        name=subnet.name,
        account_id=subnet.account_id,
        region=subnet.region,
        az_id=subnet.az_id,
        vpc_id=subnet.vpc_id,
        cidr=None if subnet.cidr is None else str(subnet.cidr),
        usable_ips=row.usable_ips,
        available_ips=row.available_ips,
        free_ips=row.free_ips,
        free_pct=row.free_pct,
        reserved_free_ips=row.reserved_free_ips,
        free_blocks=row.capacities.free_blocks,
        warm_ips=row.capacities.warm_ips,
        state=row.state.value,
        depletes_at=depletes_at,
        observed_at=subnet.observed_at,
        quality=subnet.quality.value,
        interfaces_at=interfaces_at,
        clusters=list(clusters.get(subnet.subnet_id, ())),
    )


def gone_row(subnet: Subnet) -> GoneRow:
    """The JSON form of a subnet that was deleted."""
    return GoneRow(
        subnet_id=subnet.subnet_id,
        name=subnet.name,
        account_id=subnet.account_id,
        region=subnet.region,
        quality="gone",
        observed_at=subnet.observed_at,
    )


def alert_row(alert: Alert, overlay: Overlay = NO_OVERLAY) -> AlertRow:
    """The JSON form of an alert that has a number, with who acked it and how long it is silenced.

    Raises: ValueError for an alert the store has not numbered yet.
    """
    if alert.alert_id is None:
        raise ValueError("an alert has no JSON form before it is stored")
    return AlertRow(
        alert_id=alert.alert_id,
        rule=alert.rule,
        scope=alert.scope_key,
        label=alert.label,
        severity=alert.severity.value,
        status=alert.status.value,
        active_at=alert.active_at,
        fired_at=alert.fired_at,
        resolved_at=alert.resolved_at,
        acked_by=None if overlay.ack is None else overlay.ack.name or overlay.ack.acked_by,
        silenced_until=None if overlay.silence is None else overlay.silence.over_at,
        value=alert.value,
        unit=alert.unit.value,
        threshold=alert.threshold,
        observed_at=alert.observed_at,
    )


def silence_row(silence: Silence) -> SilenceRow:
    """The JSON form of a silence that has a number.

    Raises: ValueError for a silence the store has not numbered yet.
    """
    if silence.silence_id is None:
        raise ValueError("a silence has no JSON form before it is stored")
    return SilenceRow(
        silence_id=silence.silence_id,
        alert_ids=list(silence.alert_ids),
        scope=None if silence.scope is None else str(silence.scope),
        rules=list(silence.rules),
        severities=[severity.value for severity in silence.severities],
        made_by=silence.name or silence.created_by,
        reason=silence.reason,
        starts_at=silence.starts_at,
        ends_at=silence.ends_at,
        until_resolved=silence.until_resolved,
        lifted_at=silence.lifted_at,
    )


def holder_row(holder: Holder) -> HolderJson:
    """The JSON form of a holder; its warm share is not visible in EC2."""
    return HolderJson(
        kind=holder.kind.value,
        owner=holder.owner,
        enis=holder.enis,
        addresses=holder.addresses,
        prefixes=holder.prefixes,
        warm_addresses=None,
    )
