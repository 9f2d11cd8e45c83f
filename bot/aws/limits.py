"""How long each answer of AWS is kept, how long AWS is waited for, and how much one request may ask."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Ttl:
    """How long one kind of answer is served from memory, and why that long."""

    subject: str
    age: timedelta
    reason: str


CONTENTS = Ttl(
    subject="interfaces, nodes and reservations of a subnet",
    age=timedelta(seconds=60),
    reason="Several people ask about the same subnet while it is short; ipamd changes it every few seconds anyway, "
    "and a page of 1,000 interfaces costs a third of a second of CPU.",
)
FAILED_CONTENTS = Ttl(
    subject="interfaces, nodes and reservations that could not all be read",
    age=timedelta(seconds=15),
    reason="Long enough that a room full of askers does not hammer a throttled API, short enough to see a repair.",
)
RESERVATIONS = Ttl(
    subject="CIDR reservations of a subnet, for reads that nobody waits for",
    age=timedelta(minutes=5),
    reason="A call for each subnet; they are changed by hand, and the reads come every minute while a subnet is low.",
)
ROUTING = Ttl(
    subject="routes and peerings of a VPC",
    age=timedelta(minutes=2),
    reason="Asked for by `cidr` and `plan` a few times in a row, and changed by hand: who removes a route because of "
    "the answer asks again after a minute or two.",
)
FAILED_ROUTING = Ttl(
    subject="routes and peerings that could not all be read",
    age=timedelta(seconds=15),
    reason="As for the contents of a subnet: the next asker soon sees a repaired permission.",
)
INSTANCE_LIMITS = Ttl(
    subject="ENI limits of an instance type",
    age=timedelta(hours=24),
    reason="AWS does not change the limits of a type that is in use; a day picks up corrections.",
)
UNKNOWN_INSTANCE_TYPE = Ttl(
    subject="an instance type EC2 does not list in that region",
    age=timedelta(hours=1),
    reason="Mostly typing errors; a type launched today in the region is found within the hour.",
)
WARM_IPS = Ttl(
    subject="warm addresses of a cluster",
    age=timedelta(seconds=60),
    reason="The CNI Metrics Helper publishes once a minute.",
)
REGIONS = Ttl(
    subject="the regions enabled in an account",
    age=timedelta(hours=1),
    reason="Enabling a region is rare and takes AWS minutes to hours itself.",
)
ORGANIZATION = Ttl(
    subject="the accounts of the organization",
    age=timedelta(hours=1),
    reason="Accounts come and go a few times a day at most; 500 of them cost 25 calls.",
)
CLUSTER_ACCESS = Ttl(
    subject="a cluster's endpoint and the token for its Kubernetes API",
    age=timedelta(minutes=10),
    reason="EKS takes a token for 14 minutes; one read of a cluster ends long before the rest is over.",
)
CALLER = Ttl(
    subject="the account the caller's own credentials belong to",
    age=timedelta(hours=1),
    reason="It changes only when somebody replaces the credentials of the running process.",
)
FAILURE = Ttl(
    subject="a failed AssumeRole, caller identity, region list or instance type read",
    age=timedelta(seconds=30),
    reason="One refusal stands for every region and API of the account in one sweep; the next poll tries again.",
)

TTLS = (
    CONTENTS,
    FAILED_CONTENTS,
    RESERVATIONS,
    ROUTING,
    FAILED_ROUTING,
    INSTANCE_LIMITS,
    UNKNOWN_INSTANCE_TYPE,
    WARM_IPS,
    REGIONS,
    ORGANIZATION,
    CLUSTER_ACCESS,
    CALLER,
    FAILURE,
)

ROLE_SESSION = timedelta(hours=1)
"""Length of an assumed role's session.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html (role chaining limits a session to one hour).
"""
ROLE_RENEWAL = timedelta(minutes=15)
"""How long before its end a session is renewed: botocore's own advisory window, so STS may fail for a while unseen."""

LIVE_CLIENTS = 256
"""AWS clients kept at once, one for each region and service: each holds about 1.5 MB and costs 20 ms to build."""
CONNECT_TIMEOUT_SECONDS = 3
READ_TIMEOUT_SECONDS = 15
TOTAL_ATTEMPTS = 6
"""Attempts of one call in botocore's standard mode, whose back-off sums to about half a minute under throttling."""

CALLS_PER_SECOND = 5.0
"""Calls a second of one API in one account and region.

A quarter of what EC2 refills: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html (20 a second).
"""
CALL_BURST = 25
"""Calls of one API in one account and region that may come at once: a quarter of EC2's bucket of 100."""
LEAST_SHARE = 1 / 16
"""How far repeated throttling can lower our rate: one call in three seconds still ends an outage unattended."""
SHARE_DOUBLES_AFTER = timedelta(minutes=1)
"""Quiet time after which a lowered rate doubles: long enough for whoever uses up the quota to be done."""
PACE_WAIT = timedelta(seconds=20)
"""How long a call waits for its turn before it gives its worker back; the next poll asks again."""
LIVE_BUCKETS = 65536
"""Token buckets kept at once: more than 2,000 account-regions with a dozen APIs each, at about 200 bytes."""
SEEN_PLACES = 8192
"""Account-regions of which the subnets are recognised when they come again: four times the largest fleet aimed at."""

SILENCES = 5
"""Calls in a row that no endpoint of a region answers before the region is left alone for a while."""
REGION_REST = timedelta(seconds=60)
"""How long a silent region is left alone: shorter than a poll, so that every poll tries it once."""

CLOCK_SKEW = timedelta(seconds=30)
"""Difference from AWS's clock that is warned of: signatures fail at five minutes, and ages are wrong before.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html (five minutes).
"""
CLOCK_CHECK = timedelta(seconds=10)
"""How often the clock is compared with the Date of an answer."""

EC2_PAGE = 1000
"""Results of one EC2 read of subnets, VPCs, instances, interfaces or CIDR reservations.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSubnets.html (MaxResults 5 to 1000).
"""
INSTANCE_TYPES_PAGE = 100
"""Results of one DescribeInstanceTypes.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html (MaxResults 5 to 100).
"""
ROUTE_TABLES_PAGE = 100
"""Route tables of one DescribeRouteTables.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRouteTables.html (MaxResults 5 to 100).
"""
EKS_PAGE = 100
"""Results of one EKS list call.

Source: https://docs.aws.amazon.com/eks/latest/APIReference/API_ListClusters.html (maxResults 1 to 100).
"""
ACCOUNTS_PAGE = 20
"""Accounts of one ListAccounts.

Source: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html (MaxResults 1 to 20; a page
may be empty and still name a next one).
"""
CHANGE_SHOWN = timedelta(hours=24)
"""How long an account that joined or left is shown as news: a day, so that every shift sees it once."""
FILTER_VALUES = 200
"""Values one EC2 filter may hold.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html and the EC2 error
FilterLimitExceeded: at most 200 filter values in a request.
"""
