"""What Kubernetes takes, of the kinds that packaging/container/kubernetes has and as far as it uses them: every other key is a
fault, for a cluster drops keys that it does not know without a word. Checked where no cluster is."""

NAME = {"type": "string", "pattern": r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"}
TEXT = {"type": "string", "minLength": 1}
PATH = {"type": "string", "pattern": "^/"}
COUNT = {"type": "integer", "minimum": 0}
POSITIVE = {"type": "integer", "minimum": 1}
YES_OR_NO = {"type": "boolean"}
DURATION = {"type": "string", "pattern": r"^\d+(ms|s|m|h)$"}
LABELS = {"type": "object", "minProperties": 1, "propertyNames": {"pattern": r"^([a-z0-9.-]+/)?[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$"},
          "additionalProperties": {"type": "string", "pattern": r"^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$"}}
CPU = {"type": "string", "pattern": r"^\d+m?$"}
MEMORY = {"type": "string", "pattern": r"^\d+(Ki|Mi|Gi)$"}


def obj(required=(), **keys):
    """An object of these keys and no other."""
    return {"type": "object", "required": list(required), "additionalProperties": False, "properties": keys}


def all_of(schema):
    return {"type": "array", "minItems": 1, "items": schema}


def one_of(*choices):
    """An object with exactly one of these keys."""
    return {"oneOf": [obj([key], **{key: schema}) for key, schema in choices]}


METADATA = obj(["name", "labels"], name=NAME, labels=LABELS, annotations=LABELS)
SELECTOR = obj(["matchLabels"], matchLabels=LABELS)
EXEC = obj(["command"], command=all_of(TEXT))
PORT = {"oneOf": [NAME, POSITIVE]}
PROBE = obj(["httpGet"], httpGet=obj(["path", "port"], path=PATH, port=PORT), periodSeconds=POSITIVE, timeoutSeconds=POSITIVE,
            failureThreshold=POSITIVE, successThreshold=POSITIVE, initialDelaySeconds=COUNT)
SECRET_KEY = obj(["name", "key"], name=NAME, key=TEXT, optional=YES_OR_NO)
VARIABLE = {"oneOf": [
    obj(["name", "value"], name=TEXT, value={"type": "string"}),
    obj(["name", "valueFrom"], name=TEXT, valueFrom=one_of(("secretKeyRef", SECRET_KEY), ("configMapKeyRef", SECRET_KEY)))]}
RESOURCES = obj(cpu=CPU, memory=MEMORY)

CONTAINER = obj(
    ["name", "image", "ports", "startupProbe", "livenessProbe", "readinessProbe", "resources", "securityContext", "volumeMounts"],
    name=NAME, image=TEXT, imagePullPolicy={"enum": ["Always", "IfNotPresent", "Never"]}, command=all_of(TEXT), args=all_of(TEXT),
    env=all_of(VARIABLE),
    ports=all_of(obj(["name", "containerPort"], name=NAME, containerPort=POSITIVE, protocol={"enum": ["TCP", "UDP"]})),
    startupProbe=PROBE, livenessProbe=PROBE, readinessProbe=PROBE,
    lifecycle=obj(["preStop"], preStop=one_of(("exec", EXEC), ("httpGet", obj(["path", "port"], path=PATH, port=PORT)))),
    resources=obj(["requests", "limits"], requests=RESOURCES, limits=RESOURCES),
    securityContext=obj([], allowPrivilegeEscalation=YES_OR_NO, readOnlyRootFilesystem=YES_OR_NO, runAsNonRoot=YES_OR_NO,
                        capabilities=obj([], drop=all_of(TEXT), add=all_of(TEXT))),
    volumeMounts=all_of(obj(["name", "mountPath"], name=NAME, mountPath=PATH, subPath=TEXT, readOnly=YES_OR_NO)))

VOLUME = {"oneOf": [
    obj(["name", "emptyDir"], name=NAME, emptyDir=obj(sizeLimit=MEMORY, medium={"enum": ["Memory"]})),
    obj(["name", "configMap"], name=NAME, configMap=obj(["name"], name=NAME, defaultMode=COUNT, optional=YES_OR_NO))]}

POD = obj(
    ["containers", "securityContext", "terminationGracePeriodSeconds"],
    automountServiceAccountToken=YES_OR_NO, enableServiceLinks=YES_OR_NO, serviceAccountName=NAME,
    terminationGracePeriodSeconds=COUNT, nodeSelector=LABELS, containers=all_of(CONTAINER), volumes=all_of(VOLUME),
    securityContext=obj([], runAsNonRoot=YES_OR_NO, runAsUser=COUNT, runAsGroup=COUNT, fsGroup=COUNT,
                        seccompProfile=obj(["type"], type={"enum": ["RuntimeDefault", "Unconfined", "Localhost"]})))

AMOUNT = {"oneOf": [COUNT, {"type": "string", "pattern": r"^\d+%$"}]}
DEPLOYMENT = obj(
    ["replicas", "selector", "template", "strategy"],
    replicas=COUNT, selector=SELECTOR, minReadySeconds=COUNT, progressDeadlineSeconds=POSITIVE, revisionHistoryLimit=COUNT,
    strategy=obj(["rollingUpdate"], type={"enum": ["RollingUpdate"]},
                 rollingUpdate=obj(["maxUnavailable", "maxSurge"], maxUnavailable=AMOUNT, maxSurge=AMOUNT)),
    template=obj(["metadata", "spec"], metadata=obj(["labels"], labels=LABELS, annotations=LABELS), spec=POD))

SERVICE = obj(["selector", "ports"], selector=LABELS, type={"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
              ports=all_of(obj(["name", "port", "targetPort"], name=NAME, port=POSITIVE, targetPort=PORT,
                               protocol={"enum": ["TCP", "UDP"]})))

RELABELING = obj(["targetLabel"], sourceLabels=all_of({"type": "string", "pattern": r"^[a-zA-Z_]\w*$"}),
                 targetLabel={"type": "string", "pattern": r"^[a-zA-Z_]\w*$"}, regex=TEXT, replacement=TEXT, separator=TEXT,
                 action={"enum": ["replace", "keep", "drop"]})
MONITOR = obj(["selector", "podMetricsEndpoints"], jobLabel=TEXT, selector=SELECTOR,
              podMetricsEndpoints=all_of(obj(["port", "path"], port=NAME, path=PATH, interval=DURATION, scrapeTimeout=DURATION,
                                             relabelings=all_of(RELABELING))))

RULE = obj(["alert", "expr", "labels", "annotations"], alert=TEXT, expr=TEXT, labels=LABELS,
           annotations={"type": "object", "additionalProperties": TEXT}, **{"for": DURATION})
RULES = obj(["groups"], groups=all_of(obj(["name", "rules"], name=TEXT, interval=DURATION, rules=all_of(RULE))))


def kind(version, name, **parts):
    return obj(["apiVersion", "kind", "metadata", *parts], apiVersion={"const": version}, kind={"const": name}, metadata=METADATA,
               **parts)


KINDS = {
    "Deployment": kind("apps/v1", "Deployment", spec=DEPLOYMENT),
    "Service": kind("v1", "Service", spec=SERVICE),
    "ConfigMap": kind("v1", "ConfigMap", data={"type": "object", "additionalProperties": {"type": "string"}}),
    "PodMonitor": kind("monitoring.coreos.com/v1", "PodMonitor", spec=MONITOR),
    "PrometheusRule": kind("monitoring.coreos.com/v1", "PrometheusRule", spec=RULES),
}
