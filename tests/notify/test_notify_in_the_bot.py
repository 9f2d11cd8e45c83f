"""The whole bot with Slack away: the sweep is confirmed, the critical reaches the webhook, and Slack gets it later."""

import pytest
from receiver import receiving
from running import CHANNEL, SUBNET, running

pytestmark = [pytest.mark.story, pytest.mark.timeout(120)]


def test_with_slack_away_a_critical_reaches_the_webhook_and_slack_when_it_is_back() -> None:
    with receiving() as alarms, receiving() as switch:
        notify = {"webhook_url": alarms.address, "after": "1s", "heartbeat_url": switch.address}
        with running("socket", {"notify": notify}) as bot:
            switch.wait_for(lambda: len(switch.requests) >= 2)
            bot.slack.faults.server_error("chat.postMessage", times=1_000)
            bot.squeeze()
            alarms.wait_for(lambda: len(alarms.documents) >= 1)
            document = alarms.documents[0]
            assert (document["version"], document["status"]) == ("4", "firing")
            assert SUBNET in document["alerts"][0]["annotations"]["summary"]
            assert bot.cards() == []
            bot.slack.faults.reset()
            bot.slack.wait_for(lambda: [m for m in bot.slack.messages(CHANNEL) if SUBNET in m["text"]], timeout=90)
            bot.world.give_back(SUBNET)
            alarms.wait_for(lambda: alarms.documents[-1]["status"] == "resolved")
