"""Deletes failed pods and cordons nodes that are not ready, found by listing everything again and again.

The cluster is the one of KUBECONFIG. Runs until SIGTERM.
"""

import argparse
import logging
import time

from kubernetes import client, config
from urllib3.exceptions import HTTPError

# An answer of the API server that is no success, or none at all. What was not done now is found again in the next round.
FAILURES = (client.ApiException, HTTPError)


def failed(pod):
    return pod.status.phase == "Failed" and pod.metadata.deletion_timestamp is None


def to_cordon(node):
    ready = any(c.type == "Ready" and c.status == "True" for c in node.status.conditions or [])
    return not ready and not node.spec.unschedulable


def delete(api, pod):
    """Only the very pod that was seen, and only if nobody has changed it since."""
    seen = client.V1Preconditions(uid=pod.metadata.uid, resource_version=pod.metadata.resource_version)
    options = client.V1DeleteOptions(preconditions=seen)
    api.delete_namespaced_pod(pod.metadata.name, pod.metadata.namespace, body=options)


def cordon(api, node):
    api.patch_node(node.metadata.name, {"spec": {"unschedulable": True}})


def act(action, api, thing):
    name = "/".join(filter(None, [thing.metadata.namespace, thing.metadata.name]))
    try:
        action(api, thing)
        logging.info("%s %s", action.__name__, name)
    except FAILURES as error:
        logging.warning("%s %s: %s", action.__name__, name, error)


def heal(api):
    for pod in filter(failed, api.list_pod_for_all_namespaces().items):
        act(delete, api, pod)
    for node in filter(to_cordon, api.list_node().items):
        act(cordon, api, node)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--interval", type=float, default=30, help="seconds between two rounds (default: 30)")
    interval = arguments.parse_args().interval

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    config.load_kube_config()
    api = client.CoreV1Api()
    while True:
        try:
            heal(api)
        except FAILURES as error:
            logging.warning("list: %s", error)
        time.sleep(interval)


if __name__ == "__main__":
    main()
