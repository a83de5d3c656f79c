"""The alerts and the dashboard: every metric that they name exists, and each alert fires when it should and only then."""

import json
import os
import re
import subprocess

import pytest
import yaml

from driver import ROOT

PROMTOOL = os.environ.get("PENSTOCK_PROMTOOL", "promtool")
ALERTS = ROOT / "packaging" / "alerts"
BOARD = json.loads((ROOT / "packaging" / "dashboards" / "penstock.json").read_text(encoding="utf-8"))
RULES = [rule for group in yaml.safe_load((ALERTS / "penstock.rules.yml").read_text(encoding="utf-8"))["groups"]
         for rule in group["rules"]]
CASES = yaml.safe_load((ALERTS / "penstock.rules.test.yml").read_text(encoding="utf-8"))["tests"]

# Rooms whose metrics a server without PostgreSQL and Redis does not have.
ELSEWHERE = ("plugins/pg-queue", "plugins/pg-store", "plugins/shared/postgres", "plugins/redis-cache")
METRIC = r"\b((?:penstock|process)_[a-z0-9_]+)\b"
GIVEN_BY_PROMETHEUS = {"job", "instance", "le"}


def panels():
    return [panel for panel in BOARD["panels"] if panel["type"] != "row"]


def expressions():
    """Every expression, and where it stands."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def named(expression):
    return set(re.findall(METRIC, re.sub(r'"[^"]*"', "", expression)))


def declared(rooms):
    """The series that the code of some rooms declares."""
    names = set()
    for room in rooms:
        for path in (ROOT / room).rglob("*.h"):
            for kind, name in re.findall(r'(Counter|Gauge|Histogram)Spec k\w+\{\s*"(\w+)"', path.read_text(encoding="utf-8")):
                names |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "Histogram" else {name}
    return names


@pytest.fixture(scope="module")
def live(server):
    """The values that each label of each metric has in a running server."""
    metrics = {}
    for series in server.metrics():
        name, _, labels = series.partition("{")
        values = metrics.setdefault(name, {})
        for label, value in re.findall(r'(\w+)="([^"]*)"', labels):
            values.setdefault(label, set()).add(value)
    return metrics


def test_every_metric_exists(live):
    elsewhere = declared(ELSEWHERE)
    assert "penstock_database_up" in elsewhere and "penstock_queue_up" in live
    unknown = {place: named(text) - set(live) - elsewhere for place, text in expressions()}
    assert {place: names for place, names in unknown.items() if names} == {}


def test_every_label_and_value_that_is_chosen_by_exists(live):
    wrong = []
    for place, text in expressions():
        for metric, matchers in re.findall(METRIC + r"\{([^}]*)\}", text):
            for label, operator, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers):
                if label in GIVEN_BY_PROMETHEUS or metric not in live:
                    continue
                known = live[metric].get(label)
                if known is None or not set(value.split("|")) <= known:
                    wrong.append((place, metric, label, operator, value, known))
    assert wrong == []


def test_every_label_that_is_grouped_by_exists(live):
    labels = {label for values in live.values() for label in values} | GIVEN_BY_PROMETHEUS
    labels |= {label for room in ELSEWHERE for path in (ROOT / room).rglob("metrics.*")
               for label in re.findall(r'\{"(\w+)", \w+\}', path.read_text(encoding="utf-8"))}
    for place, text in expressions():
        for group in re.findall(r"\b(?:by|on) \(([^)]*)\)", text):
            assert {label.strip() for label in group.split(",")} <= labels, place


def promtool(*arguments):
    run = subprocess.run([PROMTOOL, *map(str, arguments)], capture_output=True, text=True, cwd=ALERTS, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_rules_pass_promtool():
    promtool("check", "rules", "penstock.rules.yml")
    promtool("test", "rules", "penstock.rules.test.yml")


def test_each_alert_is_tested_silent_and_firing():
    tested = {}
    for case in CASES:
        for check in case["alert_rule_test"]:
            tested.setdefault(check["alertname"], set()).add(bool(check["exp_alerts"]))
    assert tested == {rule["alert"]: {True, False} for rule in RULES}


def test_each_alert_has_a_severity_and_a_section_of_the_runbook():
    manual = (ROOT / "packaging" / "man" / "penstock-operations.7").read_text(encoding="utf-8")
    alerts = manual.split(".SH ALERTS\n")[1].split("\n.SH ")[0]
    assert re.findall(r"^\.SS (\w+)$", alerts, re.MULTILINE) == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["labels"]["severity"] in ("critical", "warning"), rule
        assert rule["annotations"]["runbook"] == f"man 7 penstock-operations, {rule['alert']}"
        assert rule["annotations"]["summary"].endswith("."), rule


def test_every_expression_of_the_dashboard_can_be_read(tmp_path):
    rules = [{"record": f"of:panel:{number}",
              "expr": text.replace("$__rate_interval", "5m").replace("$job", ".*").replace("$instance", ".*")}
             for number, (_, text) in enumerate(expressions())]
    assert not [rule for rule in rules if "$" in rule["expr"]]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    promtool("check", "rules", file)


def test_every_panel_goes_by_the_variables():
    variables = {variable["name"] for variable in BOARD["templating"]["list"]}
    assert variables == {"datasource", "job", "instance"}
    for panel in panels():
        for target in panel["targets"]:
            assert panel["datasource"] == target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            selectors = re.findall(METRIC + r"(\{[^}]*\})?", target["expr"])
            assert selectors, panel["title"]
            for _, selector in selectors:
                assert 'job=~"$job"' in selector and 'instance=~"$instance"' in selector, panel["title"]


def test_panels_have_places_of_their_own():
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    taken = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


def test_the_dashboard_shows_what_operators_look_for():
    assert [panel["title"] for panel in BOARD["panels"] if panel["type"] == "row"] == [
        "At a glance", "Traffic", "Refusals", "Queue", "Sending", "Latency", "Data", "Process"]
    assert any("histogram_quantile" in text for _, text in expressions())
