"""An alert in the form of Alertmanager's webhook, version 4, so that whatever takes Alertmanager's posts takes ours.

Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config (the JSON of version "4").
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from bot.alerts import Alert, AlertStatus
from bot.message import Link, Message

RECEIVER = "eksip"
_NEVER = "0001-01-01T00:00:00Z"
"""Go's zero time, which Alertmanager sends as endsAt of an alert that fires."""

_FNV_OFFSET = 0xCBF29CE484222325
_FNV_PRIME = 0x100000001B3
_SEPARATOR = 0xFF


def payload(rule: str, alerts: Sequence[Alert], card: Callable[[Alert], Message]) -> Mapping[str, object]:
    """The document for one group of alerts, those of one rule; `card` gives each alert's words."""
    entries = [_entry(alert, card(alert)) for alert in alerts]
    firing = any(entry["status"] == "firing" for entry in entries)
    return {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{rule}"}}',
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": RECEIVER,
        "groupLabels": {"alertname": rule},
        "commonLabels": _common([_labels(alert) for alert in alerts]),
        "commonAnnotations": {},
        "externalURL": "",
        "alerts": entries,
    }


def fingerprint(labels: Mapping[str, str]) -> str:
    """The 64-bit FNV-1a hash of a label set, as Alertmanager writes it: 16 hexadecimal digits.

    Source: https://github.com/prometheus/common/blob/main/model/signature.go (labelSetToFingerprint).
    """
    value = _FNV_OFFSET
    for name in sorted(labels):
        for byte in (*name.encode(), _SEPARATOR, *labels[name].encode(), _SEPARATOR):
            value = ((value ^ byte) * _FNV_PRIME) % 2**64
    return f"{value:016x}"


def _entry(alert: Alert, card: Message) -> dict[str, object]:
    labels = _labels(alert)
    resolved = alert.status is AlertStatus.RESOLVED
    return {
        "status": "resolved" if resolved else "firing",
        "labels": labels,
        "annotations": {"summary": card.text, "alert_id": str(alert.alert_id)},
        "startsAt": _moment(alert.active_at),
        "endsAt": _moment(alert.resolved_at) if resolved and alert.resolved_at is not None else _NEVER,
        "generatorURL": next((part.url for part in card.verdict if isinstance(part, Link)), ""),
        "fingerprint": fingerprint(labels),
    }


def _labels(alert: Alert) -> dict[str, str]:
    """What identifies the alert: the same from its first word to its last, so its end finds its beginning."""
    labels = {
        "alertname": alert.rule,
        "scope": alert.scope_key,
        "severity": "critical",
        "account_id": alert.account_id,
        "region": alert.region,
    }
    return {name: value for name, value in labels.items() if value}


def _common(label_sets: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first = label_sets[0] if label_sets else {}
    return {name: value for name, value in first.items() if all(one.get(name) == value for one in label_sets)}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
