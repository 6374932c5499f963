"""Keeps the suite from rotting: every workload on tiny data with Parley and SQLite must run and agree; nothing is timed. Exit 77: nothing to test with."""
import argparse
import os
import shutil
import sys

import main
import report
from data import Data
from patterns import Pattern, read_template
from peers import KINDS
from workload import Context

failures = []


def check(what, condition, told=""):
    if not condition:
        failures.append(what)
        print(f"failed: {what} {told}")


def check_translation():
    template = "#mapping v1 x:City uniform\r\nSELECT ?a WHERE {\r\n\t?a\tx:p\t%v1% .\r\n\t?a\tx:q\t?b .\r\n}\r\n"
    pattern, classes = read_template(template, {"x": "urn:"})
    check("classes of a template", classes == {"v1": "x:City"}, classes)
    texts = pattern.filled(v1="<urn:c>").texts()
    check("Parley's text", texts["parley"] == "match ?a <urn:p> <urn:c> . ?a <urn:q> ?b return ?a", texts["parley"])
    check("SPARQL text", texts["sparql"] == "select ?a where { ?a <urn:p> <urn:c> . ?a <urn:q> ?b }", texts["sparql"])
    check("Cypher text", texts["cypher"] == "match (a:N)-[:`urn:p`]->(c0:N), (a:N)-[:`urn:q`]->(b:N) where c0.k = '<urn:c>' return a.v", texts["cypher"])
    number = "(select id from term where text = 'urn:c' and kind = 'i')"
    check("SQL text", texts["sqlite"] == "select (select text from term where id = t0.s) from t t0, t t1 where t0.p = {<urn:p>} and "
          f"t0.o = {number} and t1.p = {{<urn:q>}} and t1.s = t0.s", texts["sqlite"])
    check("count", Pattern([("?a", "<urn:p>", "?b")], ["a"]).counted().parley() == "match ?a <urn:p> ?b return count(*)")


def check_report():
    row = {"workload": "x", "peers": {"parley": {"rows": 1, "sum": "a"}, "sqlite": {"rows": 1, "sum": "b"}, "duckdb": {"rows": 1, "sum": "b"}}}
    check("disagreement is told", report.disagreements(row)[0].startswith("parley"), report.disagreements(row))
    del row["peers"]["parley"]
    check("agreement is not told", report.disagreements(row) == [])


def run(o, kinds):
    results = main.Results(os.path.join(o.work, "results.json"), False)
    data = Data(o.shared, o.work, o.build)
    stores = main.Stores(o, data, results)
    try:
        workloads = main.wanted(Context(data, "tiny", True), main.GROUPS, "")
        if not os.path.exists(os.path.join(o.shared, "watdiv", "watdiv-100k.nt.gz")):
            workloads = [w for w in workloads if w.data != "watdiv"]
        for w in workloads:
            w.times, w.runs, w.parameters = 1, 1, w.parameters[:5]
            w.texts = {k: t[:5] if isinstance(t, list) else t for k, t in w.texts.items()}
            w.request.update({k: v for k, v in (("seconds", 0.1), ("batches", 2)) if k in w.request})
        main.run_loads(stores, kinds, ["graphs"], "tiny", results, 1)
        main.run_all(stores, kinds, workloads, "tiny", results)
    finally:
        stores.end_all()
    results.save()
    report.write(o.work, [k.name for k in kinds])
    return data, results


def triangles(data):
    """Of the tiny graph, counted the slow way."""
    with open(data.path("graphs", "tiny")[0][0]) as file:
        edges = {(s, o) for s, p, o, _ in map(str.split, file) if "vote-once" in p}
    nodes = sorted({n for e in edges for n in e})
    after = {n: {b for a, b in edges if a == n} for n in nodes}
    return sum(len(after[a] & after[b]) for a, b in edges), len(edges)


def check_results(data, results, kinds):
    for (_, name), row in results.rows.items():
        for kind in kinds:
            cell = row["peers"].get(kind.name, {})
            known = kind.name == "sqlite" and "no loader" in cell.get("cannot", "") or cell.get("cannot") == "not in its language"
            known = known or row["group"] == "lens" or not shutil.which("sqlite3" if row["group"] == "start" else "strace")
            check(f"{name}, {kind.name}", "ms" in cell or "count" in cell or known, cell)
        check(f"{name}: answers agree", report.disagreements(row) == [], report.disagreements(row))
    count, _ = triangles(data)
    sink = main_sum([str(count)])
    cell = results.rows["tiny", "wiki-Vote: triangles"]["peers"]["parley"]
    check(f"{count} triangles", cell.get("sum") == sink, cell)


def main_sum(columns):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peers"))
    from peer_loop import row_sum
    return "%016x" % (row_sum(columns) & (2 ** 64 - 1))


def options():
    p = argparse.ArgumentParser()
    for name in ("--work", "--build", "--shared"):
        p.add_argument(name, required=True)
    o = p.parse_args()
    o.python, o.timeout, o.quick = sys.executable, 30, True
    return o


if __name__ == "__main__":
    o = options()
    kinds = [k for k in KINDS if k.name in ("parley", "sqlite") and os.path.exists(k.command[0].format(build=o.build))]
    if not kinds or kinds[0].name != "parley":
        print("skipped: parley_peer is not built")
        sys.exit(77)
    o.work = os.path.join(o.work, "self-test")  # the folder given may hold what other runs measured
    shutil.rmtree(o.work, ignore_errors=True)
    os.makedirs(o.work)
    check_translation()
    check_report()
    check_results(*run(o, kinds), kinds)
    shutil.rmtree(o.work, ignore_errors=True)
    print(f"self-test of the suite with {', '.join(k.name for k in kinds)}: {len(failures)} failed")
    sys.exit(1 if failures else 0)
