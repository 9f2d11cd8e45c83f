"""What counts as a source that could not be read, and when it is over."""

from builders import NOW, PROD, blind_spot, inventory, region_facts, subnet

from bot.alerts.subject import account_key
from bot.monitor.sources import Sources


def test_a_caller_that_could_not_be_asked_for_is_over_once_anything_is_read() -> None:
    """Before the caller is known, the failure has no account; the account that is read later is not its namesake."""
    sources = Sources()
    sources.note(inventory(blind_spots=(blind_spot("", ""),)), NOW)
    assert [(sample.account_id, sample.failed_polls) for sample in sources.samples()] == [("", 1)]

    sources.note(inventory(region_facts(subnet(), account_id=PROD)), NOW)

    assert sources.samples() == ()
    assert [sample.failed_polls for sample in sources.samples([account_key("")])] == [0]


def test_it_is_not_over_while_nothing_is_read() -> None:
    sources = Sources()
    sources.note(inventory(blind_spots=(blind_spot("", ""),)), NOW)
    sources.note(inventory(region_facts(account_id=PROD, subnets_complete=False)), NOW)
    assert ("", 1) in [(sample.account_id, sample.failed_polls) for sample in sources.samples()]
