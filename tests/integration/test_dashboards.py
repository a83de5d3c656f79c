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
TESTS = sorted(ALERTS.glob("*.rules.test.yml"))
CASES = [case for file in TESTS for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]]

METRIC = r"\b((?:penstock|process)_[a-z0-9_]+)\b"
GIVEN_BY_PROMETHEUS = {"job", "instance", "installation"}  # labels of targets


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


def declared_of_tables():
    """The one metric that has no series before a database was looked at: its name and labels, as the code declares them."""
    room = ROOT / "plugins" / "shared" / "postgres"
    name = re.search(r'kDead\{"(\w+)"', (room / "metrics.h").read_text(encoding="utf-8"))[1]
    labels = re.search(r"metric::kDead, (\{.*?\}\})", (room / "metrics.cpp").read_text(encoding="utf-8"))[1]
    return {name: {label: set() for label in re.findall(r'\{"(\w+)",', labels)}}


@pytest.fixture(scope="module")
def live(start):
    """The labels of each metric, and the values that they have, in servers that together load the plugins. Nobody answers
    for PostgreSQL and Redis, whose series are there all the same."""
    servers = [start(), start({"config": "api"}, environment={
        "DATABASE_URL": "postgres://penstock@/none?host=/nowhere-at-all", "REDIS_URL": "redis://127.0.0.1:1"})]
    metrics = declared_of_tables()
    for server in servers:
        for series in server.metrics():
            name, _, labels = series.partition("{")
            found = dict(re.findall(r'(\w+)="([^"]*)"', labels))
            values = metrics.setdefault(name, {label: set() for label in found})
            assert set(values) == set(found), f"the series of {name} have not all the same labels"
            for label, value in found.items():
                values[label].add(value)
    return metrics


def test_every_metric_exists(live):
    assert {"penstock_database_up", "penstock_cache_connected", "penstock_database_dead_rows"} <= set(live)
    unknown = {place: named(text) - set(live) for place, text in expressions()}
    assert {place: names for place, names in unknown.items() if names} == {}


def unmatched(live, metric, selector):
    """What a selector chooses by and the metric does not have."""
    wrong = []
    for label, operator, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', selector):
        if label in GIVEN_BY_PROMETHEUS:
            continue
        known = live[metric].get(label)
        if known is None or not set(value.split("|")) <= known:
            wrong.append((metric, label, operator, value, known))
    return wrong


def test_every_label_and_value_that_is_chosen_by_exists(live):
    chosen = [(place, metric, selector) for place, text in expressions()
              for metric, selector in re.findall(METRIC + r"\{([^}]*)\}", text)]
    assert any(metric == "penstock_database_errors_total" for _, metric, _ in chosen)
    assert [(place, *wrong) for place, metric, selector in chosen for wrong in unmatched(live, metric, selector)] == []


def closing(text, opening):
    """Where the bracket that opens here closes."""
    depth = 0
    for place in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise AssertionError(f"not closed: {text[opening:]}")


def groups(expression):
    """The labels of each `by`, and what it folds."""
    for by in re.finditer(r"\bby \(([^)]*)\) (?=\()", expression):
        yield {label.strip() for label in by[1].split(",")}, expression[by.end():closing(expression, by.end())]


def test_every_label_that_is_grouped_by_exists_in_each_metric_that_is_folded(live):
    seen = 0
    for place, text in expressions():
        assert len(re.findall(r"\bby\b", text)) == len(list(groups(text))), place
        for labels, folded in groups(text):
            for metric in named(folded) or {"up"}:
                seen += 1
                assert labels <= set(live.get(metric, ())) | GIVEN_BY_PROMETHEUS, (place, metric, labels)
        for labels in re.findall(r"\bon \(([^)]*)\)", text):
            assert {label.strip() for label in labels.split(",")} <= GIVEN_BY_PROMETHEUS, place
    assert seen > 50


def test_every_label_of_a_legend_is_one_of_its_series(live):
    seen = 0
    for panel in panels():
        for target in panel["targets"]:
            text = target["expr"]
            by = [labels for labels, _ in groups(text)]
            if by:
                there = set.intersection(*by) - {"le"}
            elif re.search(r"\b(?:sum|min|max|count|avg)\(", text):
                there = set()
            else:
                there = set.intersection(*(set(live[metric]) for metric in named(text))) | GIVEN_BY_PROMETHEUS
            shown = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", target.get("legendFormat") or ""))
            seen += len(shown)
            assert shown <= there, (panel["title"], target["legendFormat"])
    assert seen > 30


def test_every_question_of_a_variable_has_an_answer(live):
    asked = [variable for variable in BOARD["templating"]["list"] if variable["type"] == "query"]
    assert {variable["name"] for variable in asked} == {"job", "instance"}
    for variable in asked:
        text = variable["query"]["query"]
        assert variable["definition"] == text
        metric, selector, label = re.fullmatch(r"label_values\((\w+)(?:\{([^}]*)\})?, (\w+)\)", text).groups()
        assert metric in live and unmatched(live, metric, selector or "") == [], text
        assert label in set(live[metric]) | GIVEN_BY_PROMETHEUS, text
        assert set(re.findall(r"\$(\w+)", text)) <= {other["name"] for other in asked} - {variable["name"]}, text


def promtool(*arguments):
    run = subprocess.run([PROMTOOL, *map(str, arguments)], capture_output=True, text=True, cwd=ALERTS, timeout=300)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_rules_pass_promtool():
    promtool("check", "rules", "penstock.rules.yml")
    promtool("test", "rules", *(file.name for file in TESTS))


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
