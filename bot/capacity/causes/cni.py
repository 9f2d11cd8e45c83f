"""The CNI itself does not run: aws-node restarts again and again, or is not ready, on nodes where pods wait."""

from datetime import timedelta

from bot.capacity.cni_env import start_refusals
from bot.capacity.diagnosis.evidence import ClusterView, Evidence, counted, listed
from bot.capacity.diagnosis.findings import Cause, Confidence, Finding, NotChecked, Seen, Step
from bot.capacity.diagnosis.question import Question
from bot.inventory.kubernetes import CniPod

CRASH_LOOP = "CrashLoopBackOff"
_LATELY = timedelta(minutes=30)
"""Age of a container's end up to which it tells of now: the longest pause between two restarts is five minutes."""
_RESTARTS = 3
"""Restarts from which a pod that is not ready counts as restarting; one or two happen when a node starts."""


def cni_not_running(question: Question, evidence: Evidence) -> Finding | NotChecked | None:
    """Nodes whose aws-node does not stay up: no pod there gets an address, whatever the subnet has.

    Source: https://github.com/aws/amazon-vpc-cni-k8s/blob/master/cmd/aws-vpc-cni/main.go (the container ends when
    ipamd cannot start: credentials, an environment it refuses, EC2 out of reach).
    """
    for view in evidence.clusters:
        facts = view.facts
        if facts is None or facts.cni_pods is None:
            continue
        names = {node.name for pool in evidence.pools(view) if (node := view.node(pool)) is not None}
        everywhere = not (evidence.focus or evidence.focus_nodes)
        down = [pod for pod in facts.cni_pods if _fails(pod, evidence) and (everywhere or pod.node in names)]
        if down:
            return _down(question, evidence, view, down)
    return None


def _fails(pod: CniPod, evidence: Evidence) -> bool:
    if pod.ready:
        return False
    lately = pod.ended_at is not None and evidence.now - pod.ended_at <= _LATELY
    return pod.waits_for == CRASH_LOOP or (lately and pod.restarts >= _RESTARTS)


def _down(question: Question, evidence: Evidence, view: ClusterView, down: list[CniPod]) -> Finding:
    assert view.facts is not None
    worst = max(down, key=lambda pod: pod.restarts)
    nodes = {pod.node for pod in down}
    waiting = sum(pod.node in nodes for pod in evidence.waiting(view))
    seen = [
        Seen(
            text=f"aws-node is down on {counted(len(nodes), 'node')} of {view.cluster.name} ({listed(sorted(nodes))}); "
            f"{worst.name} restarted {counted(worst.restarts, 'time')}"
            + (f", last exit code {worst.exit_code}" if worst.exit_code is not None else ""),
            observed_at=view.facts.observed_at,
        )
    ]
    if waiting:
        text = f"{counted(waiting, 'pod waits', 'pods wait')} on these nodes"
        seen.append(Seen(text=text, observed_at=view.facts.observed_at))
    refusals = start_refusals(view.facts.environment() or {}) if view.facts.daemon_set is not None else ()
    seen += [Seen(text=text.rstrip("."), observed_at=view.facts.observed_at) for text in refusals[:2]]
    seen += question.quote(Cause.CNI_NOT_RUNNING)
    return Finding(
        cause=Cause.CNI_NOT_RUNNING,
        confidence=Confidence.HIGH,
        subject=view.cluster.name if len(nodes) > 1 else worst.node,
        verdict=f"the CNI does not stay up on {counted(len(nodes), 'node')} of {view.cluster.name}: no pod there gets "
        "an address",
        seen=tuple(seen),
        do_now=(
            Step(
                text="what it said before it ended",
                command=f"kubectl logs -n kube-system {worst.name} -c aws-node --previous --tail=50",
            ),
            Step(
                text="whether its role may do what it needs",
                command="kubectl get serviceaccount aws-node -n kube-system -o yaml",
            ),
        ),
        lasting=(Step(text="what the CNI needs", command="explain CNI IAM permissions"),),
        unless="the pods of aws-node are ready by now",
    )
