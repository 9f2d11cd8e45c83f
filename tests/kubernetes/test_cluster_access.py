"""Who is asked and how: the token of an account, the service account of a pod, reads that serve several askers."""

import sys
import threading
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.credentials import ReadOnlyCredentials
from builders import NOW, PROD, REGION
from kubernetes_clusters import KEYS, STS, Cluster, secret_of

from bot.aws.cluster_access import TOKEN_PREFIX, token
from bot.config import KubernetesSettings, load
from bot.demo.kubernetes_server import KubernetesServer
from bot.demo.kubernetes_token import refusal
from bot.errors import ConfigError, QueryError
from bot.inventory.kubernetes import ClusterAccess
from bot.kubernetes import FAILURE_KEPT_SECONDS, KEPT_SECONDS, Kubernetes
from bot.kubernetes.incluster import in_cluster_access

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    made: list[Cluster] = []
    with KubernetesServer(lambda asked: made[0].objects.get(asked.resource), secret_of) as server:
        made.append(Cluster(server, "prod-eu"))
        yield made[0]


class Timer:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def clusters(timer: Callable[[], float], **settings: object) -> Kubernetes:
    return Kubernetes(KubernetesSettings.model_validate(settings), lambda: NOW, timer=timer)


def test_the_token_is_a_call_of_sts_signed_for_a_minute_and_for_one_cluster() -> None:
    made = token(KEYS, STS, REGION, "prod-eu")
    text = made.removeprefix(TOKEN_PREFIX)
    assert made.startswith(TOKEN_PREFIX)
    assert "=" not in text
    address = urlsplit(b64decode(text + "=" * (-len(text) % 4), altchars=b"-_").decode())
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert (address.scheme, address.hostname, asked["Action"]) == ("https", "sts.eu-west-1.amazonaws.com",
                                                                  "GetCallerIdentity")  # fmt: skip
    assert (asked["X-Amz-Expires"], asked["X-Amz-SignedHeaders"]) == ("60", "host;x-k8s-aws-id")
    assert asked["X-Amz-Security-Token"] == KEYS.token
    assert str(KEYS.secret_key) not in address.geturl()


@pytest.mark.parametrize(
    ("authorization", "named", "account_id", "reason"),
    [
        pytest.param(f"Bearer {token(KEYS, STS, REGION, 'prod-eu')}", "prod-eu", PROD, "", id="for-this-cluster"),
        pytest.param(
            f"Bearer {token(KEYS, STS, REGION, 'prod-eu')}", "stage", PROD, "the signature is wrong", id="for-another"
        ),
        pytest.param(
            f"Bearer {token(KEYS, STS, REGION, 'prod-eu')}", "prod-eu", "9" * 12, "no access entry", id="other-account"
        ),
        pytest.param(
            f"Bearer {token(KEYS, 'https://evil.example.com', REGION, 'prod-eu')}", "prod-eu", PROD,
            "not addressed to STS", id="another-host",
        ),
        pytest.param("Bearer k8s-aws-v1.bm90aGluZw", "prod-eu", PROD, "not the address of a signed", id="nonsense"),
        pytest.param("Bearer abc", "prod-eu", PROD, "no token of EKS", id="another-kind"),
    ],
)  # fmt: skip
def test_the_server_of_these_tests_takes_what_eks_takes(
    authorization: str, named: str, account_id: str, reason: str
) -> None:
    assert refusal(authorization, named, account_id, secret_of).startswith(reason)
    assert bool(refusal(authorization, named, account_id, secret_of)) is bool(reason)


def test_one_read_serves_several_askers_for_a_while(cluster: Cluster) -> None:
    timer, signed = Timer(), []

    def access() -> ClusterAccess:
        signed.append(threading.get_ident())
        return cluster.access()

    asked = clusters(timer)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: asked.facts("prod-eu", "key", access), range(8)))
    assert len(signed) == 1
    assert all(each is found[0] for each in found)
    timer.seconds += KEPT_SECONDS - 1
    assert asked.facts("prod-eu", "key", access) is found[0]
    timer.seconds += 1
    assert asked.facts("prod-eu", "key", access) is not found[0]
    assert asked.facts("prod-eu", "another key", access) is not found[0]
    assert len(signed) == 3


def test_a_cluster_that_cannot_be_read_is_left_alone_for_a_while(cluster: Cluster) -> None:
    timer, keys = Timer(), [ReadOnlyCredentials("AKIDOTHER", "secret", None)]
    asked = clusters(timer)

    def ask() -> object:
        return asked.facts("prod-eu", "key", lambda: cluster.access(keys[0]))

    with pytest.raises(QueryError, match="access entry"):
        ask()
    keys[0] = KEYS
    before = len(cluster.requests)
    timer.seconds += FAILURE_KEPT_SECONDS - 1
    with pytest.raises(QueryError, match="access entry"):
        ask()
    assert len(cluster.requests) == before
    timer.seconds += 1
    assert ask()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param({"enabled": "never"}, "switched off", id="never"),
        pytest.param({"clusters": ["stage"]}, "not named in", id="another-one-is-named"),
        pytest.param({"clusters": ["stage", "prod-eu"]}, "", id="named"),
        pytest.param({"clusters": ["stage"], "in_cluster": "prod-eu"}, "", id="its-own"),
        pytest.param({}, "", id="each"),
    ],
)
def test_the_settings_say_who_is_asked(settings: dict[str, object], reason: str) -> None:
    assert clusters(Timer(), **settings).why_not("prod-eu").startswith(reason)
    assert bool(clusters(Timer(), **settings).why_not("prod-eu")) is bool(reason)


def test_without_the_extra_the_reason_is_told_and_nothing_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("kubernetes", "kubernetes.client"):
        monkeypatch.setitem(sys.modules, name, None)
    asked = clusters(Timer())
    assert "pip install 'eksip[kubernetes]'" in asked.why_not("prod-eu")
    with pytest.raises(QueryError, match="extra is not installed"):
        asked.facts("prod-eu", "key", lambda: pytest.fail("nothing is to be signed"))
    with pytest.raises(QueryError, match="extra is not installed"):
        in_cluster_access()


def test_inside_a_pod_the_service_account_is_the_way_in(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("a.b.c\n")
    (tmp_path / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\n")
    places = {"token_filename": str(tmp_path / "token"), "cert_filename": str(tmp_path / "ca.crt")}
    environ = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}
    found = in_cluster_access(**places, environ=environ)
    assert (found.endpoint, found.ca_pem) == ("https://[fd00::1]:443", "-----BEGIN CERTIFICATE-----\n")
    assert found.token == "a.b.c"
    with pytest.raises(QueryError, match="no service account token"):
        in_cluster_access(**places, environ={})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param('enabled = "always"', "enabled", id="no-such-word"),
        pytest.param('timeout = "30s"', "timeout", id="longer-than-an-answer-waits"),
        pytest.param("page = 5000", "page", id="page-of-thousands"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "eksip.toml"
    file.write_text(f"[kubernetes]\n{line}\n")
    with pytest.raises(ConfigError, match=words):
        load({"EKSIP_CONFIG": str(file)})
