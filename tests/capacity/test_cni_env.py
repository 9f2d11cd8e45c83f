"""The environment of aws-node as the CNI reads it: Go's parsing, the two sets of defaults, refusals, precedence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.capacity.cni_env import (
    MANIFEST_ENVIRONMENT,
    environment_of,
    settings_as_shipped,
    settings_from_env,
    start_refusals,
    without_effect,
)
from bot.capacity.warmpool import PoolMode, PoolSettings


def test_an_empty_environment_has_the_defaults_of_the_code() -> None:
    assert settings_from_env({}) == PoolSettings(warm_eni=1, warm_ip=0, minimum_ip=0, warm_prefix=0)


def test_the_shipped_manifest_differs_in_the_warm_prefix() -> None:
    assert settings_as_shipped() == PoolSettings(warm_prefix=1)
    assert settings_as_shipped({"ENABLE_PREFIX_DELEGATION": "true"}).mode is PoolMode.PREFIX
    assert start_refusals(MANIFEST_ENVIRONMENT) == ()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        pytest.param("0", 0, id="zero is legal"),
        pytest.param("3", 3, id="plain"),
        pytest.param("+3", 3, id="a sign"),
        pytest.param("007", 7, id="leading zeros"),
        pytest.param("-1", 1, id="negative: the default"),
        pytest.param("", 1, id="empty: the default"),
        pytest.param(" 3", 1, id="a space is not read"),
        pytest.param("3.0", 1, id="nor is a fraction"),
        pytest.param("1_000", 1, id="nor an underscore"),
        pytest.param("٣", 1, id="nor another script's digit"),
        pytest.param("0x3", 1, id="nor hexadecimal"),
        pytest.param("9223372036854775808", 1, id="nor more than 64 bits"),
        pytest.param("three", 1, id="nor a word"),
    ],
)
def test_numbers_are_read_as_go_reads_them(text: str, read: int) -> None:
    assert settings_from_env({"WARM_ENI_TARGET": text}).warm_eni == read


@pytest.mark.parametrize("name", ["WARM_IP_TARGET", "MINIMUM_IP_TARGET", "WARM_PREFIX_TARGET"])
@pytest.mark.parametrize("text", ["-5", "five", ""])
def test_other_targets_that_cannot_be_read_are_off(name: str, text: str) -> None:
    found = settings_from_env({name: text})

    assert (found.warm_ip, found.minimum_ip, found.warm_prefix) == (0, 0, 0)


@pytest.mark.parametrize(
    ("text", "limit"), [("2", 2), ("0", None), ("-3", None), ("many", None), ("500", 500)], ids=lambda value: f"{value}"
)
def test_max_eni_below_1_is_no_limit(text: str, limit: int | None) -> None:
    assert settings_from_env({"MAX_ENI": text}).max_eni == limit


@pytest.mark.parametrize(
    ("text", "on"),
    [(text, True) for text in ("1", "t", "T", "TRUE", "true", "True")]
    + [(text, False) for text in ("0", "f", "F", "FALSE", "false", "False", "", "yes", "on", "tRUE", " true")],
)
def test_booleans_are_read_as_go_reads_them(text: str, on: bool) -> None:
    names = ("ENABLE_PREFIX_DELEGATION", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "ENABLE_POD_ENI")
    found = settings_from_env(dict.fromkeys(names, text))

    assert (found.mode is PoolMode.PREFIX, found.custom_networking, found.pod_eni) == (on, on, on)


PREFIXES = {"ENABLE_PREFIX_DELEGATION": "true"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({}, "", id="as shipped"),
        pytest.param(PREFIXES, "", id="prefixes with the shipped target"),
        pytest.param({**PREFIXES, "WARM_PREFIX_TARGET": "0"}, "set WARM_PREFIX_TARGET=1", id="no target"),
        pytest.param({**PREFIXES, "WARM_PREFIX_TARGET": "-1"}, "set WARM_PREFIX_TARGET=1", id="a negative target"),
        pytest.param({**PREFIXES, "WARM_PREFIX_TARGET": ""}, "set WARM_PREFIX_TARGET=1", id="an empty target"),
        pytest.param({**PREFIXES, "WARM_PREFIX_TARGET": "two"}, "", id="compared as text: a word passes"),
        pytest.param({**PREFIXES, "WARM_PREFIX_TARGET": "0", "MINIMUM_IP_TARGET": "1"}, "", id="another target"),
        pytest.param({"WARM_PREFIX_TARGET": "0"}, "", id="no prefixes, no target needed"),
        pytest.param({**PREFIXES, "ENABLE_IPv6": "true"}, "both are", id="two families"),
        pytest.param({"ENABLE_IPv4": "false"}, "none is", id="no family"),
        pytest.param(
            {"ENABLE_IPv4": "false", "ENABLE_IPv6": "true"}, "needs ENABLE_PREFIX_DELEGATION", id="IPv6 alone"
        ),
        pytest.param(
            {
                "ENABLE_IPv4": "false",
                "ENABLE_IPv6": "true",
                "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
                **PREFIXES,
            },
            "does not work with AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG",
            id="IPv6 with custom networking",
        ),
        pytest.param({"IP_COOLDOWN_PERIOD": "0"}, "", id="no cooldown"),
        pytest.param({"IP_COOLDOWN_PERIOD": "-1"}, "IP_COOLDOWN_PERIOD='-1'", id="negative cooldown"),
        pytest.param({"IP_COOLDOWN_PERIOD": "30s"}, "IP_COOLDOWN_PERIOD='30s'", id="cooldown with a unit"),
        pytest.param(
            {"ENABLE_POD_ENI": "true", "POD_SECURITY_GROUP_ENFORCING_MODE": "lax"},
            "neither strict",
            id="enforcing mode",
        ),
        pytest.param({"POD_SECURITY_GROUP_ENFORCING_MODE": "lax"}, "", id="enforcing mode without pod ENIs"),
    ],
)
def test_what_keeps_aws_node_from_starting(changes: dict[str, str], said: str) -> None:
    refusals = start_refusals({**MANIFEST_ENVIRONMENT, **changes})

    assert len(refusals) == (1 if said else 0)
    assert said in "".join(refusals)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        pytest.param({"WARM_IP_TARGET": "5"}, "", id="acts"),
        pytest.param({"WARM_IP_TARGET": "five"}, "WARM_IP_TARGET='five' is not a number from 0 up", id="unreadable"),
        pytest.param({"ENABLE_POD_ENI": "yes"}, "ENABLE_POD_ENI='yes' is not a boolean", id="no boolean of Go's"),
        pytest.param({"MAX_ENI": "0"}, "MAX_ENI='0' is not a number from 1 up", id="no limit"),
        pytest.param(
            {"WARM_ENI_TARGET": "2", "MINIMUM_IP_TARGET": "9"},
            "WARM_ENI_TARGET does nothing: ",
            id="beaten by IP targets",
        ),
        pytest.param(
            {"WARM_ENI_TARGET": "2", "WARM_PREFIX_TARGET": "0", **PREFIXES},
            "WARM_ENI_TARGET does nothing in prefix mode",
            id="WARM_ENI_TARGET with prefixes",
        ),
        pytest.param({"WARM_PREFIX_TARGET": "1"}, "does nothing without prefix mode", id="prefix target, no prefixes"),
        pytest.param(
            {"WARM_PREFIX_TARGET": "1", "WARM_IP_TARGET": "3", **PREFIXES},
            "WARM_PREFIX_TARGET does nothing for growth",
            id="prefix target beaten",
        ),
    ],
)
def test_settings_without_effect_are_named(environment: dict[str, str], said: str) -> None:
    notes = without_effect(environment)

    assert len(notes) == (1 if said else 0)
    assert said in "".join(notes)


@given(
    st.builds(
        PoolSettings,
        mode=st.sampled_from(PoolMode),
        warm_eni=st.integers(0, 9),
        warm_ip=st.integers(0, 99),
        minimum_ip=st.integers(0, 99),
        warm_prefix=st.integers(0, 9),
        max_eni=st.none() | st.integers(1, 15),
        custom_networking=st.booleans(),
        pod_eni=st.booleans(),
    )
)
def test_settings_written_as_environment_are_read_back(options: PoolSettings) -> None:
    assert settings_from_env(dict(environment_of(options))) == options
