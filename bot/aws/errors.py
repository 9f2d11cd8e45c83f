"""What AWS and its client library raise, as sentences a person can act on; the one place where they are translated."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import botocore.exceptions as boto
from botocore.parsers import ResponseParserError

from bot.aws.actions import ACTIONS
from bot.errors import QueryError
from bot.inventory import Account, BlindSpot

log = logging.getLogger(__name__)


class AccessDeniedError(QueryError):
    """IAM refuses this one API; others of the account may still answer."""


class NotFoundError(QueryError):
    """The thing asked about does not exist (any more)."""


class RegionUnavailableError(QueryError):
    """Nothing can be read in this region now: it is not enabled or does not answer."""


class AccountUnavailableError(QueryError):
    """Nothing can be read in this account now: its credentials cannot be had or are not accepted."""


_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
"""EC2 says RequestExpired for a session token past its end, the other services ExpiredToken.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""
_CLOCK = {"RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"}
_NOT_ACCEPTED = {"AuthFailure", "UnrecognizedClientException", "InvalidClientTokenId", "MissingAuthenticationToken"}
_OPT_IN = {"OptInRequired", "RegionDisabledException"}
_THROTTLED = {
    "EC2ThrottledException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottledException",
    "ThrottlingException",
    "TooManyRequestsException",
}
_SERVER = {"InternalError", "InternalFailure", "InternalServerError", "ServerException", "ServiceUnavailable"}
_SERVER |= {"ServiceUnavailableException", "Unavailable"}
_NOT_FOUND = {"ResourceNotFoundException", "InvalidSubnetID.NotFound"}

_SSO = (boto.SSOError, boto.SSOTokenLoadError, boto.UnauthorizedSSOTokenError, boto.TokenRetrievalError)
_NO_CREDENTIALS = (boto.NoCredentialsError, boto.NoAuthTokenError)
_CREDENTIALS = (
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.MetadataRetrievalError,
    boto.InvalidConfigError,
    boto.ConfigParseError,
    boto.ConfigNotFound,
    boto.InfiniteLoopConfigError,
)
_UNREACHABLE = (boto.HTTPClientError, boto.EndpointConnectionError)

NO_CREDENTIALS = (
    "No AWS credentials found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
    "or run where an instance, task or pod role gives them."
)


def is_expired(code: str) -> bool:
    """Whether an AWS error code says that the session's token is past its end."""
    return code in _EXPIRED


def is_throttled(code: str) -> bool:
    """Whether an AWS error code says that the account has used up its request quota."""
    return code in _THROTTLED


@contextmanager
def translated(account: Account, region: str, api: str) -> Iterator[None]:
    """Raise what AWS or botocore raises inside as a QueryError that knows account, region and API."""
    try:
        yield
    except boto.ClientError as exc:
        raise _from_answer(exc, account, region) from exc
    except boto.BotoCoreError as exc:
        raise _from_library(exc, account, region, api) from exc
    except (KeyError, TypeError, ValueError, ResponseParserError) as exc:
        # One odd answer must not hide the rest of the fleet: it is reported as a defect and counts as not read.
        log.exception("answer not understood", extra={"account_id": account.account_id, "region": region, "api": api})
        raise QueryError(
            f"AWS answered {api} in a form this version does not understand (the log says where).",
            account_id=account.account_id,
            region=region,
            api=api,
        ) from exc


def blind_spot(error: QueryError, account: Account, region: str, now: datetime) -> BlindSpot:
    """The failed read as a BlindSpot observed at `now`."""
    return BlindSpot(
        account_id=error.account_id or account.account_id,
        region=region,
        api=error.api or "",
        reason=error.message,
        observed_at=now,
    )


def _from_answer(exc: boto.ClientError, account: Account, region: str) -> QueryError:
    """The error AWS answered with; AWS's own text is left out, since it may repeat the request."""
    api = exc.operation_name
    code = str(exc.response.get("Error", {}).get("Code", "")).removeprefix("Client.").removeprefix("Server.")
    kind, sentence = _answer(code, str(exc.response.get("Error", {}).get("Message", "")), api, account, region)
    if not sentence:
        reference = exc.response.get("ResponseMetadata", {}).get("RequestId", "")
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
        sentence = f"AWS answered {api} with {code or f'HTTP {status}'}" + (
            f" (request {reference})." if reference else "."
        )
    return kind(sentence, account_id=account.account_id, region=region, api=api)


