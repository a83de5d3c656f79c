"""Dead letters over HTTP: what is seen of them, and what becomes of them."""

import urllib.parse

import pytest

from driver import phone, until

LETTERS = "/api/dead-letters"


@pytest.fixture(scope="module")
def spoilt(start, poison):
    """A server whose store refuses what begins with poison."""
    server = start()
    poison(server)
    return server


def bury(server, path="/api/messages/sms", **more):
    """Sends what will be refused; the id of the dead letter."""
    id = server.accepted(path, {"from": phone(), "to": phone(), "body": "poison", **more})["id"]
    until(lambda: server.get(f"{LETTERS}/{id}").status == 200, 10, f"dead letter {id}")
    return id


def listed(server, **filters):
    answer = server.get(f"{LETTERS}?" + urllib.parse.urlencode(filters))
    assert answer.status == 200, answer
    return answer.json["items"]


def test_a_refused_message_is_told_whole_to_who_asks_for_it_alone(spoilt):
    sender, body = phone(), "poison \"quoted\" \u202e\U0001f600"
    id = bury(spoilt, **{"from": sender, "body": body, "customerId": "whole", "metadata": {"order": 4711}})
    items = listed(spoilt, customer="whole")
    assert [item["id"] for item in items] == [id]
    assert sender not in str(items) and "quoted" not in str(items)
    detail = spoilt.get(f"{LETTERS}/{id}").json
    assert {name: detail[name] for name in items[0]} == items[0]
    assert detail["message"]["from"] == sender
    assert detail["message"]["body"] == body
    assert detail["message"]["metadata"] == {"order": 4711}
    assert detail["reason"] == detail["failures"][-1]["reason"]
    assert detail["attempts"] == 1 and detail["replays"] == 0
    assert len(detail["policy_hash"]) == 32
    assert spoilt.get(f"/api/messages/{id}").status == 404


def test_an_inbound_one_names_who_reported_it(spoilt):
    id = bury(spoilt, "/api/webhooks/sms", messaging_provider_id="theirs-1", customerId="inbound")
    assert [item["id"] for item in listed(spoilt, provider="webhook", kind="inbound_message", customer="inbound")] == [id]
    assert listed(spoilt, provider="webhook", kind="outbound_message") == []


def test_causes_count_what_died_of_the_same(spoilt):
    ids = [bury(spoilt, customerId="grouped") for _ in range(3)]
    groups = spoilt.get(f"{LETTERS}/causes?customer=grouped").json["items"]
    assert [group["count"] for group in groups] == [3]
    assert groups[0]["first_dead_at"] <= groups[0]["last_dead_at"]
    found = listed(spoilt, cause=groups[0]["cause"], customer="grouped")
    assert {item["id"] for item in found} == set(ids)
    assert listed(spoilt, cause="0" * 16) == []


def test_filters_by_time_part_what_died_before_from_what_died_since(spoilt):
    ids = [bury(spoilt, customerId="timed") for _ in range(3)]
    items = listed(spoilt, customer="timed")
    assert [item["id"] for item in items] == ids[::-1]
    at = items[1]["dead_at"]
    assert listed(spoilt, customer="timed", since=at) == [item for item in items if item["dead_at"] >= at]
    assert listed(spoilt, customer="timed", before=at) == [item for item in items if item["dead_at"] < at]
    assert len(listed(spoilt, customer="timed", age="0s")) == 3
    assert listed(spoilt, customer="timed", age="1d") == []


def test_a_discarded_one_is_gone(spoilt):
    id = bury(spoilt)
    assert spoilt.call("DELETE", f"{LETTERS}/{id}").json == {"discarded": 1}
    assert spoilt.call("DELETE", f"{LETTERS}/{id}").status == 404
    assert spoilt.get(f"{LETTERS}/{id}").status == 404
    assert spoilt.call("POST", f"{LETTERS}/{id}/replay").status == 404


def test_other_methods_are_refused_with_those_that_there_are(spoilt):
    for path, allowed in (("", "GET, HEAD"), ("/causes", "GET, HEAD"), ("/replay", "POST")):
        answer = spoilt.call("PUT", LETTERS + path, {})
        assert answer.status == 405, path
        assert answer.headers["Allow"].split(", ")[0] == allowed.split(", ")[0]
    assert spoilt.call("PUT", f"{LETTERS}/0195513c-2a60-7c3e-9f4b-0d5a1c2b3e4f", {}).status == 405


def test_u0000_is_refused_wherever_it_is(spoilt):
    assert spoilt.get(f"{LETTERS}?reason=a%00b").status == 400
    assert spoilt.post(f"{LETTERS}/replay", {"filter": {"reason": "a\0b"}}).status == 400
    assert spoilt.post(f"{LETTERS}/replay", {"filter": {"customer": "\0"}}).status == 400


def test_what_is_replayed_dies_again_with_its_history_or_is_kept(start, poison, antidote):
    server = start()
    poison(server)
    ids = [bury(server) for _ in range(3)]
    assert server.metric('penstock_queue_dead_letters_total') == 3
    assert server.metrics()[next(name for name in server.metrics() if name.startswith("penstock_queue_dead_letters_total")
                                 and 'reason="rejected"' in name)] == 3
    assert server.call("POST", f"{LETTERS}/{ids[0]}/replay").json == {"replayed": 1}

    def died_again():
        answer = server.get(f"{LETTERS}/{ids[0]}")
        return answer.json if answer.status == 200 else None

    again = until(died_again, 10, "its second death")
    assert (again["attempts"], again["replays"], len(again["failures"])) == (2, 1, 2)
    antidote(server)
    assert server.post(f"{LETTERS}/replay", {"filter": {"ids": ids}, "cap": 2}).json == {"replayed": 2}
    assert server.post(f"{LETTERS}/replay", {"filter": {}, "cap": 100, "spread": "100ms"}).json == {"replayed": 1}
    for id in ids:
        assert server.message(id)["body"] == "poison"
    assert listed(server) == []
    assert server.metric("penstock_ingest_dead_letters_replayed_total") == 4
