"""The protocol of bench/README.md for peers in Python: reads requests, times runs, answers. A peer is a class with open, load, run and so on."""
import json
import sys
import threading
import time
import zlib


class Cannot(Exception):
    """What this peer can never do."""


def canonical(value):
    """A column as it enters the checksum."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    real = float(value)
    return "%.0f" % real if real == int(real) and abs(real) < 1e15 else "%.6g" % real


def row_sum(columns):
    text = "\t".join(map(canonical, columns)).encode()
    return (zlib.crc32(text) << 32) + zlib.adler32(text)


def parse_term(token):
    """(text, kind) of a term in N-Triples syntax: kind 'i', 'b', 's', '@lang' or '^datatype', as sqlite_peer.c writes them."""
    if token[0] == "<":
        return token[1:-1], "i"
    if token[0] == "_":
        return token, "b"
    end = token.rindex('"')
    text = token[1:end]
    if "\\" in text:
        text = text.encode("latin-1", "backslashreplace").decode("unicode-escape")
    rest = token[end + 1:]
    return text, "@" + rest[1:] if rest.startswith("@") else "^" + rest[3:-1] if rest else "s"


def bench_fact(i):
    """Fact number i of the insert workloads."""
    return f"urn:bench:s{i}", f"urn:bench:p{i % 10}", f"urn:bench:o{i * 7919 % 10000}"


class Peer:
    always_durable = False  # every commit is, so the writer beside readers is as well
    """What a peer overrides. run(text, parameters, fetch) returns the rows, each a sequence of columns (fetch True), or their number."""
    def open(self, store, settings): raise NotImplementedError
    def load(self, files, format): raise NotImplementedError
    def run(self, query, parameters, fetch): raise NotImplementedError
    def prepare(self, text): raise Cannot("no prepared statements")
    def plain(self, text): return text  # a new text made ready outside the clock: predicates put in
    def insert(self, first, size, durable): raise Cannot("not written for this peer")
    def reader(self): raise Cannot("one process, one thread")  # an object with run() for a thread of its own
    def close(self): pass


def timed(peer, request, queries, parameters):
    fetch, group = request.get("fetch", "rows") == "rows", request.get("group", 1)
    begin, ms, i = time.monotonic(), [], 0
    limit = request.get("seconds", 10)
    while len(ms) < request.get("times", 5) and (not ms or time.monotonic() - begin < limit):
        start = time.perf_counter()
        for _ in range(group):
            peer.run(queries[i % len(queries)], parameters[i % len(parameters)], fetch)
            i += 1
        ms.append((time.perf_counter() - start) * 1e3 / group)
    return ms


def check(peer, queries, parameters):
    rows = total = 0
    for i in range(max(len(queries), len(parameters))):
        for row in peer.run(queries[i % len(queries)], parameters[i % len(parameters)], True):
            rows += 1
            total += row_sum(row)
    return {"rows": rows, "sum": "%016x" % (total & (2 ** 64 - 1))}


def do_run(peer, request):
    texts, parameters = request["texts"], request.get("parameters") or [None]
    prepared = request.get("mode", "new") == "prepared"
    queries = [peer.prepare(texts[0])] if prepared else [peer.plain(t) for t in texts]
    cold = request.get("cold", False)
    answer = {} if cold else check(peer, queries, parameters)
    answer["ms"] = timed(peer, request, queries, parameters)
    return {**answer, **check(peer, queries, parameters)} if cold else answer


def do_insert(peer, request):
    ms, first, size = [], request.get("first", 0), request.get("size", 1)
    for _ in range(request.get("batches", 1)):
        start = time.perf_counter()
        peer.insert(first, size, request.get("durable", True))
        ms.append((time.perf_counter() - start) * 1e3)
        first += size
    return {"ms": ms}


def do_concurrent(peer, request):
    stop, counts, times, errors = threading.Event(), [], [], []
    parameters = request.get("parameters") or [None]

    def read():
        try:
            reader = peer.reader()
            query, n = reader.prepare(request["text"]), 0
            while not stop.is_set():
                start = time.perf_counter()
                reader.run(query, parameters[n % len(parameters)], True)
                if n < 1250:
                    times.append((time.perf_counter() - start) * 1e3)
                n += 1
            counts.append(n)
        except Exception as error:  # told to the runner below
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(request.get("readers", 8))]
    for t in threads:
        t.start()
    end, writes = time.monotonic() + request.get("seconds", 3), 0
    try:
        while time.monotonic() < end:
            if request.get("writer", True):
                peer.insert(1000000000 + writes, 1, peer.always_durable)
                writes += 1
            else:
                time.sleep(0.01)
    finally:
        stop.set()
        for t in threads:
            t.join()
    if errors:
        raise errors[0]
    return {"reads": sum(counts), "writes": writes, "ms": times[:10000]}


def answer(peer, request):
    what = request.get("do")
    if what == "open":
        version, told = peer.open(request["store"], request.get("settings") or {})
        return {"version": version, "settings": told}
    if what == "load":
        start = time.perf_counter()
        result = peer.load(request["files"], request.get("format", "nt"))
        return {"seconds": time.perf_counter() - start, **result}
    doers = {"run": do_run, "insert": do_insert, "concurrent": do_concurrent}
    if what not in doers:
        raise Cannot("unknown request")
    return doers[what](peer, request)


def main(peer):
    out, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not stand between the answers
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("do") == "close":
            break
        try:
            reply = answer(peer, request)
        except Cannot as why:
            reply = {"cannot": str(why)}
        except Exception as why:
            reply = {"error": f"{type(why).__name__}: {why}"[:2000]}
        print(json.dumps(reply), file=out, flush=True)
    peer.close()
    print("{}", file=out, flush=True)
