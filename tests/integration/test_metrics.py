"""GET /metrics: what Prometheus and people with JSON see."""

import os
import subprocess

import pytest

from driver import phone, until

PROMTOOL = os.environ.get("PENSTOCK_PROMTOOL", "promtool")

FROM_THE_START = [
    'penstock_ingest_published_total{kind="outbound_message"}',
    'penstock_ingest_published_total{kind="inbound_message"}',
    'penstock_ingest_duplicates_total{kind="outbound_message"}',
    'penstock_ingest_duplicates_total{kind="inbound_message"}',
    "penstock_ingest_conflicts_total",
    'penstock_ingest_refused_total{reason="invalid"}',
    'penstock_ingest_refused_total{reason="malformed"}',
    'penstock_ingest_refused_total{reason="policy"}',
    'penstock_ingest_refused_total{reason="full"}',
    'penstock_ingest_refused_total{reason="unavailable"}',
    "penstock_ingest_dead_letters_replayed_total",
    "penstock_ingest_dead_letters_discarded_total",
    "penstock_ingest_publish_seconds_count",
    "penstock_worker_dequeued_total",
    "penstock_worker_processed_total",
    "penstock_worker_failed_total",
    "penstock_worker_retried_total",
    "penstock_worker_dead_total",
    "penstock_worker_released_total",
    "penstock_worker_lease_lost_total",
    "penstock_worker_queue_wait_seconds_count",
    "penstock_worker_persist_seconds_count",
    "penstock_worker_end_to_end_seconds_count",
]


def sms(**more):
    return {"from": phone(), "to": phone(), "body": "Hello", **more}


def test_every_series_is_there_and_zero_before_anything_happened(start):
    series = start().metrics()
    assert {name: series.get(name) for name in FROM_THE_START} == {name: 0.0 for name in FROM_THE_START}


def test_the_text_passes_promtool(server):
    server.accepted("/api/messages/sms", sms())
    answer = server.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    checked = subprocess.run([PROMTOOL, "check", "metrics"], input=answer.body, capture_output=True)
    assert checked.returncode == 0, checked.stdout.decode() + checked.stderr.decode()


def test_json_holds_the_same_values_flat_and_under_short_names(server):
    server.message(server.accepted("/api/messages/sms", sms())["id"])
    until(lambda: server.metric("penstock_worker_processed_total") >= 1)
    answer = server.get("/metrics", Accept="application/json")
    assert answer.headers["Content-Type"].startswith("application/json")
    values = answer.json
    assert all(isinstance(value, (int, float)) for value in values.values())
    assert values["worker_processed"] == values["penstock_worker_processed_total"] >= 1
    assert values["ingest_published"] == server.metric("penstock_ingest_published_total")
    assert values["ingest_refused"] == server.metric("penstock_ingest_refused_total")


class Moved:
    """How far counters moved, once they stand where they should."""

    def __init__(self, server):
        self.server = server
        until(lambda: server.metric("penstock_worker_processed_total") == server.metric("penstock_ingest_published_total"),
              what="the worker's part in what came before")
        self.before = server.metrics()

    def by(self, **expected):
        names = {
            "published": 'penstock_ingest_published_total{kind="outbound_message"}',
            "received": 'penstock_ingest_published_total{kind="inbound_message"}',
            "duplicates": 'penstock_ingest_duplicates_total{kind="outbound_message"}',
            "reports_again": 'penstock_ingest_duplicates_total{kind="inbound_message"}',
            "conflicts": "penstock_ingest_conflicts_total",
            "invalid": 'penstock_ingest_refused_total{reason="invalid"}',
            "malformed": 'penstock_ingest_refused_total{reason="malformed"}',
            "dequeued": "penstock_worker_dequeued_total",
            "processed": "penstock_worker_processed_total",
            "failed": "penstock_worker_failed_total",
            "dead": "penstock_worker_dead_total",
            "waits": "penstock_worker_queue_wait_seconds_count",
            "ends": "penstock_worker_end_to_end_seconds_count",
            "publishes": "penstock_ingest_publish_seconds_count",
        }
        wanted = {name: expected.get(name, 0) for name in names}

        def moved():
            now = self.server.metrics()
            return {name: now[series] - self.before[series] for name, series in names.items()}

        until(lambda: moved()["processed"] >= wanted["processed"], what="the worker")
        assert moved() == wanted


@pytest.fixture
def moved(server):
    return Moved(server)


def test_a_message_moves_each_counter_on_its_way_once(server, moved):
    server.message(server.accepted("/api/messages/sms", sms())["id"])
    moved.by(published=1, publishes=1, dequeued=1, processed=1, waits=1, ends=1)


def test_a_report_and_its_repetition_are_counted_apart(server, moved):
    body = sms(messaging_provider_id="metrics-1")
    server.message(server.accepted("/api/webhooks/sms", body)["id"])
    server.accepted("/api/webhooks/sms", body)
    moved.by(received=1, reports_again=1, publishes=2, dequeued=1, processed=1, waits=1, ends=1)


def test_a_duplicate_and_a_conflict_are_counted_apart(server, moved):
    body = sms()
    server.message(server.accepted("/api/messages/sms", body, Idempotency_Key="metrics-2")["id"])
    server.accepted("/api/messages/sms", body, Idempotency_Key="metrics-2")
    assert server.post("/api/messages/sms", {**body, "body": "x"}, Idempotency_Key="metrics-2").status == 422
    moved.by(published=1, duplicates=1, conflicts=1, publishes=3, dequeued=1, processed=1, waits=1, ends=1)


def test_refusals_are_counted_by_reason(server, moved):
    server.post("/api/messages/sms", b"{")
    server.post("/api/messages/sms", b"[]")
    server.post("/api/messages/sms", {})
    server.post("/api/messages/sms", sms(), Idempotency_Key="two words")
    moved.by(malformed=2, invalid=2)


def test_the_queues_gauges_say_what_it_holds(server):
    series = server.metrics()
    for name in ("ready", "leased", "scheduled", "dead"):
        found = [key for key in series if key.startswith("penstock_queue_") and name in key]
        assert found, f"no gauge for {name} in {sorted(series)}"
