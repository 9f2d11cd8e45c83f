"""One request to a receiver: what its answer means, and that its address stays secret."""

import logging

import pytest
from receiver import SECRET, receiving
from running import free_port

from bot.notify.sending import Outcome, masked, send


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        pytest.param(200, Outcome.SENT, id="taken"),
        pytest.param(204, Outcome.SENT, id="taken without a word"),
        pytest.param(500, Outcome.UNAVAILABLE, id="broken"),
        pytest.param(429, Outcome.UNAVAILABLE, id="busy"),
        pytest.param(404, Outcome.REFUSED, id="wrong address"),
        pytest.param(401, Outcome.REFUSED, id="wrong secret"),
        pytest.param(0, Outcome.UNAVAILABLE, id="hung up"),
    ],
)
def test_an_answer_means_taken_try_again_or_refused(
    status: int, outcome: Outcome, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever happens is an outcome and no exception; the log names the host and never the path."""
    with receiving() as receiver, caplog.at_level(logging.DEBUG):
        receiver.statuses = [status]
        assert send(receiver.address, {"a": 1}) is outcome
        assert receiver.documents == [{"a": 1}]
    assert SECRET not in str([vars(record) for record in caplog.records])
    assert bool(caplog.records) is (outcome is not Outcome.SENT)


def test_nobody_at_the_address_is_worth_another_try() -> None:
    assert send(f"http://127.0.0.1:{free_port()}/{SECRET}") is Outcome.UNAVAILABLE


def test_without_a_document_the_address_is_asked() -> None:
    with receiving() as receiver:
        assert send(receiver.address) is Outcome.SENT
        assert receiver.requests[0][0] == "GET"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        pytest.param("https://hooks.example.com/a/b?key=c", "https://hooks.example.com/…", id="path and query"),
        pytest.param("https://user:pass@example.com:8443/x", "https://example.com:8443/…", id="password"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, shown: str) -> None:
    assert masked(address) == shown
