"""From a request to its answer: who calls, what is wrong today, what the service says, and what is counted."""

import calendar
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from bot.demo.allocator import AllocationError

from . import autoscaling, ec2, eks, monitoring, organization, sts
from .answers import Answer, ApiError, Caller, Ending, Kind, Request, api_error, error_answer
from .ec2_call import Call, is_unpaginated_listing
from .estate import Estate
from .faults import Faults
from .pages import Pages
from .plan import Fleet
from .sessions import RoleSessions, scope

PAGE_CACHE_BYTES = 768 * 2**20
"""Enough for every page of 80,000 subnets and 200,000 interfaces of ten addresses."""
_SKEW_SECONDS = {"ec2": 900}
"""How far X-Amz-Date may be off, 300 seconds for the other services.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (RequestExpired: 15 minutes) and
https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html (5 minutes).
"""
_ENDINGS = {Kind.TRUNCATED: Ending.TRUNCATED, Kind.RESET: Ending.RESET, Kind.HANG: Ending.HANG}
_GLOBAL = {"organizations", "account"}


class CallKey(NamedTuple):
    """What calls are counted by; `outcome` is "ok", the error's code, or how the answer was broken."""

    account_id: str
    region: str
    api: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """The calls so far with the bytes of their answers; `peak` is the most that were under way at once."""

    counts: dict[CallKey, int]
    sent: dict[CallKey, int]
    peak: int

    def count(
        self,
        api: str | None = None,
        *,
        account_id: str | None = None,
        region: str | None = None,
        outcome: str | None = None,
    ) -> int:
        """How many calls there were; None for any."""
        wanted = (account_id, region, api, outcome)
        return sum(number for key, number in self.counts.items() if _fits(wanted, key))

    def bytes_sent(self, api: str | None = None) -> int:
        """Bytes of the answers' bodies."""
        return sum(number for key, number in self.sent.items() if api in (None, key.api))


def _fits(wanted: tuple[str | None, ...], key: CallKey) -> bool:
    return all(want in (None, got) for want, got in zip(wanted, key, strict=True))


