"""Words that answers and alert cards share: lengths of time, and the address of a subnet's page in the AWS console."""

from datetime import timedelta

UNSEEN = "interfaces that were not read: another account's (a shared VPC), or newer than the last read"
"""Who holds addresses that EC2 counts as taken and no listed interface has."""

APART = "Subnets and interfaces were read at different moments and are {apart} addresses apart: nodes were busy."
"""Why the sums of two reads differ."""


def span(length: timedelta) -> str:
    """A length of time in its two largest units: "40 s", "12 min", "2 h 11 min", "2 d 4 h"."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"


def remaining(length: timedelta) -> str:
    """How long something still lasts, for a cell: "<1 min", "12 min", "2 d 4 h"; no forecast is good to seconds."""
    return span(length) if length >= timedelta(minutes=1) else "<1 min"


def time_left(length: timedelta) -> str:
    """How long something still lasts, in words: "less than a minute left", "about 12 min left"."""
    return f"about {span(length)} left" if length >= timedelta(minutes=1) else "less than a minute left"


def console_url(region: str, subnet_id: str) -> str:
    """The page of a subnet in the AWS console of its partition."""
    domain = "console.aws.amazon.com"
    if region.startswith("cn-"):
        domain = "console.amazonaws.cn"
    elif region.startswith("us-gov-"):
        domain = "console.amazonaws-us-gov.com"
    return f"https://{region}.{domain}/vpcconsole/home?region={region}#SubnetDetails:subnetId={subnet_id}"
