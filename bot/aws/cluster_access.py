"""Access to a cluster's Kubernetes API as the account is read: its address and CA from EKS, a token signed for STS."""

import binascii
from base64 import b64decode, urlsafe_b64encode
from datetime import timedelta

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from bot.aws.errors import translated
from bot.aws.queries import Place
from bot.errors import QueryError
from bot.inventory.kubernetes import ClusterAccess

TOKEN_PREFIX = "k8s-aws-v1."  # noqa: S105 - how such tokens begin
CLUSTER_HEADER = "x-k8s-aws-id"

SIGNED_FOR = timedelta(seconds=60)
"""Validity written into the address; EKS itself takes the token for 15 minutes from the moment of signing.

Source: https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/token/token.go (presignedURLExpiration
and requestPresignParam: 15 minutes less one for clocks that differ).
"""


def cluster_access(place: Place, cluster: str) -> ClusterAccess:
    """The cluster's endpoint and CA certificates (DescribeCluster), with a token in the account's name.

    Raises: QueryError, also for a cluster that has no endpoint yet.
    """
    with translated(place.account, place.region, "DescribeCluster"):
        described = place.eks.describe_cluster(name=cluster)["cluster"]
        endpoint = described.get("endpoint", "")
        try:
            ca_pem = b64decode(described.get("certificateAuthority", {}).get("data", ""), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            ca_pem = ""
    if not endpoint or not ca_pem:
        raise QueryError(
            "EKS names no endpoint and CA for it",
            account_id=place.account.account_id,
            region=place.region,
            api="DescribeCluster",
        )
    with translated(place.account, place.region, "GetCallerIdentity"):
        credentials = place.sessions.credentials(place.account, place.region, "sts").get_frozen_credentials()
    sts = place.sessions.client(place.account, place.region, "sts").meta.endpoint_url
    return ClusterAccess(endpoint=endpoint, ca_pem=ca_pem, token=token(credentials, sts, place.region, cluster))


def token(credentials: ReadOnlyCredentials, sts: str, region: str, cluster: str) -> str:
    """A bearer token for the cluster: the address of a signed GetCallerIdentity, which EKS has STS answer.

    The header with the cluster's name is signed with it, so that the token opens no other cluster.
    Source: https://github.com/kubernetes-sigs/aws-iam-authenticator#api-authorization-from-outside-a-cluster
    """
    request = AWSRequest(
        method="GET",
        url=f"{sts.rstrip('/')}/",
        params={"Action": "GetCallerIdentity", "Version": "2011-06-15"},
        headers={CLUSTER_HEADER: cluster},
    )
    SigV4QueryAuth(credentials, "sts", region, expires=int(SIGNED_FOR.total_seconds())).add_auth(request)
    signed = urlsafe_b64encode(request.prepare().url.encode()).decode().rstrip("=")
    return f"{TOKEN_PREFIX}{signed}"
