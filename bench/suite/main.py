"""The runner: opens all peers on the same data, asks each the same questions one after the other, keeps what they answered. See bench/README.md."""
import argparse
import importlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time

import report
from data import Data, Missing
from peers import KINDS, NOT_STORED, Gone, Process
from workload import Context

MODULES = ["calls", "watdiv", "graphs", "tables", "meetings"]
GROUPS = ["load", "insert", "lookup", "cold", "watdiv", "hops", "cycles", "aggregate", "rows", "paths", "text", "lens", "start", "concurrent"]
QUICK = ["load", "lookup", "watdiv", "hops", "cycles", "aggregate", "paths"]
LOAD_LIMIT = {"1m": 600, "10m": 1800, "50m": 7200, "tiny": 120}


def options():
    p = argparse.ArgumentParser(prog="bench/run.sh", description="Parley and its peers side by side: see bench/README.md.",
                                epilog="--self-test: tiny data, Parley and SQLite, no figures. --no-build: with the programs as they are.")
    p.add_argument("--quick", action="store_true", help="few workloads and repetitions")
    p.add_argument("--only", default="", help="groups of workloads, of " + ",".join(GROUPS))
    p.add_argument("--match", default="", help="only workloads whose name holds this text")
    p.add_argument("--peers", default="", help="of " + ",".join(k.name for k in KINDS))
    p.add_argument("--size", default="1m", choices=["tiny", "1m", "10m", "large"], help="of the generated data; large: 10m, and a load of 50m")
    p.add_argument("--work", required=True, help="folder of data, stores and results: build/bench-work")
    p.add_argument("--build", required=True, help="build folder: build")
    p.add_argument("--shared", required=True, help=argparse.SUPPRESS)
    p.add_argument("--python", default=sys.executable, help=argparse.SUPPRESS)
    p.add_argument("--timeout", type=float, help="seconds a question may take: 60, or 10 with --quick")
    p.add_argument("--merge", action="store_true", help="keep what earlier runs measured and this one does not")
    p.add_argument("--fresh", action="store_true", help="load all stores anew")
    o = p.parse_args()
    o.timeout = o.timeout or (10 if o.quick else 60)
    return o


class Stores:
    """A store of each peer for each data set, loaded once, and the processes that have one open."""
    def __init__(self, o, data, results):
        self.o, self.data, self.results, self.open = o, data, results, {}
        self.bench = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        self.log = open(os.path.join(o.work, "peers.log"), "ab")

    def expand(self, text):
        return text.format(build=self.o.build, python=self.o.python, bench=self.bench, work=self.o.work)

    def start(self, kind, folder, prefix=()):
        process = Process([self.expand(part) for part in kind.command], self.log, prefix)
        answer = process.ask({"do": "open", "store": folder, "settings": {"threads": 2}}, 120)
        if "version" not in answer:
            process.kill()
            raise Gone(answer.get("error") or answer.get("cannot"))
        self.results.peers[kind.name] = {"version": answer["version"], "settings": answer["settings"]}
        return process

    def folder(self, kind, data, size):
        return os.path.join(self.o.work, "stores", f"{data}-{size}", kind.name)

    def state_of(self, kind, files):
        """What a loaded store was made by and from: it is loaded anew when that changes."""
        made = [self.expand(part) for part in kind.command] + files
        if kind.name == "parley":
            made += [os.path.join(self.o.build, f) for f in sorted(os.listdir(self.o.build)) if f.startswith("libparley.so")]
        return [[f, os.path.getmtime(f), os.path.getsize(f)] for f in made if os.path.exists(f)]

    def load(self, kind, data, size, repeat=1):
        """Load a data set into new stores; the last one stays, open. Gives what `load` tells."""
        files, format = self.data.path(data, size)
        folder, runs, process = self.folder(kind, data, size), [], None
        begin = time.monotonic()
        while len(runs) < repeat and time.monotonic() - begin < 20:
            if process:
                process.close()
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            process = self.start(kind, folder)
            answer = process.ask({"do": "load", "files": files, "format": format}, LOAD_LIMIT[size])
            if "seconds" not in answer:
                process.close()
                raise Gone(answer.get("cannot") or answer.get("error"))
            runs.append(answer)
        answer["all"], answer["peak"] = [r["seconds"] for r in runs], process.peak_mb()
        if kind.name not in NOT_STORED:
            process.close()
            answer["bytes"] = sum(os.stat(os.path.join(at, f)).st_blocks * 512 for at, _, fs in os.walk(folder) for f in fs)
            process = self.start(kind, folder)
        with open(os.path.join(folder, "loaded.json"), "w") as file:
            json.dump([self.state_of(kind, files), answer], file)
        self.open[kind.name, data, size] = process
        return answer

    def process(self, kind, data, size):
        """A process with the loaded store open."""
        key = (kind.name, data, size)
        if key in self.open and self.open[key].child.poll() is None:
            return self.open[key]
        files, _ = self.data.path(data, size)
        marker = os.path.join(self.folder(kind, data, size), "loaded.json")
        if kind.name in NOT_STORED or not os.path.exists(marker):
            self.load(kind, data, size)
            return self.open[key]
        with open(marker) as file:
            state, _ = json.load(file)
        if state != json.loads(json.dumps(self.state_of(kind, files))):
            self.load(kind, data, size)
        else:
            self.open[key] = self.start(kind, self.folder(kind, data, size))
        return self.open[key]

    def end(self, kind, data, size):
        process = self.open.pop((kind.name, data, size), None)
        if process:
            process.close()

    def end_all(self):
        for process in self.open.values():
            process.close()
        self.open = {}


