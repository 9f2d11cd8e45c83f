"""Plays the incident of docs/incident.md on the demo estate, and writes what everybody said into that page.

`python docs/incident.py` writes; with `--check` it writes nothing, prints what differs, and exits with 1 if anything
does. tests/story/test_incident.py plays the same script.
"""

import difflib
import re
import sys
from collections.abc import Callable
from pathlib import Path

from incident_stage import ALERTS, SUBNET, Stage, stage
from incident_transcript import Transcript

from bot import logs

PAGE = Path(__file__).resolve().parent / "incident.md"
CHANNEL = "inc-42"
PASTED = (
    "payments-7d9f8c6b5-x2x9k hangs in ContainerCreating:\n"
    "Warning FailedCreatePodSandBox 12s kubelet Failed to create pod sandbox: rpc error: code = Unknown desc = "
    'failed to setup network for sandbox "4f1c…": plugin type="aws-cni" name="aws-cni" failed (add): add cmd: '
    "failed to assign an IP address to container"
)

_REGION = re.compile(r"(<!-- generated:(\w+) -->\n).*?(<!-- /generated -->)", re.DOTALL)


def play(on: Stage, transcript: Transcript, moment: Callable[[str], None] = lambda _: None) -> dict[str, str]:
    """Play the incident: the text of each scene by its name. `moment` is called where a picture may be taken."""
    scenes: dict[str, str] = {}

    def end(name: str) -> None:
        transcript.look()
        scenes[name] = "\n".join(transcript.lines).rstrip()
        transcript.lines.clear()

    _squeeze(on, transcript)
    end("squeeze")
    thread = _verdict(on, transcript)
    moment("verdict")
    end("verdict")
    _plan(on, transcript, thread, moment)
    end("plan")
    _quiet(on, transcript)
    moment("board")
    end("quiet")
    _recovery(on, transcript)
    end("recovery")
    _afterwards(on, transcript)
    moment("afterwards")
    end("afterwards")
    return scenes


def _squeeze(on: Stage, transcript: Transcript) -> None:
    """A rollout of payments doubles its pods: the subnet goes from half free to 4%, and stays there."""
    for free_pct in (35.0, 12.0, 3.5, 3.5, 3.5):
        on.squeeze(SUBNET, free_pct)
        on.minutes()
        transcript.look()


def _verdict(on: Stage, transcript: Transcript) -> str:
    """Ben pastes what kubectl told him; Ana lets eksip look at it: the ts of the thread."""
    on.minutes()
    ts = on.slack.say(PASTED, user="ben", channel=CHANNEL)
    transcript.look()
    transcript.note("ana chooses “Diagnose with eksip” in the menu of ben's message")
    on.slack.shortcut("eksip_diagnose_message", channel=CHANNEL, ts=ts, user="ana")
    on.posted("cause", CHANNEL, ts)
    return ts


def _plan(on: Stage, transcript: Transcript, thread: str, moment: Callable[[str], None]) -> None:
    """Ana asks whether the nodes that the rollout still wants fit; in the form she asks it of the whole cluster."""
    on.slack.say(f"@eksip plan +2 m5.2xlarge {SUBNET}", user="ana", channel=CHANNEL, thread_ts=thread)
    plan = on.posted("Change numbers", CHANNEL, thread)
    transcript.look()
    transcript.note("ana presses [Change numbers]")
    on.press(plan, "Change numbers", channel=CHANNEL, user="ana")
    on.slack.wait_for(lambda: (on.slack.modal("ana") or {}).get("submit"))
    offered = on.slack.options("scope", "prod-eu", user="ana")
    on.slack.fill({"scope": offered[0]["value"]}, user="ana")
    moment("form")
    transcript.form("ana")
    transcript.note("ana presses [Plan]")
    on.slack.submit(user="ana")
    on.posted("m5.2xlarge cluster:", CHANNEL)


def _quiet(on: Stage, transcript: Transcript) -> None:
    """Chris starts a board; Ana takes the alert, and keeps it quiet while the rollout is undone."""
    on.slack.slash("board prod-eu 30m", user="chris", channel=CHANNEL)
    on.whispered("appears here", CHANNEL, "chris")
    on.boards.step()
    on.posted("Live board", CHANNEL)
    transcript.look()
    card = on.posted("Acknowledge", ALERTS)
    transcript.note("ana presses [Acknowledge]")
    on.press(card, "Acknowledge", channel=ALERTS, user="ana")
    on.whispered("Acked", ALERTS, "ana")
    on.send()
    transcript.look()
    on.slack.slash(f"silence {SUBNET} 30m undoing the rollout", user="ana", channel=ALERTS)
    on.posted("Silenced", ALERTS)
    on.send()


def _recovery(on: Stage, transcript: Transcript) -> None:
    """The rollout is undone: the addresses come back, and the alert ends by itself."""
    on.squeeze(SUBNET, 25)
    on.minutes()
    on.squeeze(SUBNET, None)
    on.minutes()
    transcript.look()
    on.minutes(3)


def _afterwards(on: Stage, transcript: Transcript) -> None:
    """The board is closed, and Ben asks who heard of it."""
    on.slack.slash("board stop", user="chris", channel=CHANNEL)
    on.whispered("will end now", CHANNEL, "chris")
    on.boards.step()
    on.posted("Board ended", CHANNEL)
    transcript.look()
    (alert,) = (each for each in on.parts.store.recent_alerts(50) if (each.label, each.rule) == (SUBNET, "low_ips"))
    on.slack.slash(f"alerts why {alert.alert_id}", user="ben", channel=CHANNEL)
    on.posted("heard of it", CHANNEL)


def scenes() -> dict[str, str]:
    """The whole incident, played once: the text of each scene by its name."""
    with stage() as on:
        return play(on, Transcript(on))


def filled(page: str, found: dict[str, str]) -> str:
    """The page with each marked region holding its scene. Raises: ValueError when page and scenes do not match."""
    marked = [name for _, name, _ in _REGION.findall(page)]
    if marked != list(found):
        raise ValueError(f"{PAGE.name} marks {', '.join(marked)}; the incident has {', '.join(found)}.")
    return _REGION.sub(lambda region: f"{region[1]}\n```text\n{found[region[2]]}\n```\n\n{region[3]}", page)


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` compare it; the exit status."""
    before = PAGE.read_text(encoding="utf-8")
    wanted = filled(before, scenes())
    if "--check" in arguments:
        print(
            *difflib.unified_diff(before.splitlines(), wanted.splitlines(), PAGE.name, "played", lineterm=""), sep="\n"
        )
        return int(before != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    logs.configure("ERROR")
    sys.exit(main(sys.argv[1:]))
