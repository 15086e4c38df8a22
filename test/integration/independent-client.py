"""A socket.io client that shares nothing with labwire: it does what pydase's client does, and reports as JSON.

It walks the whole tree, sets every value that can be set, starts and stops every task, and notes every notification.
"""

import json
import os
import sys
import threading

import socketio

# For a test that fails only.
LIMIT_S = 60

url, transport = sys.argv[1:3]
client = socketio.Client(reconnection=False, request_timeout=LIMIT_S)
# Its threads would outlive a failure.
sys.excepthook = lambda kind, error, _: (print(f"{kind.__name__}: {error}", file=sys.stderr, flush=True), os._exit(1))
told = []
heard = threading.Condition()


@client.on("notify")
def notify(message):
    with heard:
        told.append((message["data"]["full_access_path"], message["data"]["value"]))
        heard.notify_all()


def wait_for(path, value):
    def is_there():
        return any(seen == path and node["value"] == value for seen, node in told)

    with heard:
        if not heard.wait_for(is_there, LIMIT_S):
            raise TimeoutError(f"no notification of {path} = {value}")


def nodes_of(node):
    yield node
    below = node["value"]
    if node["type"] in ("DataService", "Task", "dict"):
        below = list(below.values())
    if node["type"] in ("DataService", "Task", "dict", "list"):
        for child in below:
            yield from nodes_of(child)


def other_value(node):
    value = node["value"]
    if node["type"] == "Quantity":
        return {**node, "value": {**value, "magnitude": value["magnitude"] + 1}}
    if node["type"] in ("int", "float"):
        return {**node, "value": value + 1}
    if node["type"] == "bool":
        return {**node, "value": not value}
    if node["type"] == "str":
        return {**node, "value": value + "!"}
    if node["type"] == "Enum":
        return {**node, "value": next(name for name in node["enum"] if name != value)}
    return None


# As pydase's client does, but for the transport; polling first is what browsers do.
client.connect(
    url,
    socketio_path="/ws/socket.io",
    transports=[transport] if transport != "upgrade" else ["polling", "websocket"],
    # By itself it gives a server one second.
    wait_timeout=LIMIT_S,
)
tree = client.call("service_serialization", timeout=LIMIT_S)
walked = list(nodes_of(tree))
differing = [
    node["full_access_path"]
    for node in walked
    if client.call("get_value", node["full_access_path"], timeout=LIMIT_S) != node
]

written = []
for node in walked:
    wanted = None if node["readonly"] else other_value(node)
    if wanted is None:
        continue
    path = node["full_access_path"]
    answer = client.call("update_value", {"access_path": path, "value": wanted}, timeout=LIMIT_S)
    if answer is not None:
        raise ValueError(f"{path}: {answer}")
    wait_for(path, wanted["value"])
    written.append([path, wanted["value"]])

tasks = {node["full_access_path"]: node for node in walked if node["type"] == "Task"}
nothing = {
    "args": {"full_access_path": "", "type": "list", "value": [], "readonly": False, "doc": None},
    "kwargs": {"full_access_path": "", "type": "dict", "value": {}, "readonly": False, "doc": None},
}
for path, task in tasks.items():
    verbs = [("start", "RUNNING"), ("stop", "NOT_RUNNING")]
    # One that runs already is stopped, and left running.
    if task["value"]["status"]["value"] == "RUNNING":
        verbs.reverse()
    for verb, status in verbs:
        answer = client.call("trigger_method", {"access_path": f"{path}.{verb}", **nothing}, timeout=LIMIT_S)
        if answer["type"] != "NoneType":
            raise ValueError(f"{path}.{verb}: {answer}")
        wait_for(f"{path}.status", status)

answers = [
    client.call(exchange["event"], exchange["data"], timeout=LIMIT_S) for exchange in json.load(sys.stdin)
]
# Whatever was told before this answer has arrived with it.
client.call("get_value", "", timeout=LIMIT_S)
print(
    json.dumps(
        {
            "transport": client.transport(),
            "paths": [node["full_access_path"] for node in walked],
            "differing": differing,
            "written": written,
            "tasks": list(tasks),
            "answers": answers,
            "told": [[path, node["value"]] for path, node in told],
        }
    )
)
client.disconnect()
