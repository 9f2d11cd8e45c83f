"""What `eksip check` tries: the database, Slack's token, scopes and channels, AWS actions, and clusters' own APIs."""

from collections.abc import Iterator

from bot.aws.check import CheckResult, Outcome
from bot.aws.grants import Grant, grants
from bot.config import slack_mode
from bot.console.check import Check, Verdict
from bot.errors import ConfigError, QueryError
from bot.inventory import Cluster
from bot.scope import cluster_key
from bot.slack.check import Found, check_slack
from bot.slack.sending import write_client
from bot.wiring.parts import Parts

_ACCOUNTS = 4
"""Accounts that a line of what to add names; the command names them all."""


def checks(parts: Parts) -> Iterator[Check]:
    """Every trial in order, each as soon as its result is there."""
    yield _database(parts)
    yield from _slack(parts)
    refused: list[CheckResult] = []
    for result in parts.reader.check():
        refused += [result] if result.outcome in {Outcome.DENIED, Outcome.ERROR} else []
        yield _aws(result)
    yield from cluster_checks(parts)
    for grant in grants(refused):
        yield _to_add(grant)


_CLUSTERS = 20
"""Clusters whose own API is tried at most, in the order of their names: each takes up to a few seconds."""


def cluster_checks(parts: Parts) -> Iterator[Check]:
    """Every read of clusters' own APIs that `why`, `tune` and `prefix` make, where the extra is there and asks them."""
    settings = parts.settings.kubernetes
    if reason := parts.kubernetes.unusable:
        wanted = bool(settings.clusters or settings.in_cluster) and settings.enabled != "never"
        verdict = Verdict.WARN if wanted else Verdict.SKIP
        yield Check(
            subject="kubernetes",
            tried="clusters' own APIs",
            verdict=verdict,
            advice=f"{reason}: `why` names what it cannot see without them.",
        )
        return
    try:
        clusters = _clusters(parts)
    except QueryError as error:
        advice = f"The clusters are not known: {error.message}"
        yield Check(subject="kubernetes", tried="clusters' own APIs", verdict=Verdict.SKIP, advice=advice)
        return
    for cluster in clusters[:_CLUSTERS]:
        yield from _cluster(parts, cluster)
    if len(clusters) > _CLUSTERS:
        advice = f"{len(clusters) - _CLUSTERS} more clusters: name those to try in [kubernetes] clusters."
        yield Check(subject="kubernetes", tried="other clusters", verdict=Verdict.SKIP, advice=advice)


def _clusters(parts: Parts) -> list[Cluster]:
    """The clusters that are asked: those known already, else those that EKS lists now."""
    known = parts.facts.known()
    found = list(known.clusters) if known is not None else []
    if known is None:
        for account in parts.reader.accounts():
            for region in parts.reader.regions(account).regions:
                found += parts.reader.read_clusters(account, region).clusters
    return sorted((c for c in found if not parts.kubernetes.why_not(c.name)), key=cluster_key)


def _cluster(parts: Parts, cluster: Cluster) -> Iterator[Check]:
    subject = f"{cluster.name} {cluster.region}"
    accounts = {account.account_id: account for account in parts.reader.accounts()}
    try:
        found = parts.kubernetes.trials(
            cluster.name,
            lambda: parts.reader.cluster_access(accounts[cluster.account_id], cluster.region, cluster.name),
        )
    except QueryError as error:
        advice = f"{_sentence(error.message)} docs/deploying.md, Reading inside clusters."
        yield Check(subject=subject, tried="Kubernetes API", verdict=Verdict.WARN, advice=advice)
        return
    works = [trial.words for trial in found if not trial.failure]
    if works:
        yield Check(subject=subject, tried=f"Kubernetes API: {', '.join(works)}", verdict=Verdict.OK)
    for trial in found:
        if trial.failure:
            add = f" Add to {trial.rule} (kubectl apply -k deploy/k8s/cluster-reader)." if trial.rule else ""
            advice = f"{_sentence(trial.failure)}{add}"
            yield Check(subject=subject, tried=f"Kubernetes API: {trial.words}", verdict=Verdict.WARN, advice=advice)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _database(parts: Parts) -> Check:
    try:
        works = parts.store.healthy()
    except ConfigError as exc:
        return Check(subject="database", tried="open and migrate", verdict=Verdict.FAIL, advice=exc.message)
    if not works:
        advice = "The database was opened and does not answer a question."
        return Check(subject="database", tried="open and migrate", verdict=Verdict.FAIL, advice=advice)
    return Check(subject="database", tried="open and migrate", verdict=Verdict.OK)


def _slack(parts: Parts) -> Iterator[Check]:
    settings = parts.settings
    try:
        mode = slack_mode(settings)
    except ConfigError as exc:
        for problem in exc.problems:
            yield Check(subject="slack", tried="tokens", verdict=Verdict.FAIL, advice=problem)
        return
    yield Check(subject="slack", tried=f"tokens for {mode} mode", verdict=Verdict.OK)
    client = write_client(settings.slack_bot_token.get_secret_value(), settings.slack.api_url)
    for result in check_slack(client, (watch.channel for watch in settings.watches)):
        missing = Verdict.FAIL if result.needed else Verdict.WARN
        verdict = {Found.WORKS: Verdict.OK, Found.MISSING: missing, Found.NOT_TRIED: Verdict.SKIP}[result.found]
        yield Check(subject="slack", tried=result.tried, verdict=verdict, advice=result.advice)


def _to_add(grant: Grant) -> Check:
    shown = ", ".join(grant.account_ids[:_ACCOUNTS]) + (
        f" and {len(grant.account_ids) - _ACCOUNTS} more" if len(grant.account_ids) > _ACCOUNTS else ""
    )
    advice = "\n      or: ".join(grant.commands)
    return Check(subject=shown, tried=f"add {grant.what}", verdict=Verdict.SKIP, advice=advice)


def _aws(result: CheckResult) -> Check:
    where = " ".join(word for word in (result.account_name or result.account_id, result.region) if word)
    if result.outcome is Outcome.OK:
        verdict = Verdict.OK
    elif result.outcome is Outcome.SKIPPED:
        verdict = Verdict.SKIP
    else:
        verdict = Verdict.FAIL if result.needed else Verdict.WARN
    return Check(subject=where or "aws", tried=result.action, verdict=verdict, advice=result.advice)