class Results:
    """What was measured: of each workload and peer the times, or why there are none."""
    def __init__(self, path, merge):
        self.path, self.peers, self.rows = path, {}, {}
        if merge and os.path.exists(path):
            with open(path) as file:
                kept = json.load(file)
            self.peers, self.rows = kept["peers"], {(r["size"], r["workload"]): r for r in kept["rows"]}

    def row(self, size, name, group, **rest):
        row = self.rows.setdefault((size, name), {"size": size, "workload": name, "group": group, "peers": {}})
        row.update(rest)
        return row["peers"]

    def save(self):
        with open(self.path + ".new", "w") as file:
            json.dump({"peers": self.peers, "rows": list(self.rows.values())}, file, indent=1)
        os.replace(self.path + ".new", self.path)


def summary(ms):
    ms = sorted(ms)
    quarter = [ms[len(ms) * k // 4 if k < 4 else -1] for k in (1, 3)]
    return {"ms": statistics.median(ms), "low": quarter[0], "high": quarter[1], "samples": len(ms)}


def drop_from_cache(folder):
    """Write back and forget what the page cache holds of a store."""
    for at, _, files in os.walk(folder):
        for name in files:
            handle = os.open(os.path.join(at, name), os.O_RDONLY)
            os.fdatasync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def request_of(w, kind):
    texts = w.texts_of(kind.languages)
    if w.do == "insert":
        return {"do": "insert", **w.request}
    if texts is None:
        return None
    if w.do == "concurrent":
        return {"do": "concurrent", "text": texts[0], "parameters": w.parameters, **w.request}
    return {"do": "run", "texts": texts, "mode": w.mode, "parameters": w.parameters, "fetch": w.fetch, "times": w.times, "seconds": w.seconds,
            "group": w.runs, **w.request}


def understood(answer):
    """A peer's answer as it is kept."""
    if "cannot" in answer or "error" in answer:
        return {k: answer[k] for k in ("cannot", "error") if k in answer}
    kept = {k: answer[k] for k in ("rows", "sum", "reads", "writes") if k in answer}
    return {**kept, **(summary(answer["ms"]) if answer.get("ms") else {})}


def empty_store(stores, kind, prefix=()):
    folder = os.path.join(stores.o.work, "stores", "empty", kind.name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return stores.start(kind, folder, prefix)


def count_flushes(lines):
    """Of strace's output: calls that wait for the disk, writes to files opened with O_DSYNC or O_SYNC among them."""
    synced, count = set(), 0
    for line in lines:
        if opened := re.search(r"openat\(.*\) = (\d+)", line):
            (synced.add if re.search(r"O_D?SYNC", line) else synced.discard)(opened.group(1))
        elif written := re.search(r"p?writev?2?(?:64)?\((\d+)", line):
            count += written.group(1) in synced
        else:
            count += bool(re.search(r"(?:fsync|fdatasync|msync|sync_file_range)\(", line))
    return count


def flushes(stores, kind, request):
    """How often a transaction makes the disk write, counted with and without the transactions."""
    if kind.name in NOT_STORED:
        return {"cannot": "in memory"}
    if not shutil.which("strace"):
        return {"cannot": "no strace"}
    counts, file = [], os.path.join(stores.o.work, "strace.txt")
    for batches in (1, 1 + request["batches"]):
        process = empty_store(stores, kind, ["strace", "-f", "-qq", "-e", "trace=openat,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,msync,sync_file_range", "-o", file])
        answer = process.ask({**request, "do": "insert", "batches": batches}, stores.o.timeout * 3)
        process.close()
        if "ms" not in answer:
            return understood(answer)
        with open(file) as lines:
            counts.append(count_flushes(lines))
    return {"count": (counts[1] - counts[0]) / request["batches"]}


SHELLS = {"parley": ["{build}/parley", "query", "{folder}/store.parley", "{text}"], "sqlite": ["sqlite3", "-readonly", "{folder}/store.sqlite", "{text}"]}


def whole_process(stores, w, kind, size):
    """A process of the peer's own shell for one question: from before fork to after its end."""
    text = (w.texts_of(kind.languages) or [""])[0]
    if kind.name not in SHELLS:
        return {"cannot": "no shell of its own here"}
    stores.process(kind, w.data, size)
    if kind.name == "sqlite":  # numbers of predicates as an application that knows none of them would write them
        text = re.sub(r"\{<([^>]*)>\}", r"(select id from term where text = '\1' and kind = 'i')", text)
    values = {"build": stores.o.build, "folder": stores.folder(kind, w.data, size), "text": text}
    command, ms = [part if part == "{text}" else part.format(**values) for part in SHELLS[kind.name]], []
    command = [text if part == "{text}" else part for part in command]
    if not shutil.which(command[0]):
        return {"cannot": f"no {os.path.basename(command[0])}"}
    for _ in range(w.times + 1):
        start = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        ms.append((time.perf_counter() - start) * 1e3)
        if done.returncode or not done.stdout:
            return {"error": done.stderr.strip()[:200] or "no answer"}
    return summary(ms[1:])


def process_for(stores, w, kind, size):
    if w.data == "empty":
        return empty_store(stores, kind)
    if w.do == "cold" and kind.name not in NOT_STORED:
        stores.process(kind, w.data, size)
        stores.end(kind, w.data, size)
        drop_from_cache(stores.folder(kind, w.data, size))
    return stores.process(kind, w.data, size)


def ask(stores, w, kind, size):
    """One workload of one peer."""
    if w.do in ("start", "flushes"):
        try:
            return whole_process(stores, w, kind, size) if w.do == "start" else flushes(stores, kind, w.request)
        except Gone as why:
            return {"cannot": str(why)}
    request = request_of(w, kind)
    if request is None:
        return {"cannot": "not in its language"}
    if w.do == "cold" and kind.name in NOT_STORED:
        return {"cannot": "in memory"}
    process = None
    try:
        process = process_for(stores, w, kind, size)
        if "settings" in request:
            process.ask({"do": "index", **request.pop("settings")}, stores.o.timeout * 10)
        answer = understood(process.ask(request, stores.o.timeout + len(request.get("texts", [])) * stores.o.timeout / 10))
    except Gone as why:
        return {"cannot": str(why)}
    finally:
        if w.data == "empty" and process:
            process.close()
    if w.do == "concurrent" and answer.get("reads"):  # what counts is how many there were, not how long one took
        seconds = w.request["seconds"]
        answer = {"ms": seconds * 1e3 / answer["reads"], "samples": 1, "latency": answer["ms"], "reads": answer["reads"] / seconds, "writes": answer["writes"] / seconds}
    if w.do == "concurrent" and w.request["writer"]:
        stores.end(kind, w.data, size)  # the writer changed it: load it anew for whoever asks next
        shutil.rmtree(stores.folder(kind, w.data, size), ignore_errors=True)
    return answer


def run_loads(stores, kinds, sets, size, results, repeat):
    for data in sets:
        try:
            bytes_in = sum(map(os.path.getsize, stores.data.path(data, size)[0]))
        except Missing as why:
            print(f"skipped: load of {data}: {why}")
            continue
        for kind in kinds:
            try:
                a = stores.load(kind, data, size, repeat)
                kept = {**summary([s * 1e3 for s in a["all"]]), **{k: a[k] for k in ("triples", "peak", "bytes", "note") if k in a}}
            except Gone as why:
                kept = {"cannot": str(why)}
            results.row(size, f"load {data}", "load", bytes_in=bytes_in)[kind.name] = kept
            tell(f"load {data}", kind, kept)
            stores.end(kind, data, size)
        results.save()


def tell(name, kind, kept):
    if "count" in kept:
        print(f"{name:50} {kind.name:16} {kept['count']:.2f}", flush=True)
        return
    value = f"{kept['ms']:.4g} ms" if "ms" in kept else kept.get("cannot") or kept.get("error") or ""
    print(f"{name:50} {kind.name:16} {value:.80} {kept.get('rows', '')}", flush=True)


def run_all(stores, kinds, all_workloads, size, results):
    for w in all_workloads:
        cells = results.row(size, w.name, w.group, when=time.strftime("%H:%M"), mean=w.mean, about=w.about, texts={k: (t[0] if isinstance(t, list) else t) for k, t in w.texts.items()})
        for kind in kinds if w.group != "lens" else [k for k in kinds if k.name == "parley"]:
            try:
                cells[kind.name] = ask(stores, w, kind, size)
            except Missing as why:
                print(f"skipped: {w.name}: {why}")
                break
            tell(w.name, kind, cells[kind.name])
        results.save()


def wanted(context, groups, text):
    """The workloads of the groups, by data set, so that each is loaded once."""
    found = []
    for name in MODULES:
        try:
            module = importlib.import_module("workloads." + name)
            found += [w for w in module.workloads(context) if w.group in groups and text in w.name]
        except Missing as why:
            print(f"skipped: the workloads of {name}: {why}")
    last = {"concurrent": 1}  # writes into the loaded stores
    return sorted(found, key=lambda w: (w.data, last.get(w.group, 0)))


def present(kinds, o, stores):
    """Those of the peers that can run here; the others say why."""
    result = []
    for kind in kinds:
        if kind.need:
            done = subprocess.run(["bash", "-c", stores.expand(kind.need)], capture_output=True, text=True)
            if done.returncode:
                print(f"skipped: {kind.name}: {(done.stdout + done.stderr).strip()[-200:] or 'not installed'}")
                continue
        program = stores.expand(kind.command[0])
        if os.path.sep in program and not os.path.exists(program):
            print(f"skipped: {kind.name}: no {os.path.basename(program)}")
            continue
        missing = [p for p in kind.packages if subprocess.run([o.python, "-c", f"import {p}"], capture_output=True).returncode]
        if missing:
            print(f"skipped: {kind.name}: no {', '.join(missing)}")
            continue
        result.append(kind)
    return result


def main():
    o = options()
    os.makedirs(o.work, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # through the end of main(), where peers are closed
    names = o.peers.split(",") if o.peers else [k.name for k in KINDS]
    groups = o.only.split(",") if o.only else QUICK if o.quick else GROUPS
    results = Results(os.path.join(o.work, "results.json"), o.merge)
    data = Data(o.shared, o.work, o.build)
    stores = Stores(o, data, results)
    if o.fresh:
        shutil.rmtree(os.path.join(o.work, "stores"), ignore_errors=True)
    kinds = present([k for k in KINDS if k.name in names], o, stores)
    try:
        for size in ["10m", "50m"] if o.size == "large" else [o.size]:
            if "load" in groups:
                run_loads(stores, kinds, ["watdiv", "meetings", "assertions"] if size != "50m" else ["watdiv"], size, results, 1 if o.quick else 3)
            if size != "50m":
                run_all(stores, kinds, wanted(Context(data, size, o.quick), groups, o.match), size, results)
    finally:
        stores.end_all()
    results.save()
    report.write(o.work, [k.name for k in KINDS])
    print(f"written: {os.path.join(o.work, 'RESULTS.md')}")


if __name__ == "__main__":
    main()
