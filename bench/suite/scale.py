"""What Parley costs as data grows (bench/scale.sh): load, look-up, two hops, aggregates; and questions to a store larger than memory."""
import argparse
import csv
import os
import random
import re
import statistics
import subprocess
import sys
import time

from peers import Process
from line_plot import lines_plot

W = "http://db.uwaterloo.ca/~galuc/wsdbm/"
FRIEND, ID, GENDER = (f"<{W}{name}>" for name in ("friendOf", "userId", "gender"))
TRIPLES_OF_SCALE = 109170  # of one unit of WatDiv's scale
KEEP_FREE = 15 << 30       # bytes of the disk that are not ours
QUESTIONS = {
    "look-up, one fact of a user": (f"match $s {ID} ?o return ?o", True, 100),
    "two hops from a user": (f"match $s {FRIEND} ?x . ?x {FRIEND} ?y return count(*)", True, 20),
    "two hops, all": (f"match ?a {FRIEND} ?b . ?b {FRIEND} ?c return count(*)", False, 1),
    "subjects per predicate": ("match ?s ?p ?o return ?p, count(distinct ?s)", False, 1),
    "join and group": (f"match ?s {FRIEND} ?o . ?o {GENDER} ?g return ?g, count(*)", False, 1),
}


def options():
    p = argparse.ArgumentParser(prog="bench/scale.sh")
    p.add_argument("--root", required=True, help=argparse.SUPPRESS)
    p.add_argument("--sizes", default="1,3,10,30,100", help="millions of triples")
    p.add_argument("--limits", default="64,256", help="MB of memory for the questions to the store that is kept (of the largest size up to 30)")
    p.add_argument("--work")
    p.add_argument("--build")
    p.add_argument("--shared", default=os.environ.get("PARLEY_SHARED_DATA"))
    o = p.parse_args()
    o.build = o.build or os.path.join(o.root, "build")
    o.work = o.work or os.path.join(o.build, "bench-work", "scale")
    o.model = os.path.join(o.shared or os.path.join(o.root, "..", "shared", "data"), "watdiv", "wsdbm-data-model.txt")
    return o


def free_bytes(folder):
    s = os.statvfs(folder)
    return s.f_bavail * s.f_frsize


def generate(o, scale, path):
    with open(path, "wb") as out:
        subprocess.run([os.path.join(o.build, "bench", "watdiv"), o.model, str(scale)], stdout=out, check=True)


def load(o, store, file):
    """Distinct triples, seconds of the clock and of the processors, peak memory in MB."""
    start = time.monotonic()
    child = subprocess.Popen([os.path.join(o.build, "parley"), "load", store, file], stdout=subprocess.PIPE, text=True)
    told = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = status
    seconds = time.monotonic() - start
    found = re.search(r"([\d,]+) new fact", told)
    if status or not found:
        sys.exit(f"the load failed: {told}")
    return int(found.group(1).replace(",", "")), seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def own_memory(pid):
    """MB that a process has for itself: not what it maps of the store."""
    with open(f"/proc/{pid}/status") as status:
        return sum(int(line.split()[1]) for line in status if line.startswith("RssAnon")) / 1024


def keys(scale, count):
    return [{"s": f"<{W}User{i}>"} for i in random.Random(5).sample(range(1000 * scale), min(count, 1000 * scale))]


def ask(peer, question, scale, cold=False):
    """Times of one question in ms."""
    text, keyed, group = QUESTIONS[question]
    request = {"do": "run", "texts": [text], "mode": "prepared", "parameters": keys(scale, 200 if cold else 1000) if keyed else [], "fetch": "rows", "times": 20 if keyed else 5,
               "group": group, "seconds": 60}
    if cold:
        request.update({"cold": True, "times": 200 if keyed else 2, "group": 1})
    answer = peer.ask(request, 1800)
    if "ms" not in answer:
        sys.exit(f"{question}: {answer}")
    return answer["ms"]


def open_peer(o, folder, prefix=()):
    peer = Process([os.path.join(o.build, "bench", "parley_peer")], sys.stderr, prefix)
    answer = peer.ask({"do": "open", "store": folder, "settings": {"threads": 2}}, 60)
    if "version" not in answer:
        sys.exit(str(answer))
    return peer


