"""The neutral message: its invariants."""

import pytest

from bot.message import BlindSpotNote, Coverage, Failure, Message, Table, Visibility


def test_a_table_refuses_a_row_that_does_not_fit_its_columns() -> None:
    with pytest.raises(ValueError, match="has 1 cells under 2 columns"):
        Table(columns=("Subnet", "Free"), rows=(("private-1a", "12"), ("private-1b",)))


@pytest.mark.parametrize(
    ("found", "complete"),
    [
        pytest.param(Coverage(read=4, expected=4), True, id="everything read"),
        pytest.param(Coverage(read=3, expected=4), False, id="a region missing"),
        pytest.param(
            Coverage(
                read=4,
                expected=4,
                blind_spots=(BlindSpotNote(account_id="1", region="r", api="eks:ListClusters", reason="denied"),),
            ),
            False,
            id="one API refused",
        ),
    ],
)
def test_coverage_is_complete_only_without_any_blind_spot(found: Coverage, complete: bool) -> None:
    assert found.complete is complete


def test_a_message_is_answered_unless_it_carries_a_failure() -> None:
    assert Message(text="12 free.").ok
    assert not Message(text="No.", failure=Failure(kind="user", message="No.")).ok


def test_a_message_is_seen_by_the_asker_alone_unless_shared() -> None:
    assert Message(text="12 free.").visibility is Visibility.EPHEMERAL
