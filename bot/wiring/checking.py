"""What `eksip check` tries: the database, Slack's token, scopes and channels, and every AWS action."""

from collections.abc import Iterator

from bot.aws.check import CheckResult, Outcome
from bot.aws.grants import Grant, grants
from bot.config import slack_mode
from bot.console.check import Check, Verdict
from bot.errors import ConfigError
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
    for grant in grants(refused):
        yield _to_add(grant)


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
