"""The dashboard and the rules name metrics that exist, with labels they have."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

from bot import metrics

FOLDER = Path(__file__).resolve().parent.parent / "deploy/grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text())
RULES: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus-rules.yaml").read_text())
_METRIC = re.compile(r"\b(eksip_[a-z_]+)(?:\{([^}]*)\})?")


def exposed() -> dict[str, set[str]]:
    """Every metric of the bot with its labels, as Prometheus stores them."""
    one = metrics.Figure(labels=("x",) * 6, available_ips=1, usable_ips=2)
    metrics.subnet_figures.put([one])
    metrics.zone_figures.put([metrics.Figure(labels=("x",) * 4, available_ips=1, usable_ips=2)])
    found: dict[str, set[str]] = {}
    for line in metrics.exposition().decode().splitlines():
        if line.startswith("# TYPE"):
            _, _, name, kind = line.split()
            names = {f"{name}{end}" for end in ("_sum", "_count", "_bucket")} if kind == "histogram" else {name}
            found.update({each: set() for each in names})
        elif (match := _METRIC.match(line)) and match[2]:
            found.setdefault(match[1], set()).update(re.findall(r"(\w+)=", match[2]))
    metrics.subnet_figures.put([])
    metrics.zone_figures.put([])
    return found


def expressions() -> list[str]:
    """Every PromQL expression of the dashboard, its variables and the rules."""
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]
    variables = [item["query"]["query"] for item in DASHBOARD["templating"]["list"] if item["type"] == "query"]
    return [*panels, *variables, *(rule["expr"] for group in RULES["groups"] for rule in group["rules"])]


def test_every_expression_names_metrics_and_labels_that_are_exposed() -> None:
    there = exposed()
    wrong = []
    for expression in expressions():
        for name, selector in _METRIC.findall(expression):
            if name not in there:
                wrong.append(name)
            elif selector and there[name]:
                wrong += [f"{name}: {label}" for label in re.findall(r"(\w+)=", selector) if label not in there[name]]
    assert wrong == []
    assert len(expressions()) > 15


def test_panels_have_their_own_ids_and_places() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        mine = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not mine & cells, panel["title"]
        assert place["x"] + place["w"] <= 24
        cells |= mine


def test_nobody_elses_data_source_is_named() -> None:
    """The dashboard asks for the data source when it is imported."""
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if "targets" in panel} == {"${datasource}"}
