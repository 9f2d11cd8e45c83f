"""Each way AWS or its client library says no becomes one sentence that says what to do, and nothing secret."""

from datetime import UTC, datetime

import botocore.exceptions as boto
import pytest

from bot.aws.errors import (
    AccessDeniedError,
    AccountUnavailableError,
    NotFoundError,
    RegionUnavailableError,
    blind_spot,
    translated,
)
from bot.errors import QueryError
from bot.inventory import Account

OWN = Account(account_id="111122223333", name="prod")
MEMBER = Account(
    account_id="222233334444",
    name="stage",
    role_arns=("arn:aws:iam::111122223333:role/hub", "arn:aws:iam::222233334444:role/eksip-reader"),
    external_id="not-to-be-shown",
)


def answer(code: str, operation: str = "DescribeSubnets", message: str = "", status: int = 400) -> boto.ClientError:
    return boto.ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "req-1",
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        operation,
    )


def raised(exc: Exception, account: Account = MEMBER) -> QueryError:
    with pytest.raises(QueryError) as caught, translated(account, "eu-west-1", "DescribeSubnets"):
        raise exc
    return caught.value


CASES = [
    pytest.param(
        answer("UnauthorizedOperation"),
        AccessDeniedError,
        "ec2:DescribeSubnets is not allowed: add it to the policy of role eksip-reader.",
        id="ec2 denies",
    ),
    pytest.param(
        answer("AccessDeniedException", "DescribeCluster"),
        AccessDeniedError,
        "eks:DescribeCluster is not allowed",
        id="eks denies",
    ),
    pytest.param(
        answer("AccessDenied", message="… with an explicit deny in a service control policy"),
        AccessDeniedError,
        "denied explicitly by a service control policy",
        id="an SCP denies",
    ),
    pytest.param(
        answer(
            "AccessDenied", "AssumeRole", "User: x is not authorized on resource: arn:aws:iam::111122223333:role/hub"
        ),
        AccountUnavailableError,
        "arn:aws:iam::111122223333:role/hub cannot be assumed",
        id="the role of the chain that refuses is named",
    ),
    pytest.param(
        answer("AccessDenied", "AssumeRole"),
        AccountUnavailableError,
        "arn:aws:iam::222233334444:role/eksip-reader cannot be assumed",
        id="no role is named by AWS",
    ),
    pytest.param(
        answer("ExpiredToken", "AssumeRole"), AccountUnavailableError, "aws sso login", id="own token expired"
    ),
    pytest.param(answer("RequestExpired"), AccountUnavailableError, "role session expired", id="role session expired"),
    pytest.param(answer("RequestLimitExceeded"), QueryError, "throttled DescribeSubnets", id="ec2 throttles"),
    pytest.param(
        answer("ThrottlingException", "DescribeCluster"), QueryError, "throttled DescribeCluster", id="eks throttles"
    ),
    pytest.param(answer("OptInRequired"), RegionUnavailableError, "enable eu-west-1", id="region not opted in"),
    pytest.param(answer("AuthFailure"), RegionUnavailableError, "enable eu-west-1", id="region not enabled, ec2"),
    pytest.param(
        answer("UnrecognizedClientException", "ListClusters"),
        RegionUnavailableError,
        "leave it out of aws.regions",
        id="region not enabled, eks",
    ),
    pytest.param(
        answer("InvalidClientTokenId", "GetCallerIdentity"),
        AccountUnavailableError,
        "does not know the access key",
        id="unknown access key",
    ),
    pytest.param(answer("SignatureDoesNotMatch"), AccountUnavailableError, "clock", id="signature does not match"),
    pytest.param(answer("Unavailable", status=503), QueryError, "an error on its side", id="503"),
    pytest.param(answer("ResourceNotFoundException", "DescribeCluster"), NotFoundError, "no such", id="gone"),
    pytest.param(
        answer("SomethingNew", message="payload"), QueryError, "with SomethingNew (request req-1).", id="unknown code"
    ),
    pytest.param(boto.NoCredentialsError(), AccountUnavailableError, "Set AWS_PROFILE, or", id="no credentials"),
    pytest.param(boto.ProfileNotFound(profile="x"), AccountUnavailableError, "AWS_PROFILE", id="no such profile"),
    pytest.param(
        boto.UnauthorizedSSOTokenError(), AccountUnavailableError, "run `aws sso login`", id="SSO session ended"
    ),
    pytest.param(
        boto.CredentialRetrievalError(provider="p", error_msg="unsaid"),
        AccountUnavailableError,
        "CredentialRetrievalError",
        id="credentials not loadable",
    ),
    pytest.param(boto.InvalidRegionError(region_name="x y"), RegionUnavailableError, "not the name", id="bad region"),
    pytest.param(
        boto.ReadTimeoutError(endpoint_url="https://e/?unsaid"), RegionUnavailableError, "in time", id="read timeout"
    ),
    pytest.param(
        boto.ConnectTimeoutError(endpoint_url="https://e/?unsaid"),
        RegionUnavailableError,
        "in time",
        id="connect timeout",
    ),
    pytest.param(
        boto.EndpointConnectionError(endpoint_url="https://e/?unsaid"),
        RegionUnavailableError,
        "cannot be reached",
        id="no route",
    ),
    pytest.param(boto.DataNotFoundError(data_path="unsaid"), QueryError, "DataNotFoundError", id="anything else"),
]


@pytest.mark.parametrize(("exc", "kind", "sentence"), CASES)
def test_a_refusal_becomes_a_sentence_that_says_what_to_do(
    exc: Exception, kind: type[QueryError], sentence: str
) -> None:
    error = raised(exc)
    assert type(error) is kind
    assert sentence in error.message
    assert error.message.endswith(".")
    assert (error.account_id, error.region) == ("222233334444", "eu-west-1")
    assert error.__cause__ is exc


@pytest.mark.parametrize(("exc", "kind", "sentence"), CASES)
def test_no_sentence_repeats_the_external_id_an_address_or_the_text_of_the_answer(
    exc: Exception, kind: type[QueryError], sentence: str
) -> None:
    shown = str(raised(exc))
    assert not any(word in shown for word in ("not-to-be-shown", "unsaid", "payload", "https://"))


def test_the_own_accounts_expired_token_is_renewed_by_the_person() -> None:
    assert "aws sso login" in raised(answer("RequestExpired"), OWN).message


def test_the_failed_read_is_a_blind_spot_of_the_account_region_and_api() -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    spot = blind_spot(raised(answer("UnauthorizedOperation")), MEMBER, "eu-west-1", now)
    assert (spot.account_id, spot.region, spot.api, spot.observed_at) == (
        "222233334444",
        "eu-west-1",
        "DescribeSubnets",
        now,
    )
    assert spot.reason.startswith("ec2:DescribeSubnets is not allowed")


def test_an_answer_that_is_not_understood_is_a_failed_read_and_a_logged_defect(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = raised(ValueError("'10.0.0.0/40' is not a network"))
    assert "form this version does not understand" in error.message
    assert "10.0.0.0" not in error.message
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_what_is_no_failure_of_a_read_passes_untouched() -> None:
    with pytest.raises(ZeroDivisionError), translated(OWN, "eu-west-1", "DescribeSubnets"):
        raise ZeroDivisionError
