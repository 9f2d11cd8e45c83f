"""Checks a bearer token as EKS and STS do together: a fresh, signed GetCallerIdentity for this very cluster.

Source: https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/token/token.go (what is checked);
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (the signature).
"""

import binascii
import hashlib
import hmac
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

from botocore.compat import get_current_datetime

_PREFIX = "Bearer k8s-aws-v1."
_HEADER = "x-k8s-aws-id"
_TAKEN_FOR = timedelta(minutes=15)
_LONGEST_VALIDITY = 900
_NOTHING = hashlib.sha256(b"").hexdigest()


def refusal(
    authorization: str, cluster: str, account_id: str, secret_of: Callable[[str], tuple[str, str] | None]
) -> str:
    """Why the token does not open the cluster of the account; "" where it does."""
    if not authorization.startswith(_PREFIX):
        return "no token of EKS"
    text = authorization.removeprefix(_PREFIX)
    try:
        address = urlsplit(urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
        asked = dict(parse_qsl(address.query, keep_blank_values=True))
        key_id, day, region, service, _ = asked["X-Amz-Credential"].split("/")
        signed_at = datetime.strptime(asked["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        validity = int(asked["X-Amz-Expires"])
    except (binascii.Error, UnicodeDecodeError, KeyError, ValueError):
        return "not the address of a signed request"
    host = address.hostname or ""
    if address.scheme != "https" or not host.startswith("sts.") or asked.get("Action") != "GetCallerIdentity":
        return "not addressed to STS"
    names = asked.get("X-Amz-SignedHeaders", "").split(";")
    if _HEADER not in names or not 0 < validity <= _LONGEST_VALIDITY:
        return "not signed for a cluster, or for too long"
    if abs(get_current_datetime(remove_tzinfo=False) - signed_at) > _TAKEN_FOR:
        return "signed too long ago"
    known = secret_of(key_id)
    if known is None or known[1] != account_id:
        return "no access entry"
    headers = {"host": host, _HEADER: cluster}
    canonical = "\n".join(
        (
            "GET",
            address.path or "/",
            "&".join(
                f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}"
                for key, value in sorted(asked.items())
                if key != "X-Amz-Signature"
            ),
            *(f"{name}:{headers.get(name, '')}" for name in names),
            "",
            ";".join(names),
            _NOTHING,
        )
    )
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{asked['X-Amz-Date']}\n{scope}\n{digest}"
    key = f"AWS4{known[0]}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    expected = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    return "" if hmac.compare_digest(expected, asked.get("X-Amz-Signature", "")) else "the signature is wrong"
