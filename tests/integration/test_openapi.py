"""Drives every operation and every example of openapi.yaml against the server and checks the answers by its schemas."""

import json
import urllib.parse

import jsonschema
import pytest
import yaml

from driver import ROOT, phone, until

DOCUMENT = yaml.safe_load((ROOT / "plugins" / "http-ingest" / "openapi.yaml").read_text(encoding="utf-8"))
RESOLVER = jsonschema.RefResolver("", DOCUMENT)

# Statuses that a healthy server with the shipped configuration does not answer; the tests of the rooms and of faults provoke them.
NOT_PROVOKED = {
    (operation, "503")
    for operation in ("listConversations", "listMessages", "getMessage", "listSent", "listSentAlias", "live", "ready",
                      "health", "listDeadLetters", "listCauses", "replayDeadLetters", "getDeadLetter",
                      "discardDeadLetter", "replayDeadLetter", "getScheduler", "startScheduler", "stopScheduler",
                      "getMockConfig", "putMockConfig")
} | {(operation, "404") for operation in ("getMockConfig", "putMockConfig", "receiveFromMock")}

driven = set()  # operationIds
provoked = set()  # (operationId, status)


def resolved(node):
    while "$ref" in node:
        node = RESOLVER.resolve(node["$ref"])[1]
    return node


class Operation:
    def __init__(self, path, method, node):
        self.path, self.method, self.node = path, method.upper(), node
        self.id = node["operationId"]
        self.parameters = [resolved(parameter) for parameter in node.get("parameters", [])]
        self.responses = {status: resolved(response) for status, response in node["responses"].items()}
        self.body = node.get("requestBody", {}).get("content", {}).get("application/json")
        self.success = min(self.responses)

    def __repr__(self):
        return self.id


# What providers post needs providers: test_provider_webhooks.py drives it.
OPERATIONS = [
    Operation(path, method, node)
    for path, methods in DOCUMENT["paths"].items()
    for method, node in methods.items()
    if node["operationId"] != "receiveFromProvider"
]
BY_ID = {operation.id: operation for operation in OPERATIONS}
POSTING = [operation for operation in OPERATIONS if operation.body]
SENDING = [operation for operation in POSTING if "202" in operation.responses]


def valid(schema, value):
    return jsonschema.Draft202012Validator(schema, resolver=RESOLVER).is_valid(value)


def validate(schema, value):
    jsonschema.Draft202012Validator(schema, resolver=RESOLVER).validate(value)


def body_of(operation):
    return next(iter(operation.body["examples"].values()))["value"]


def drive(server, operation, path=None, body=None, headers=None, status=None):
    """Calls the operation and checks the answer against what the document says of its status."""
    answer = server.call(operation.method, path or operation.path, body, headers)
    driven.add(operation.id)
    provoked.add((operation.id, str(answer.status)))
    assert str(answer.status) == (status or operation.success), answer
    response = operation.responses[str(answer.status)]
    type = answer.headers["Content-Type"]
    schema = response["content"][type]["schema"]
    validate(schema, answer.json if type.endswith("json") else answer.body.decode())
    for name, header in response.get("headers", {}).items():
        header = resolved(header)
        value = answer.headers[name]
        assert value is not None or not header.get("required"), f"{name} is missing"
        if value is not None:
            validate(header["schema"], int(value) if header["schema"].get("type") == "integer" else value)
    assert answer.headers["X-Request-Id"]
    return answer


def example_cases(nodes):
    return [pytest.param(operation, example, id=f"{operation.id}-{name}") for operation, name, example in nodes]


@pytest.fixture(scope="module")
def conversation(server):
    """Conversation 1, which the examples of paths name, and one of its messages."""
    answer = drive(server, BY_ID["sendSms"], body={"from": phone(), "to": phone(), "body": "The first"})
    return server.message(answer.json["id"])


@pytest.fixture(scope="module")
def bury(server, poison):
    """Makes a dead letter; its id."""
    poison(server)

    def made():
        id = drive(server, BY_ID["sendSms"], body={"from": phone(), "to": phone(), "body": "poison"}).json["id"]
        until(lambda: server.get(f"/api/dead-letters/{id}").status == 200, 10, f"dead letter {id}")
        return id

    return made


def path_of(operation, conversation, bury):
    if "{id}" not in operation.path:
        return operation.path
    if "dead letters" in operation.node["tags"]:
        return operation.path.replace("{id}", bury())
    ids = {"listMessages": conversation["conversation_id"], "getMessage": conversation["id"]}
    return operation.path.replace("{id}", str(ids[operation.id]))


def body_with(operation, text):
    """An example of a body, another message than all others."""
    body = body_of(operation)
    return {**body, "body": text} if operation in SENDING else body


