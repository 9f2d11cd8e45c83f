"""The step from alerts of subnets to alerts of anything: what was stored before is there afterwards, and back."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from bot.alerts import Unit
from bot.store import Store, upgrade
from bot.store.database import Database, open_engine


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/eksip.db"
    address: str = request.getfixturevalue("postgresql_database")
    engine = open_engine(address)
    with Database(engine).writing() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return address


def _alembic(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "bot.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def test_alerts_that_were_stored_before_keep_their_figures_and_their_cards(empty: str) -> None:
    """An alert of the first tables is an alert of a subnet afterwards; its event, card and message are still there."""
    engine = open_engine(empty)
    with Database(engine).writing() as connection:
        command.upgrade(_alembic(connection), "0002")
        connection.execute(
            text(
                "INSERT INTO alert (alert_id, rule, scope_key, subnet_id, label, clusters, account_id, region, az, "
                "severity, value_ips, shown_ips, threshold_ips, usable_ips, lowest_ips, active_at, observed_at, "
                "held, resolution, flaps, reopened, revision) VALUES (1001, 'low_ips', 'subnet:subnet-1', 'subnet-1', "
                "'private-1a', '[\"prod-eu\"]', '111122223333', 'eu-west-1', 'eu-west-1a', 'critical', 20, 21, 410, "
                "4091, 19, '2026-11-23 09:00:00', '2026-11-23 09:05:00', 0, '', 0, 0, 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO alert_event (alert_id, transition, status, value_ips, revision, at) "
                "VALUES (1001, 'opened', 'firing', 20, 1, '2026-11-23 09:05:00')"
            )
        )
        connection.execute(
            text("INSERT INTO card (alert_id, channel, due, attempts) VALUES (1001, 'C1', '2026-11-23 09:05:00', 0)")
        )
        command.upgrade(_alembic(connection), "0003")
    store = Store(engine)
    (alert,) = store.open_alerts()
    figures = [alert.value, alert.shown_value, alert.worst_value, alert.threshold, alert.capacity]
    assert figures == [20, 21, 19, 410, 4091]
    assert (alert.subnet_id, alert.unit, alert.recent, alert.flapped_at) == ("subnet-1", Unit.IPS, "", ())
    assert [(event.value, event.channel) for event in store.alert_events(1001)] == [(20, "")]
    with Database(engine).writing() as connection:
        assert connection.execute(text("SELECT count(*) FROM card")).scalar() == 1
        command.downgrade(_alembic(connection), "0002")
        found = connection.execute(text("SELECT value_ips, usable_ips, subnet_id FROM alert")).one()
        assert tuple(found) == (20, 4091, "subnet-1")
    upgrade(empty)
    assert [alert.value for alert in store.open_alerts()] == [20]
    engine.dispose()
