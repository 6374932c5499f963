"""The embedding API: point look-ups by a prepared statement, inserts, readers beside a writer, and the first questions to a cold store."""
import random

from data import GRAPHS, SIZES
from patterns import Pattern
from workload import Workload

W = "http://db.uwaterloo.ca/~galuc/wsdbm/"
POINT = Pattern([("$s", f"<{W}userId>", "?o")], ["o"])


def users(context):
    count = 1000 * (SIZES[context.size] or 1)
    return [{"s": f"<{W}User{i}>"} for i in random.Random(3).sample(range(count), 200)]


def workloads(context):
    keys = users(context)
    point = {**POINT.texts(), "reference": f"look-up <{W}userId>"}
    new = [POINT.filled(**k).texts() for k in keys]
    new = {language: [t[language] for t in new] for language in new[0]}
    friends = Pattern([("$s", f"<{W}friendOf>", "?x"), ("?x", f"<{W}userId>", "?o")], ["o"]).texts()
    yield Workload("point look-up, prepared", "lookup", "watdiv", point, "prepared", keys, times=20, runs=100, seconds=3)
    yield Workload("point look-up, new text", "lookup", "watdiv", new, "new", [], times=20, runs=100, seconds=3)
    yield Workload("friends' ids of one user, prepared", "lookup", "watdiv", friends, "prepared", keys, times=20, runs=20, seconds=3)
    cold = {"cold": True}
    yield Workload("cold: point look-up", "cold", "watdiv", {k: v[0] for k, v in new.items()}, times=1, do="cold", request=cold)
    yield Workload("cold: rows per predicate", "cold", "watdiv", {
        "parley": "match ?s ?p ?o return ?p, count(*)", "sparql": "select ?p (count(*) as ?n) where { ?s ?p ?o } group by ?p",
        "sql": "select (select text from term where id = p), n from (select p, count(*) as n from t group by p) x",
        "cypher": "match (:N)-[e]->(:N) return label(e), count(*)"}, times=1, do="cold", request=cold)
    yield Workload("cold: wiki-Vote two-hop count", "cold", "graphs",
                   Pattern([("?a", f"<{GRAPHS}vote>", "?b"), ("?b", f"<{GRAPHS}vote>", "?c")], ["a"], count=True).texts(), times=1, do="cold", request=cold)
    seconds = 1 if context.quick else 3
    for writer in (True, False):
        yield Workload(f"8 readers{' beside a writer' if writer else ''}, point look-ups", "concurrent", "watdiv", point,
                       parameters=keys, do="concurrent", request={"readers": 8, "writer": writer, "seconds": seconds})
    yield Workload("whole process: start, open, one look-up", "start", "watdiv", {k: v[0] for k, v in new.items()}, times=20 if context.quick else 60, do="start")
    yield Workload("flushes to disk of a durable transaction of one fact", "insert", "empty", {}, do="flushes",
                   request={"batches": 100, "size": 1, "durable": True})
    batches = 50 if context.quick else 300
    for durable in (True, False):
        word = "durable" if durable else "not synced"
        yield Workload(f"transactions of one fact, {word}", "insert", "empty", {}, do="insert", request={"batches": batches, "size": 1, "durable": durable})
        yield Workload(f"transactions of 1000 facts, {word}", "insert", "empty", {}, do="insert",
                       request={"batches": batches // 10, "size": 1000, "durable": durable})
