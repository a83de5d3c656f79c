"""Container files, as far as they can be judged without an engine: they can be read, agree with each other and with the configuration,
and what they run does its work."""

import fnmatch
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import jsonschema
import pytest
import yaml

from driver import BUILD, ROOT, until
from manifests import KINDS

CONTAINER = ROOT / "packaging" / "container"
HEALTHCHECK = CONTAINER / "penstock-healthcheck"
COMPOSE = yaml.safe_load((CONTAINER / "compose.yaml").read_text(encoding="utf-8"))
OBJECTS = {(object["kind"], object["metadata"]["name"]): object
           for path in sorted((CONTAINER / "kubernetes").glob("*.yaml"))
           for object in yaml.safe_load_all(path.read_text(encoding="utf-8"))}
DEPLOYMENTS = [object for (kind, _), object in OBJECTS.items() if kind == "Deployment"]

INSTRUCTIONS = {"ARG", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "RUN", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
PINNED = r"[a-z0-9./-]+:(?!latest$)[\w.-]+"
UNIT = {"ms": 0.001, "s": 1, "m": 60}


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s|m)", text).groups()
    return int(number) * UNIT[unit]


def stages():
    """The Dockerfile's stages, each a list of instructions and what they are told."""
    text = (CONTAINER / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\\n\s*", "", text)
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        instruction, _, rest = line.partition(" ")
        assert instruction in INSTRUCTIONS and rest, line
        if instruction == "FROM":
            found.append([])
        found[-1].append((instruction, rest))
    return found


BUILD_STAGE, RUN_STAGE = stages()


def told(stage, instruction):
    return [rest for name, rest in stage if name == instruction]


@pytest.fixture(scope="module")
def defaults():
    """What penstockd says of each configuration key."""
    run = subprocess.run([BUILD / "bin" / "penstockd", "--config-reference"], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    blocks = [block.splitlines() for block in run.stdout.split("\n\n")]
    return {lines[0]: (re.search(r"default ([^;]*)", lines[1]) or [None, ""])[1] for lines in blocks if lines}


@pytest.fixture(scope="module")
def environment_names():
    """What the shipped configuration reads from the environment."""
    config = re.sub(r"--.*", "", (ROOT / "config" / "penstock.lua").read_text(encoding="utf-8"))
    return set(re.findall(r"\benv\.([A-Z_]+)", config)) | set(re.findall(r'\bchoose\("([A-Z_]+)"', config))


def test_base_images_are_pinned_and_the_last_stage_is_the_other_one():
    for stage in (BUILD_STAGE, RUN_STAGE):
        assert re.fullmatch(PINNED + r"( AS \w+)?", told(stage, "FROM")[0])
    assert told(BUILD_STAGE, "FROM")[0].endswith(" AS build")
    assert [rest.split()[0] for rest in told(RUN_STAGE, "COPY")] == ["--from=build"]


def test_the_image_says_how_it_is_run(defaults):
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", told(RUN_STAGE, "USER")[0])
    number = told(RUN_STAGE, "USER")[0].split(":")[0]
    assert any(f"--uid {number} " in line and f"--gid {number} " in line for line in told(RUN_STAGE, "RUN"))
    assert told(RUN_STAGE, "STOPSIGNAL") == ["SIGTERM"]
    assert told(RUN_STAGE, "EXPOSE") == [defaults["http.public.port"]]
    assert json.loads(told(RUN_STAGE, "VOLUME")[0]) == ["/var/lib/penstock"]
    assert json.loads(told(RUN_STAGE, "ENTRYPOINT")[0]) == ["/usr/sbin/penstockd"]
    probe = json.loads(told(RUN_STAGE, "HEALTHCHECK")[0].split(" CMD ")[1])
    assert probe == ["/usr/bin/penstock-healthcheck", "/livez"]
    order = [name for name, _ in RUN_STAGE]
    assert order.index("USER") < len(order) - 1 - order[::-1].index("RUN"), "the check of the configuration is not the user's"


def test_what_the_build_copies_is_there_and_not_ignored():
    ignored = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
               if line and not line.startswith("#")]
    lines = told(BUILD_STAGE, "RUN")[-1]
    paths = [word for word in lines.split() if re.match(r"(config|packaging|scripts|migrations)\b", word)]
    paths += [rest.split()[0] for rest in told(BUILD_STAGE, "COPY") if rest.split()[0] != "."]
    assert {"config/penstock.lua", "scripts/*.lua", "migrations", "packaging/deps"} <= set(paths)
    for path in paths:
        assert list(ROOT.glob(path)), path
        parents = [path, *map(str, pathlib.PurePath(path).parents)]
        assert not [pattern for pattern in ignored for one in parents if fnmatch.fnmatch(one, pattern)], path


def test_programs_and_plugins_are_where_the_program_looks():
    prefix = re.search(r"-DCMAKE_INSTALL_PREFIX=(\S+?)[\s\"]", told(BUILD_STAGE, "ENV")[0])[1]
    library = re.search(r"-DCMAKE_INSTALL_LIBDIR=(\S+?)[\s\"]", told(BUILD_STAGE, "ENV")[0])[1]
    lines = told(BUILD_STAGE, "RUN")[-1]
    assert f"-t /out{prefix}/{library}/penstock/plugins build/release/lib/penstock/plugins/*.so" in lines
    assert f"-t /out{prefix}/sbin build/release/bin/penstockd" in lines
    assert f"cp -r migrations scripts /out{prefix}/share/penstock/" in lines


def test_the_image_has_every_library_that_is_needed():
    """Each that is linked, by the Debian package it is of."""
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    places = dict(reversed(re.findall(r"^\t(\S+) .*=> (\S+)$", listed, re.MULTILINE)))
    installed = set(re.findall(r"(?<=\s)[a-z][a-z0-9.+-]+(?=\s)", told(RUN_STAGE, "RUN")[0]))
    binaries = [BUILD / "bin" / "penstockd", BUILD / "bin" / "penstockctl", *(BUILD / "lib/penstock/plugins").glob("*.so")]
    assert len(binaries) > 5
    dynamic = subprocess.run(["readelf", "-d", *binaries], capture_output=True, text=True, check=True).stdout
    sanitizers = r"lib(asan|tsan|ubsan)\.so"
    needed = {name for name in re.findall(r"NEEDED.*\[(.*)\]", dynamic) if not re.match(sanitizers, name)}
    assert "libpq.so.5" in needed
    missing = {}
    for name in needed:
        owner = subprocess.run(["dpkg", "-S", os.path.realpath(places[name])], capture_output=True, text=True).stdout
        owner = owner or subprocess.run(["dpkg", "-S", places[name]], capture_output=True, text=True).stdout
        package = owner.split(":")[0]
        if package not in installed:
            missing[name] = package
    assert missing == {}


def test_every_service_is_pinned_and_knows_how_it_is():
    for name, service in COMPOSE["services"].items():
        assert re.fullmatch(PINNED, service["image"]), name
        for other, wish in service.get("depends_on", {}).items():
            assert other in COMPOSE["services"], name
            assert wish["condition"] == "service_healthy" and "healthcheck" in COMPOSE["services"][other], (name, other)
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or (CONTAINER / source).is_dir(), volume
        assert not service.get("privileged"), name


def test_the_composed_service_is_told_what_its_configuration_reads(environment_names):
    service = COMPOSE["services"]["penstock"]
    assert set(service["environment"]) <= environment_names
    assert {"QUEUE_BACKEND", "STORE_BACKEND", "DATABASE_URL", "REDIS_URL"} <= set(service["environment"])
    assert (CONTAINER / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]) == CONTAINER / "Dockerfile"
    hosts = re.findall(r"@(\w+)/|//(\w+)(?::\d+)?(?:/|$)", " ".join(f"{value} " for value in service["environment"].values()))
    assert {name for pair in hosts for name in pair if name} <= set(COMPOSE["services"])
    assert service["read_only"] and service["cap_drop"] == ["ALL"]