def _answer(code: str, text: str, api: str, account: Account, region: str) -> tuple[type[QueryError], str]:
    """The kind of error and its sentence; no sentence for a code that has no case of its own."""
    is_sts = api in {"AssumeRole", "GetCallerIdentity"}
    if code in _DENIED:
        if api == "AssumeRole":
            return AccountUnavailableError, _assume_role_denied(text, account)
        return AccessDeniedError, _denied(text, api, account)
    if code in _EXPIRED:
        return AccountUnavailableError, (
            "The AWS credentials have expired: renew them (`aws sso login`, or new values in AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN), and check the clock of the machine."
            if is_sts or not account.role_arns
            else "The role session expired and a new one was not accepted either: try again in a minute."
        )
    if code in _CLOCK:
        return AccountUnavailableError, (
            f"AWS rejected the signature of {api}: check that the clock of the machine is right "
            "and that the secret access key belongs to the access key."
        )
    if code in _NOT_ACCEPTED:
        if is_sts:
            return AccountUnavailableError, (
                "AWS does not know the access key: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and "
                f"AWS_SESSION_TOKEN (or the profile), and that STS is active in {region}."
            )
        return RegionUnavailableError, f"AWS does not accept the credentials in {region}: {_not_enabled(region)}"
    if code in _OPT_IN:
        return (
            RegionUnavailableError,
            f"The account may not use {region}: {_not_enabled(region)}",
        )
    if code in _THROTTLED:
        return QueryError, (
            f"AWS throttled {api} and went on through every retry: something in this account uses up its request quota."
        )
    if code in _SERVER:
        return QueryError, f"AWS failed to answer {api} ({code}), an error on its side."
    if code in _NOT_FOUND:
        return NotFoundError, f"AWS knows no such resource ({api})."
    return QueryError, ""


def _not_enabled(region: str) -> str:
    return f"enable {region} for the account, or leave it out of aws.regions."


def _denied(text: str, api: str, account: Account) -> str:
    iam = next((known.iam for known in ACTIONS if known.operation == api), api)
    if "explicit deny" in text:
        policy = "a service control policy" if "service control policy" in text else "a policy"
        return f"{iam} is denied explicitly by {policy}: allowing it on the role alone will not help."
    role = account.role_arns[-1].rpartition("/")[2] if account.role_arns else ""
    return (
        f"{iam} is not allowed: add it to the policy of {f'role {role}' if role else 'the identity the bot runs as'}."
    )


def _assume_role_denied(text: str, account: Account) -> str:
    named = re.search(r"on resource: (arn:[^\s\"]+)", text)
    role = named[1] if named else account.role_arns[-1] if account.role_arns else "the role"
    given = "matches external_id" if account.external_id else "does not ask for an ExternalId (none is configured)"
    return (
        f"{role} cannot be assumed: check that it exists, that its trust policy names the caller and {given}, "
        "and that the caller may call sts:AssumeRole on it."
    )


def _from_library(exc: boto.BotoCoreError, account: Account, region: str, api: str) -> QueryError:
    """The error of a call that got no answer; the library's text is left out, since it may hold addresses."""
    kind, sentence = _failure(exc, region, api)
    return kind(sentence, account_id=account.account_id, region=region, api=api)


def _failure(exc: boto.BotoCoreError, region: str, api: str) -> tuple[type[QueryError], str]:
    if isinstance(exc, _NO_CREDENTIALS):
        return AccountUnavailableError, NO_CREDENTIALS
    if isinstance(exc, boto.ProfileNotFound):
        return AccountUnavailableError, "The profile in AWS_PROFILE is in neither ~/.aws/config nor ~/.aws/credentials."
    if isinstance(exc, _SSO):
        return AccountUnavailableError, "The AWS SSO session has ended: run `aws sso login` for the profile."
    if isinstance(exc, _CREDENTIALS):
        return AccountUnavailableError, (
            f"The AWS credentials cannot be loaded ({type(exc).__name__}): check AWS_PROFILE, the files in ~/.aws, "
            "and the role of the instance, task or pod."
        )
    if isinstance(exc, boto.InvalidRegionError | boto.NoRegionError | boto.UnknownRegionError):
        return RegionUnavailableError, f"{region} is not the name of an AWS region: correct aws.regions."
    if isinstance(exc, boto.ConnectTimeoutError | boto.ReadTimeoutError):
        return RegionUnavailableError, f"AWS did not answer {api} in time: check the network, proxy or VPC endpoint."
    if isinstance(exc, _UNREACHABLE):
        return RegionUnavailableError, (
            f"The AWS endpoint for {api} in {region} cannot be reached ({type(exc).__name__}): check "
            "the region's name, DNS, proxy or VPC endpoint."
        )
    return QueryError, f"{api} failed in the AWS client ({type(exc).__name__})."
