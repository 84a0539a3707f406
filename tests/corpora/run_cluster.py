"""A Ray cluster of two nodes on this machine, told by lines what is to be lost of it.

    python -m tests.corpora.run_cluster FOLDER N_CPUS_HEAD N_CPUS_SECOND [SECOND_PYTHONPATH]

prints the address. `worker` kills (SIGKILL) a process that works, `node` the second node with all
that runs on it, `end` and the end of the input both.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path


def main(folder: str, n_head: int, n_second: int, path: str) -> None:
    # Ray lets its workers give way to all else, which on a busy machine takes minutes
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": folder, "RAY_worker_niceness": "0"}
    (Path(folder) / "ray").mkdir()
    from ray.cluster_utils import Cluster

    usual = {"include_dashboard": False, "object_store_memory": 200 << 20}
    cluster = Cluster(
        initialize_head=True,
        head_node_args={**usual, "num_cpus": n_head},
    )
    if path:
        os.environ["PYTHONPATH"] = path
    nodes = []
    if n_second:
        nodes.append(cluster.add_node(num_cpus=n_second, object_store_memory=200 << 20))
    print(cluster.address, flush=True)  # noqa: T201
    for line in sys.stdin:
        said = line.strip()
        if said == "worker":
            print(kill_worker(folder), flush=True)  # noqa: T201
        elif said == "node":
            cluster.remove_node(nodes.pop(), allow_graceful=False)
            print("gone", flush=True)  # noqa: T201
        elif said == "end":
            break
    cluster.shutdown()


def kill_worker(folder: str) -> str:
    """Kill a process of the cluster that has work in hand; what it was called."""
    for place in Path("/proc").iterdir():
        if not place.name.isdecimal():
            continue
        try:
            title = (place / "cmdline").read_bytes().decode(errors="replace").strip("\0 ")
            mine = folder.encode() in (place / "environ").read_bytes() or _is_ours(place, folder)
        except OSError:
            continue
        if title.startswith(("ray::CorpusActor.follow", "ray::CorpusActor.fit")) and mine:
            os.kill(int(place.name), signal.SIGKILL)
            return title
    return ""


def _is_ours(place: Path, folder: str) -> bool:
    """Whether a process was started by a node whose files are in a folder."""
    status = (place / "status").read_text()
    parent = next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:"))
    return folder.encode() in (Path("/proc") / parent / "cmdline").read_bytes()


if __name__ == "__main__":
    given = [*sys.argv[1:], ""]
    main(given[0], int(given[1]), int(given[2]), given[3])