def measure(o, millions):
    """One size: a row of the table, or None if the disk has no room."""
    scale = max(1, round(millions * 1e6 / TRIPLES_OF_SCALE))
    folder, file = os.path.join(o.work, f"{millions}m"), os.path.join(o.work, f"{millions}m.nt")
    if free_bytes(o.work) < KEEP_FREE + 180 * scale * TRIPLES_OF_SCALE:
        print(f"skipped: {millions} M triples: no room on the disk")
        return None, None
    os.makedirs(folder, exist_ok=True)
    store = os.path.join(folder, "store.parley")
    if os.path.exists(store):
        os.unlink(store)
    generate(o, scale, file)
    triples, clock, processor, peak = load(o, store, file)
    os.unlink(file)
    peer = open_peer(o, folder)
    row = {"million triples": triples / 1e6, "load, s": clock, "load, processor s": processor, "load, M triples/s": triples / clock / 1e6, "load, peak MB": peak,
           "bytes a triple": os.path.getsize(store) / triples}
    for question in QUESTIONS:
        row[question + ", ms"] = statistics.median(ask(peer, question, scale))
    row["memory of the questions, MB"] = own_memory(peer.child.pid)
    peer.close()
    print({k: float(f"{v:.4g}") for k, v in row.items()}, flush=True)
    return row, (folder, scale)


class Limit:
    """A memory cgroup (either version) in which a process is started; page cache that it fills counts as its memory."""
    def __init__(self, mb):
        unified = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
        base = "/sys/fs/cgroup" if unified else "/sys/fs/cgroup/memory"
        self.folder = os.path.join(base, f"parley-scale-{os.getpid()}")
        os.mkdir(self.folder)
        with open(os.path.join(self.folder, "memory.max" if unified else "memory.limit_in_bytes"), "w") as file:
            file.write(str(mb << 20))
        self.prefix = ("sh", "-c", f'echo $$ > {self.folder}/cgroup.procs && exec "$@"', "sh")

    def end(self):
        for _ in range(50):
            try:
                os.rmdir(self.folder)
                return
            except OSError:
                time.sleep(0.1)


def forget(path):
    handle = os.open(path, os.O_RDONLY)
    os.fdatasync(handle)
    os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def larger_than_memory(o, folder, scale):
    """Rows (limit in MB or None, question, medians of the first and the second half, slowest tenth), each from an empty page cache."""
    store = os.path.join(folder, "store.parley")
    result = []
    for mb in [None] + [int(mb) for mb in o.limits.split(",")]:
        try:
            limit = Limit(mb) if mb else None
        except OSError as why:
            print(f"skipped: {mb} MB: no cgroup for memory ({why})")
            continue
        forget(store)
        peer = open_peer(o, folder, limit.prefix if limit else ())
        for question in QUESTIONS:
            ms = ask(peer, question, scale, cold=True)
            half = max(1, len(ms) // 2)
            result.append((mb, question, statistics.median(ms[:half]), statistics.median(ms[half:]), sorted(ms)[len(ms) * 9 // 10]))
            print(result[-1], flush=True)
        peer.close()
        if limit:
            limit.end()
    return os.path.getsize(store) / 1e6, result


def write_tables(o, rows, limited):
    with open(os.path.join(o.work, "scale.csv"), "w", newline="") as file:
        out = csv.DictWriter(file, rows[0])
        out.writeheader()
        out.writerows(rows)
    lines = ["| | " + " | ".join(f"{r['million triples']:.2f} M" for r in rows) + " |", "|---|" + "---:|" * len(rows)]
    for name in list(rows[0])[1:]:
        lines.append(f"| {name} | " + " | ".join(f"{r[name]:.3g}" for r in rows) + " |")
    if limited:
        size, some = limited
        lines += ["", f"A store of {size:.0f} MB, each time from an empty page cache (first half of the runs, second half, slowest tenth from; ms):", "",
                  "| memory | " + " | ".join(QUESTIONS) + " |", "|---|" + "---:|" * len(QUESTIONS)]
        for mb in dict.fromkeys(m for m, *_ in some):
            cells = [f"{a:.3g}, {b:.3g}, {c:.3g}" for m, _, a, b, c in some if m == mb]
            lines.append(f"| {f'{mb} MB' if mb else 'no limit'} | " + " | ".join(cells) + " |")
    with open(os.path.join(o.work, "scale.md"), "w") as file:
        file.write("\n".join(lines) + "\n")
    series = {name: [(r["million triples"], r[name]) for r in rows] for name in ["load, s"] + [q + ", ms" for q in QUESTIONS]}
    with open(os.path.join(o.work, "scale.svg"), "w") as file:
        file.write(lines_plot("Cost against size (both axes logarithmic)", "million triples", series))


def main():
    o = options()
    os.makedirs(o.work, exist_ok=True)
    rows, kept, limited = [], None, None
    for millions in [float(m) if "." in m else int(m) for m in o.sizes.split(",")]:
        row, made = measure(o, millions)
        if row is None:
            continue
        rows.append(row)
        if millions <= 30 and kept:
            os.unlink(os.path.join(kept[0], "store.parley"))
        elif millions > 30:
            os.unlink(os.path.join(made[0], "store.parley"))
        kept = made if millions <= 30 else kept
        write_tables(o, rows, None)
    if kept:
        limited = larger_than_memory(o, *kept)
    if rows:
        write_tables(o, rows, limited)
        print(open(os.path.join(o.work, "scale.md")).read())


if __name__ == "__main__":
    main()
