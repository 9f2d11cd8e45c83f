"""STS: who the caller is, and credentials of roles.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/
"""

from datetime import UTC, datetime

from .answers import REQUEST_ID, Answer, ApiError, Caller, Request
from .sessions import RoleSessions

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def answer(sessions: RoleSessions, caller: Caller, request: Request) -> Answer:
    """GetCallerIdentity or AssumeRole.

    Raises: ApiError.
    """
    form = request.form
    action = form.get("Action", "")
    if action == "GetCallerIdentity":
        result = f"<Arn>{caller.arn}</Arn><UserId>{caller.access_key}</UserId><Account>{caller.account_id}</Account>"
    elif action == "AssumeRole":
        seconds = form.get("DurationSeconds", "3600")
        session = sessions.assume(caller, form.get("RoleArn", ""), form.get("ExternalId", ""), int(seconds))
        ends = datetime.fromtimestamp(session.ends_at, UTC)
        result = (
            f"<Credentials><AccessKeyId>{session.access_key}</AccessKeyId><SecretAccessKey>{'s' * 40}"
            f"</SecretAccessKey><SessionToken>{session.token}</SessionToken>"
            f"<Expiration>{ends:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials><AssumedRoleUser>"
            f"<Arn>arn:aws:sts::{session.account_id}:assumed-role/{session.role}/eksip</Arn>"
            f"<AssumedRoleId>{session.access_key}:eksip</AssumedRoleId></AssumedRoleUser>"
        )
    else:
        raise ApiError("InvalidAction", f"Could not find operation {action} for version 2011-06-15")
    return Answer(
        body=f'<{action}Response xmlns="{_NAMESPACE}"><{action}Result>{result}</{action}Result><ResponseMetadata>'
        f"<RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></{action}Response>".encode()
    )


def assumed_account(request: Request) -> str | None:
    """The account whose role an AssumeRole request wants; None for other requests."""
    role_arn = request.form.get("RoleArn", "")
    return role_arn.split(":")[4] if role_arn.count(":") >= 5 else None