class Engine:
    """Everything behind the port; `handle` and `command` may be called from any thread."""

    def __init__(self, fleet: Fleet, *, page_cache_bytes: int = PAGE_CACHE_BYTES) -> None:
        self.fleet = fleet
        self._lock = threading.Lock()
        self._skew = 0.0
        self._pages = Pages(page_cache_bytes)
        self._estate = Estate(fleet, self._pages.drop)
        self._sessions = RoleSessions(self._estate, self._now)
        self._faults = Faults(fleet.seed, time.monotonic)
        self._counts: Counter[CallKey] = Counter()
        self._sent: Counter[CallKey] = Counter()
        self._under_way = self._peak = 0
        estate, faults = self._estate, self._faults
        self._commands: dict[str, Callable[..., Any]] = {
            "fail": faults.add,
            "repair": faults.repair,
            "set_latency": faults.set_latency,
            "set_bucket": faults.set_bucket,
            "reset_buckets": faults.reset_buckets,
            "set_skew": self._set_skew,
            "set_session_seconds": self._sessions.set_seconds,
            "expire_sessions": self._sessions.expire,
            "set_status": estate.set_status,
            "leave": estate.leave,
            "enable_region": estate.enable_region,
            "disable_region": estate.disable_region,
            "subnet_ids": estate.subnet_ids,
            "available_ips": estate.available_ips,
            "take": estate.take,
            "release": estate.release,
            "reserve": estate.reserve,
            "create_subnet": estate.create_subnet,
            "delete_subnet": estate.delete_subnet,
            "hide_subnet": estate.hide_subnet,
            "share": estate.share,
            "calls": self._calls,
            "forget_calls": self._forget_calls,
            "prerender": self._prerender,
        }

    def now(self) -> float:
        """The service's clock, in seconds since 1970."""
        return self._now()

    def command(self, name: str, *args: object) -> Any:
        """The result of one of the controls.

        Raises: ApiError with EC2's code for what EC2 would refuse.
        """
        with self._lock:
            try:
                return self._commands[name](*args)
            except AllocationError as exc:
                raise ApiError(exc.code, str(exc)) from exc

    def handle(self, request: Request) -> Answer:
        """The answer to a request, as it goes over the wire."""
        with self._lock:
            self._under_way += 1
            self._peak = max(self._peak, self._under_way)
            return self._handle(request)

    def finished(self) -> None:
        """Note that an answer is on its way, or never will be."""
        with self._lock:
            self._under_way -= 1

    def _handle(self, request: Request) -> Answer:
        caller = scope(request.headers.get("authorization", ""))
        if caller is None:
            error = ApiError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
            answer = error_answer(request, "sts", error)
            return self._counted(CallKey("", "", request.path, error.code), answer)
        api = _operation(caller.service, request)
        subject = caller.account_id
        if api == "AssumeRole":
            subject = sts.assumed_account(request) or subject
        region, outcome, kind = caller.region, "ok", self._faults.strike(subject, caller.region, api)
        try:
            if kind and kind not in _ENDINGS and kind is not Kind.MALFORMED:
                raise api_error(kind, caller.service)
            answer = self._answer(self._accepted(caller, request), api, request)
        except ApiError as exc:
            error = exc
            answer, outcome = error_answer(request, caller.service, error), error.code
        if outcome == "ok" and kind is Kind.MALFORMED:
            answer, outcome = replace(answer, body=answer.body[: len(answer.body) * 3 // 5]), str(kind)
        if outcome == "ok" and kind in _ENDINGS:
            answer, outcome = replace(answer, ending=_ENDINGS[kind]), str(kind)
        delay = self._faults.delay(subject, region, api)
        return self._counted(CallKey(subject, region, api, outcome), replace(answer, delay=delay) if delay else answer)

    def _accepted(self, caller: Caller, request: Request) -> Caller:
        """The caller, once its clock, credentials and region are found good.

        Raises: ApiError.
        """
        stamp = request.headers.get("x-amz-date", "")
        sent_at = _seconds(stamp)
        if abs(sent_at - self._now()) > _SKEW_SECONDS.get(caller.service, 300):
            raise api_error(Kind.SKEWED, caller.service)
        accepted = self._sessions.checked(caller, request.headers.get("x-amz-security-token"))
        if caller.service not in _GLOBAL and not self._estate.is_enabled(caller.account_id, caller.region):
            raise api_error(Kind.OPT_IN if caller.service == "sts" else Kind.NOT_ACCEPTED, caller.service)
        return accepted

    def _answer(self, caller: Caller, api: str, request: Request) -> Answer:
        match caller.service:
            case "ec2":
                if not self._faults.take_token(
                    caller.account_id, caller.region, api, unpaginated=is_unpaginated_listing(request)
                ):
                    raise api_error(Kind.THROTTLED, "ec2")
                call = Call(estate=self._estate, pages=self._pages, caller=caller, request=request)
                return Answer(body=ec2.answer(call))
            case "eks":
                return eks.answer(self._estate, caller, request)
            case "autoscaling":
                return autoscaling.answer(self._estate, caller, request)
            case "sts":
                return sts.answer(self._sessions, caller, request)
            case "organizations":
                return organization.organizations(self._estate, caller, request)
            case "account":
                return organization.account(self._estate, caller, request)
            case "monitoring":
                return monitoring.cloudwatch(self._estate, caller, request)
            case "servicequotas":
                return monitoring.quotas(request)
        raise ApiError("UnknownOperationException", f"{caller.service} is not served.", 404)

    def _counted(self, key: CallKey, answer: Answer) -> Answer:
        self._counts[key] += 1
        self._sent[key] += len(answer.body)
        return answer

    def _now(self) -> float:
        return time.time() + self._skew  # noqa: TID251 - the endpoint has a clock of its own

    def _set_skew(self, seconds: float) -> None:
        self._skew = seconds

    def _calls(self) -> Calls:
        return Calls(counts=dict(self._counts), sent=dict(self._sent), peak=self._peak)

    def _forget_calls(self) -> None:
        self._counts.clear()
        self._sent.clear()
        self._peak = self._under_way

    def _prerender(self, apis: tuple[str, ...], page_size: int) -> int:
        """Write every page of the APIs, as a client with that page size will ask for them; their bytes."""
        written = 0
        for account in self.fleet.accounts:
            for plan in account.regions:
                caller = Caller(account_id=account.account_id, region=plan.region, service="ec2", access_key="", arn="")
                for api in apis:
                    written += sum(map(len, self._every_page(caller, api, page_size)))
        return written

    def _every_page(self, caller: Caller, api: str, page_size: int) -> list[bytes]:
        pages: list[bytes] = []
        token = b""
        while not pages or token:
            form = f"Action={api}&MaxResults={page_size}" + (f"&NextToken={token.decode()}" if token else "")
            request = Request(method="POST", path="/", query="", headers={}, body=form.encode())
            pages.append(ec2.answer(Call(estate=self._estate, pages=self._pages, caller=caller, request=request)))
            _, found, rest = pages[-1][-300:].partition(b"<nextToken>")
            token = rest.partition(b"<")[0] if found else b""
        return pages


def _operation(service: str, request: Request) -> str:
    """The operation a request is for."""
    if service in {"ec2", "sts", "autoscaling"}:
        return request.form.get("Action", "?")
    if service == "eks":
        return eks.operation(request)
    if service == "account":
        return "ListRegions" if request.path == "/listRegions" else "?"
    return request.headers.get("x-amz-target", "").rpartition(".")[2] or "?"


def _seconds(stamp: str) -> float:
    """Seconds since 1970 of an X-Amz-Date such as 20261123T190000Z.

    Raises: ValueError.
    """
    return float(calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ")))
