"""Access to the cluster that the process itself runs in, by the service account's token."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.errors import QueryError
from bot.inventory.kubernetes import ClusterAccess
from bot.kubernetes.api import NOT_INSTALLED


def in_cluster_access(**places: str | Mapping[str, str]) -> ClusterAccess:
    """The address, CA and token that Kubernetes mounts into a pod, read now: the token is replaced every hour.

    `places` are the loader's own (token_filename, cert_filename, environ) where they are not the usual ones.
    Source: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/
    Raises: QueryError outside of a cluster, in a pod without a token, or without the extra.
    """
    try:
        from kubernetes.client import Configuration
        from kubernetes.config import ConfigException
        from kubernetes.config.incluster_config import (
            SERVICE_CERT_FILENAME,
            SERVICE_TOKEN_FILENAME,
            InClusterConfigLoader,
        )
    except ModuleNotFoundError as exc:
        raise QueryError(NOT_INSTALLED) from exc
    wanted: dict[str, Any] = {
        "token_filename": SERVICE_TOKEN_FILENAME,
        "cert_filename": SERVICE_CERT_FILENAME,
        "try_refresh_token": False,
        **places,
    }
    configuration: Any = Configuration()
    try:
        InClusterConfigLoader(**wanted).load_and_set(configuration)
        ca_pem = Path(configuration.ssl_ca_cert).read_text()
    except (ConfigException, OSError) as exc:
        raise QueryError("in_cluster is set, and this process has no service account token") from exc
    token = next(iter(configuration.api_key.values()), "").partition(" ")[2].strip()
    return ClusterAccess(endpoint=configuration.host, ca_pem=ca_pem, token=token)