def test_secrets_come_from_the_environment_file():
    given = dict(line.split("=", 1) for line in (CONTAINER / ".env.example").read_text(encoding="utf-8").splitlines()
                 if line and not line.startswith("#"))
    text = (CONTAINER / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"\$\{(\w+)", text)) == set(given) - {"COMPOSE_PROJECT_NAME"}  # which compose itself reads
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY|SECRET|TOKEN", name):
                assert value.startswith("${"), name
    assert all("demo" in value for name, value in given.items() if name not in ("PENSTOCK_PORT", "COMPOSE_PROJECT_NAME"))
    # It stands in a URL as it is, which the file tells who changes it.
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", given["POSTGRES_PASSWORD"])


def test_compose_itself_takes_the_file(tmp_path):
    """Debian's docker-compose reads it whole, with its schema; no engine is asked."""
    run = subprocess.run(["docker-compose", "--env-file", CONTAINER / ".env.example", "--file", CONTAINER / "compose.yaml", "config"],
                         capture_output=True, text=True, timeout=60, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert (run.returncode, run.stderr) == (0, "")
    assert set(yaml.safe_load(run.stdout)["services"]) == set(COMPOSE["services"])


def test_ports_agree(defaults):
    port = defaults["http.public.port"]
    assert COMPOSE["services"]["penstock"]["ports"] == [f"127.0.0.1:${{PENSTOCK_PORT:-{port}}}:{port}"]
    assert COMPOSE["services"]["seed"]["environment"]["PENSTOCK_URL"] == f"http://penstock:{port}"
    for deployment in DEPLOYMENTS:
        [container] = deployment["spec"]["template"]["spec"]["containers"]
        assert container["ports"] == [{"name": "http", "containerPort": int(port)}]


def is_selected(deployment):
    """Whether a Service leads to its pods."""
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    return any(object["spec"]["selector"].items() <= labels for (kind, _), object in OBJECTS.items() if kind == "Service")


def test_whoever_stops_it_waits_longer_than_a_drain(defaults):
    drain = seconds(defaults["shutdown.drain_timeout"])
    assert seconds(COMPOSE["services"]["penstock"]["stop_grace_period"]) > drain
    assert [is_selected(deployment) for deployment in DEPLOYMENTS] == [True, False]
    for deployment in DEPLOYMENTS:
        pod = deployment["spec"]["template"]["spec"]
        pause = 0
        if is_selected(deployment):  # its endpoint has to be withdrawn before its listener drains
            program, time = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
            pause = int(time)
            assert program == "/bin/sleep" and pause >= 5, deployment["metadata"]["name"]
        else:
            assert "lifecycle" not in pod["containers"][0], deployment["metadata"]["name"]
        assert pod["terminationGracePeriodSeconds"] > pause + drain, deployment["metadata"]["name"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda object: object["metadata"]["name"])
def test_a_rollout_takes_no_pod_away_before_another_is_ready(deployment):
    spec = deployment["spec"]
    assert spec["replicas"] >= 2
    assert spec["strategy"].get("type", "RollingUpdate") == "RollingUpdate"
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0 and spec["strategy"]["rollingUpdate"]["maxSurge"] >= 1
    probes = {name: spec["template"]["spec"]["containers"][0][f"{name}Probe"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["httpGet"]["path"] for name, probe in probes.items()} \
        == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
    # A start may bring a schema up to date, and nobody must call that a hang.
    assert probes["startup"]["periodSeconds"] * probes["startup"]["failureThreshold"] >= 60


@pytest.mark.parametrize("object", OBJECTS.values(), ids=lambda object: f"{object['kind']}-{object['metadata']['name']}")
def test_an_object_has_no_key_that_a_cluster_would_drop(object):
    jsonschema.Draft7Validator.check_schema(KINDS[object["kind"]])
    jsonschema.validate(object, KINDS[object["kind"]])


def test_the_rules_come_as_the_object_that_the_operator_reads():
    run = subprocess.run([CONTAINER / "kubernetes" / "prometheusrule"], capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")
    made = yaml.safe_load(run.stdout)
    jsonschema.validate(made, KINDS["PrometheusRule"])
    assert made["spec"] == yaml.safe_load((ROOT / "packaging/alerts/penstock.rules.yml").read_text(encoding="utf-8"))


def test_objects_are_the_ones_that_are_needed():
    assert set(OBJECTS) == {("Deployment", "penstock-api"), ("Deployment", "penstock-worker"), ("Service", "penstock"),
                            ("PodMonitor", "penstock"), ("ConfigMap", "penstock")}
    for object in OBJECTS.values():
        assert object["apiVersion"] and object["metadata"]["labels"]["app.kubernetes.io/name"] == "penstock"


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda object: object["metadata"]["name"])
def test_a_pod_is_restricted(deployment):
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}" == told(RUN_STAGE, "USER")[0]
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                            "capabilities": {"drop": ["ALL"]}}
    assert not pod["automountServiceAccountToken"]
    assert "limits" in container["resources"] and "requests" in container["resources"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda object: object["metadata"]["name"])