def test_the_server_serves_this_document(server):
    answer = drive(server, BY_ID["document"])
    assert yaml.safe_load(answer.body) == DOCUMENT


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_each_schema_is_a_schema(name):
    jsonschema.Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


@pytest.mark.parametrize(
    "operation, example",
    example_cases(
        (operation, f"{status}-{name}", (media["schema"], example["value"]))
        for operation in OPERATIONS
        for status, response in operation.responses.items()
        for media in response["content"].values()
        for name, example in media.get("examples", {}).items()
    ),
)
def test_each_example_of_an_answer_matches_its_schema(operation, example):
    validate(*example)


@pytest.mark.parametrize(
    "operation, example",
    example_cases(
        (operation, name, example)
        for operation in POSTING
        for name, example in operation.body["examples"].items()
    ),
)
def test_each_example_of_a_body_is_answered_as_it_says(server, conversation, operation, example):
    expected = example.get("x-answer", operation.success)
    if expected == operation.success:
        validate(operation.body["schema"], example["value"])
    answer = drive(server, operation, body=example["value"], status=expected)
    if expected == operation.success and operation in SENDING:
        server.message(answer.json["id"])


@pytest.mark.parametrize(
    "operation, example",
    example_cases(
        (operation, f"{parameter['name']}-{name}", (parameter, name, example))
        for operation in OPERATIONS
        for parameter in operation.parameters
        for name, example in parameter["examples"].items()
    ),
)
def test_each_example_of_a_parameter_is_answered_as_it_says(server, conversation, bury, operation, example):
    parameter, name, example = example
    status = example.get("x-answer", operation.success)
    value = str(example["value"])
    path, headers, body = operation.path, {}, None
    if parameter["in"] == "path":
        path = path.replace("{id}", value) if not value.startswith("{") else path_of(operation, conversation, bury)
    else:
        path = path_of(operation, conversation, bury)
    if parameter["in"] == "query":
        path += "?" + urllib.parse.urlencode({parameter["name"]: value})
    if parameter["in"] == "header":
        headers = {parameter["name"]: value}
    if operation.body:
        body = body_with(operation, f"{operation.id} {parameter['name']} {name}")
    drive(server, operation, path, body, headers, status)


@pytest.mark.parametrize("operation", OPERATIONS, ids=repr)
def test_each_operation_succeeds(server, conversation, bury, operation):
    body = body_with(operation, f"{operation.id} succeeds") if operation.body else None
    for member in ("messaging_provider_id", "xillio_id"):
        if body and member in body:
            body[member] = f"{operation.id} succeeds"
    drive(server, operation, path_of(operation, conversation, bury), body)


@pytest.mark.parametrize("operation", POSTING, ids=repr)
def test_each_call_with_a_body_refuses_as_documented(server, start, operation):
    body = body_of(operation)
    drive(server, operation, body=b"{", status="400")
    drive(server, operation, body=b"[]", status="400")
    drive(server, operation, body={**body, "body": "x" * (256 << 10)}, status="413")
    drive(server, operation, body=body, headers={"Content-Type": "text/plain"}, status="415")
    if "422" in operation.responses:
        key = {"Idempotency-Key": f"reused-{operation.id}"}
        first = drive(server, operation, body=body, headers=key)
        again = drive(server, operation, body=body, headers=key)
        assert again.json == first.json
        assert again.headers["Idempotent-Replayed"] == "true"
        drive(server, operation, body={**body, "body": "other"}, headers=key, status="422")


@pytest.fixture(scope="module")
def narrow(start, queue):
    """A server whose queue has no room for a large message."""
    return start({f"{queue}.max_bytes": "64KB"})


@pytest.mark.parametrize("operation", SENDING, ids=repr)
def test_each_sending_call_refuses_when_the_queue_is_full(narrow, operation):
    drive(narrow, operation, body={**body_of(operation), "body": "x" * (200 << 10)}, status="503")


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if "406" in each.responses], ids=repr)
def test_each_reading_call_refuses_to_answer_in_anything_but_json(server, conversation, bury, operation):
    drive(server, operation, path_of(operation, conversation, bury), headers={"Accept": "text/html"}, status="406")


def test_a_message_has_the_metadata_it_was_sent_with(server, conversation):
    written = BY_ID["sendSms"].body["examples"]["written"]["value"]
    answer = drive(server, BY_ID["sendSms"], body={**written, "idempotencyKey": "with-metadata"})
    detail = server.message(answer.json["id"])
    assert detail["metadata"] == written["metadata"]
    assert detail["body"] == written["body"]


# Last in this file: what the tests above have left out.
def test_nothing_of_the_document_was_left_out():
    assert driven == set(BY_ID)
    documented = {(operation.id, status) for operation in OPERATIONS for status in operation.responses}
    assert documented - provoked == NOT_PROVOKED
    assert provoked <= documented
