"""Memory over minutes at full speed: accepting and persisting in one process, on PostgreSQL."""

import tempfile
import threading

from rig import cluster, load, penstock, rss_megabytes

CONNECTIONS = 64
BAND_MEGABYTES = 5


class Sampled:
    """Resident memory, looked at every half second."""

    def __init__(self, pid):
        self.pid, self.values = pid, []
        self.halt = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def _watch(self):
        while not self.halt.wait(0.5):
            self.values.append(rss_megabytes(self.pid))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.halt.set()
        self.thread.join()


def measure(build, options, table):
    seconds = max(10, int(options.minutes * 60))
    with cluster() as server, tempfile.TemporaryDirectory() as folder:
        url = server.create("memory")
        with penstock(build, folder, QUEUE_BACKEND="pg", STORE_BACKEND="pg", DATABASE_URL=url) as service:
            load(service, max(5, seconds // 10), CONNECTIONS)  # buffers and pools take their size
            with Sampled(service.process.pid) as memory:
                run = load(service, seconds, CONNECTIONS)
            persisted = service.metric("penstock_worker_processed_total")
    low, high, middle = min(memory.values), max(memory.values), (min(memory.values) + max(memory.values)) / 2
    table.add(f"memory over {seconds:,} s at full speed",
              f"{low:.1f} to {high:.1f} MB, {memory.values[0]:.1f} at first and {memory.values[-1]:.1f} at last; {run['rate']:,.0f}/s, "
              f"{run['errors']} refused, {persisted:,.0f} persisted", f"± {BAND_MEGABYTES} MB", (high - middle) / BAND_MEGABYTES,
              high - middle <= BAND_MEGABYTES)