def test_a_pod_fits_its_image_and_its_neighbours(deployment, environment_names):
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["image"] == COMPOSE["services"]["penstock"]["image"] and re.fullmatch(PINNED, container["image"])
    assert deployment["spec"]["selector"]["matchLabels"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    assert {variable["name"] for variable in container["env"]} <= environment_names
    for variable in container["env"]:
        assert "secretKeyRef" in variable.get("valueFrom", {}) or variable["value"] in ("pg", "4"), variable
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == "http"
    for flag, file in zip(container.get("args", [])[::2], container.get("args", [])[1::2]):
        assert flag == "--config" and (ROOT / "config" / pathlib.PurePath(file).name).is_file()
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mount in container["volumeMounts"]:
        volume = volumes[mount["name"]]
        if "configMap" in volume:
            assert mount["subPath"] in OBJECTS["ConfigMap", volume["configMap"]["name"]]["data"]
            assert mount["mountPath"].endswith("/" + mount["subPath"]) and mount["readOnly"]
    assert "/var/lib/penstock" in {mount["mountPath"] for mount in container["volumeMounts"]}


def test_the_service_and_the_monitor_find_their_pods():
    labels = OBJECTS["Deployment", "penstock-api"]["spec"]["template"]["metadata"]["labels"]
    workers = OBJECTS["Deployment", "penstock-worker"]["spec"]["template"]["metadata"]["labels"]
    service = OBJECTS["Service", "penstock"]["spec"]
    assert service["selector"].items() <= labels.items() and not service["selector"].items() <= workers.items()
    assert [port["targetPort"] for port in service["ports"]] == ["http"]
    monitor = OBJECTS["PodMonitor", "penstock"]["spec"]
    for pods in (labels, workers):
        assert monitor["selector"]["matchLabels"].items() <= pods.items()
    assert monitor["podMetricsEndpoints"][0]["path"] == "/metrics" and monitor["podMetricsEndpoints"][0]["port"] == "http"
    assert labels[monitor["jobLabel"]] == "penstock"  # which the alerts go by, as by the label installation
    assert monitor["podMetricsEndpoints"][0]["relabelings"] == [
        {"sourceLabels": ["__meta_kubernetes_namespace"], "targetLabel": "installation"}]


def test_the_configuration_of_the_pods_and_of_the_image_is_good(tmp_path, defaults):
    """As the image and the mounts lay it out."""
    shutil.copytree(ROOT / "config", tmp_path / "etc", ignore=shutil.ignore_patterns("conf.d"))
    shutil.copytree(CONTAINER / "conf.d", tmp_path / "etc" / "conf.d")
    shutil.copytree(ROOT / "scripts", tmp_path / "etc" / "scripts")
    for name, text in OBJECTS["ConfigMap", "penstock"]["data"].items():
        folder = "scripts" if (ROOT / "scripts" / name).exists() else "conf.d"
        (tmp_path / "etc" / folder / name).write_text(text, encoding="utf-8")
    told_by_pods = {"SCRIPTS_DIR": str(tmp_path / "etc" / "scripts"), "DATABASE_URL": "postgres://penstock@db/penstock"}
    environments = {
        "api.lua": {},
        "penstock.lua": {"QUEUE_BACKEND": "pg", "STORE_BACKEND": "pg", "WEBHOOK_URL": "https://example.com/in"},
    }
    for config, more in environments.items():
        command = [BUILD / "bin" / "penstockd", "--config", tmp_path / "etc" / config, "--check-config"]
        run = subprocess.run(command, capture_output=True, text=True, env={**told_by_pods, **more}, timeout=60)
        assert run.returncode == 0, run.stderr
        shown = subprocess.run([*command[:-1], "--show-config"], capture_output=True, text=True,
                               env={**told_by_pods, **more}, timeout=60).stdout
        assert re.search(r'address = "?0\.0\.0\.0', shown), shown
        assert f"port = {defaults['http.public.port']}," in shown  # which the health check asks when there is no PORT


def healthy(port, *path):
    return subprocess.run([HEALTHCHECK, *path], env={"PORT": str(port)}, capture_output=True, timeout=30).returncode == 0


def test_the_health_check_tells_a_service_that_answers_from_one_that_does_not(server):
    assert os.access(HEALTHCHECK, os.X_OK)
    assert healthy(server.port) and healthy(server.port, "/readyz")
    assert not healthy(server.port, "/nothing/here")
    assert not healthy(1)


@pytest.fixture
def receiver(tmp_path):
    """The demonstration's provider: its port, and what it has printed."""
    environment = {"RECEIVER_PORT": "0", "WEBHOOK_AUTH_KEY": "demo", "PATH": os.environ["PATH"]}
    with open(tmp_path / "out", "wb") as out, open(tmp_path / "err", "wb") as err:
        process = subprocess.Popen([sys.executable, "-u", CONTAINER / "demo" / "receiver.py"], stdout=out, stderr=err,
                                   env=environment)
    try:
        port = until(lambda: re.search(r"port (\d+)", (tmp_path / "err").read_text(encoding="utf-8")), 30, "the receiver")[1]
        yield port, tmp_path / "out"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def test_the_demonstration_sends_and_receives_once(start, receiver):
    port, printed = receiver
    server = start(environment={"WEBHOOK_URL": f"http://127.0.0.1:{port}/in", "WEBHOOK_AUTH_KEY": "demo",
                                "SSRF_ALLOWLIST": f"127.0.0.1:{port}"})
    for _ in range(2):
        run = subprocess.run([sys.executable, CONTAINER / "demo" / "seed.py"], capture_output=True, text=True, timeout=120,
                             env={"PENSTOCK_URL": f"http://127.0.0.1:{server.port}", "PATH": os.environ["PATH"]})
        assert run.returncode == 0, run.stderr
    for body in ("Hello from Penstock", "And hello back", "Thank you"):
        assert run.stdout.count(body) == 1
    assert len(printed.read_text(encoding="utf-8").splitlines()) == 3
