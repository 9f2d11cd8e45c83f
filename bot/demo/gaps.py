"""Stands before moto in every AWS call of this process: answers what moto lacks, corrects what it gets wrong.

Like moto itself it hooks botocore's builtin handlers, so that it reaches every client made while the world is active
and nothing else has to know. Requests are signed, serialised and parsed by botocore as against AWS; one lock
serialises the estate and moto, which is not made for threads.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import botocore.handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.model import ServiceModel

from bot.demo import gaps_autoscaling, gaps_ec2, gaps_eks, gaps_quotas
from bot.demo.allocator import AllocationError
from bot.demo.estate import Estate
from bot.demo.faults import Faults
from bot.demo.wire import AwsError, answer, body_text, ec2_answer, ec2_parameters, error_answer

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/")
_ISSUED_KEY = re.compile(r"<AccessKeyId>([^<]+)</AccessKeyId>")
_ISSUED_SECRET = re.compile(r"<SecretAccessKey>([^<]+)</SecretAccessKey>")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedRole:
    """A role that accepts the demo's caller; with an `external_id` only when it is given."""

    role_arn: str
    account_id: str
    external_id: str | None = None


class Gaps:
    """The hook between botocore and moto for one estate."""

    def __init__(
        self,
        estate: Estate,
        faults: Faults,
        *,
        moto: Callable[[str, AWSPreparedRequest], AWSResponse | None],
        ec2_model: ServiceModel,
        access_keys: Mapping[str, str],
        secrets: Mapping[str, str],
        builder_keys: Mapping[str, str],
        before_first: Mapping[str, Callable[[], None]],
        caller_arn: str,
        roles: Sequence[TrustedRole],
    ) -> None:
        """`moto` is its own handler among botocore's; `access_keys` maps an access key id to its account, `secrets` to
        its secret.

        Calls signed with one of `builder_keys` build the estate: faults spare them. `before_first` holds, by service,
        what to do before its first call, for what is costly to build and seldom read.
        """
        self._estate = estate
        self._faults = faults
        self._moto = moto
        self._ec2_model = ec2_model
        self._access_keys = {**access_keys, **builder_keys}
        self._secrets = dict(secrets)
        self._builder_keys = frozenset(builder_keys)
        self._before_first = dict(before_first)
        self._caller_arn = caller_arn
        self._roles = {role.role_arn: role for role in roles}
        self._active = threading.Event()
        self._hook = ("before-send", self._before_send)

    def start(self) -> None:
        """Take moto's place in every botocore session made from now on.

        botocore runs every handler of `before-send` and takes the first answer: were both registered, each request
        would change moto's state twice.
        """
        self._swap(("before-send", self._moto), self._hook)
        self._active.set()

    def stop(self) -> None:
        """Give moto its place back; clients that outlive the world are no longer answered from the estate."""
        self._active.clear()
        self._swap(self._hook, ("before-send", self._moto))

    def secret_of(self, access_key: str) -> tuple[str, str] | None:
        """The secret and the account of an access key of the caller's or of an assumed role; None for no such key."""
        secret = self._secrets.get(access_key)
        return None if secret is None else (secret, self._access_keys[access_key])

    @staticmethod
    def _swap(old: tuple[str, object], new: tuple[str, object]) -> None:
        handlers = botocore.handlers.BUILTIN_HANDLERS
        if old not in handlers:
            raise RuntimeError("Another demo world is active in this process: stop it first.")
        handlers[handlers.index(old)] = new

    def _before_send(self, event_name: str, request: AWSPreparedRequest, **_unused: object) -> AWSResponse | None:
        host = urlsplit(request.url).hostname or ""
        if not self._active.is_set() or not host.endswith(".amazonaws.com"):
            return self._moto(event_name, request)
        _, service, operation = event_name.split(".", 2)
        try:
            access_key, region = self._signed_by(service, request)
            account_id = self._access_keys[access_key]
            if access_key not in self._builder_keys:
                self._faults.strike(service, operation, account_id, region)
            with self._estate.lock:
                prepare = self._before_first.pop(service, None)
                if prepare is not None:
                    prepare()
                return self._answer(service, operation, account_id, region, event_name, request)
        except AllocationError as error:
            return error_answer(request, service, AwsError(error.code, str(error)))
        except AwsError as error:
            return error_answer(request, service, error)

    def _signed_by(self, service: str, request: AWSPreparedRequest) -> tuple[str, str]:
        """The access key id that signed the request, and the region it is signed for."""
        authorization: object = request.headers.get("Authorization", "")
        signed = _CREDENTIAL.search(authorization.decode() if isinstance(authorization, bytes) else str(authorization))
        if signed is None or signed[1] not in self._access_keys:
            if service == "ec2":
                message = "AWS was not able to validate the provided access credentials"
                raise AwsError("AuthFailure", message, status=401)
            code = "InvalidClientTokenId" if service == "sts" else "UnrecognizedClientException"
            raise AwsError(code, "The security token included in the request is invalid.", status=403)
        return signed[1], signed[2]

    def _answer(
        self,
        service: str,
        operation: str,
        account_id: str,
        region: str,
        event_name: str,
        request: AWSPreparedRequest,
    ) -> AWSResponse:
        def forward(changed: AWSPreparedRequest) -> AWSResponse:
            changed.headers["x-moto-account-id"] = account_id
            response = self._moto(event_name, changed)
            if response is None:
                raise RuntimeError("moto did not answer: it was stopped while the demo world was active.")
            return response

        if service == "ec2" and operation in gaps_ec2.ANSWERS:
            model = self._ec2_model.operation_model(operation)
            call = gaps_ec2.Ec2Call(
                estate=self._estate,
                account_id=account_id,
                region=region,
                operation=model,
                parameters=ec2_parameters(request, model),
                request=request,
                forward=forward,
            )
            return ec2_answer(request.url, model, gaps_ec2.ANSWERS[operation](call))
        if service == "eks" and operation in gaps_eks.ANSWERS:
            return gaps_eks.ANSWERS[operation](
                gaps_eks.EksCall(
                    estate=self._estate,
                    account_id=account_id,
                    region=region,
                    request=request,
                    forward=forward,
                )
            )
        if service == "auto-scaling" and operation in gaps_autoscaling.ANSWERS:
            return gaps_autoscaling.ANSWERS[operation](
                gaps_autoscaling.ScalingCall(estate=self._estate, account_id=account_id, region=region, request=request)
            )
        if service == "service-quotas" and operation in gaps_quotas.ANSWERS:
            return gaps_quotas.ANSWERS[operation](
                gaps_quotas.QuotasCall(account_id=account_id, region=region, request=request)
            )
        if service == "sts" and operation == "AssumeRole":
            return self._assume_role(request, forward)
        response = forward(request)
        if service == "sts" and operation == "GetCallerIdentity":
            own = response.text.replace(f"arn:aws:sts::{account_id}:user/moto", self._caller_arn)
            return answer(request.url, response.status_code, "text/xml", own.encode())
        return response

    def _assume_role(
        self, request: AWSPreparedRequest, forward: Callable[[AWSPreparedRequest], AWSResponse]
    ) -> AWSResponse:
        """Checks the trust policy, which moto does not, and remembers whose the issued key is.

        Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html: a wrong or
        missing external id is refused in the same words as an unknown role.
        """
        asked = dict(parse_qsl(body_text(request)))
        role_arn = asked.get("RoleArn", "")
        role = self._roles.get(role_arn)
        if role is None or role.external_id not in (None, asked.get("ExternalId")):
            raise AwsError(
                "AccessDenied",
                f"User: {self._caller_arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
                status=403,
            )
        response = forward(request)
        issued, secret = _ISSUED_KEY.search(response.text), _ISSUED_SECRET.search(response.text)
        if issued and secret:
            self._access_keys[issued[1]] = role.account_id
            self._secrets[issued[1]] = secret[1]
        return response
