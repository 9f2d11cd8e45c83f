"""The webhook's document is Alertmanager's, version 4, field by field."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from stored_alerts import FIRING, NOW

from bot.alerts import card
from bot.notify.alertmanager import fingerprint, payload

ALERT = replace(FIRING, alert_id=4821)
RESOLVED = replace(ALERT, alert_id=4822, scope_key="subnet:2", resolved_at=NOW, resolution="recovered")


def test_a_firing_alert_has_every_field_of_version_4() -> None:
    """Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config (the fields and their names)."""
    document = payload("low_ips", [ALERT], lambda alert: card(alert, NOW))
    entries: list[dict[str, Any]] = document["alerts"]  # type: ignore[assignment]
    (entry,) = entries
    labels = {
        "alertname": "low_ips",
        "scope": "subnet:subnet-1",
        "severity": "critical",
        "account_id": "111122223333",
        "region": "eu-west-1",
    }
    assert {name: value for name, value in document.items() if name != "alerts"} == {
        "version": "4",
        "groupKey": '{}:{alertname="low_ips"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "eksip",
        "groupLabels": {"alertname": "low_ips"},
        "commonLabels": labels,
        "commonAnnotations": {},
        "externalURL": "",
    }
    assert entry == {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": card(ALERT, NOW).text, "alert_id": "4821"},
        "startsAt": "2026-11-23T09:00:00.000000Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": entry["generatorURL"],
        "fingerprint": fingerprint(labels),
    }
    assert entry["generatorURL"].startswith("https://")


def test_a_group_fires_while_one_of_its_alerts_does() -> None:
    """The end of one alert is an entry of its own, with its time; common labels are what all entries share."""
    document = payload("low_ips", [ALERT, RESOLVED], lambda alert: card(alert, NOW))
    entries: list[dict[str, str]] = document["alerts"]  # type: ignore[assignment]
    assert (document["status"], [entry["status"] for entry in entries]) == ("firing", ["firing", "resolved"])
    assert entries[1]["endsAt"] == "2026-11-23T09:00:00.000000Z"
    assert "scope" not in document["commonLabels"]  # type: ignore[operator]
    assert payload("low_ips", [RESOLVED], lambda alert: card(alert, NOW))["status"] == "resolved"


def test_an_alert_keeps_its_fingerprint_to_its_end() -> None:
    """A receiver joins the two by it, whatever the figures say meanwhile."""
    before, after = (
        payload("low_ips", [alert], lambda alert: card(alert, NOW))["alerts"]
        for alert in (ALERT, replace(ALERT, resolved_at=NOW + timedelta(hours=1), resolution="recovered"))
    )
    assert before[0]["fingerprint"] == after[0]["fingerprint"]  # type: ignore[index]


def test_the_fingerprint_is_alertmanagers() -> None:
    """The hash of no labels is FNV-1a's offset; one label is its name and value, each ended by the byte 255.

    Source: https://github.com/prometheus/common/blob/main/model/signature_test.go (the hash of the empty set and of
    {"name": "garland, briggs", "fear": "love is not enough"}).
    """
    assert int(fingerprint({}), 16) == 14695981039346656037
    assert int(fingerprint({"name": "garland, briggs", "fear": "love is not enough"}), 16) == 5799056148416392346
