"""Hops, cycles, cliques and paths on the graphs of the SNAP collection, and hops on WatDiv's friends."""
from data import GRAPHS
from patterns import Pattern
from workload import Workload

FRIEND = "<http://db.uwaterloo.ca/~galuc/wsdbm/friendOf>"
TITLES = {"vote": "wiki-Vote", "grqc": "ca-GrQc", "trust": "bitcoin-otc"}
ENDS = {"vote": (766, 8, 3352), "grqc": (21012, 937, 5052)}  # where searches start; a path's ends


def chain(p, n):
    return Pattern([(f"?v{i}", p, f"?v{i + 1}") for i in range(n)], ["v0"], count=True)


def edges(p, *pairs):
    return Pattern([(f"?{a}", p, f"?{b}") for a, b in pairs], ["a"], count=True)


def hops(context):
    for graph, title in TITLES.items():
        p = f"<{GRAPHS}{graph}>"
        for n, name in ((2, "two"), (3, "three")):
            yield Workload(f"{title}: {name}-hop count", "hops", "graphs", {**chain(p, n).texts(), "reference": f"{name}-hop" + f" {p}" * n})
    yield Workload("WatDiv friendOf/friendOf count", "hops", "watdiv", {**chain(FRIEND, 2).texts(), "reference": f"two-hop {FRIEND} {FRIEND}"}, times=5, seconds=20)


def cycles(context):
    for graph, title in TITLES.items():
        p, once = f"<{GRAPHS}{graph}>", f"<{GRAPHS}{graph}-once>"
        yield Workload(f"{title}: triangles", "cycles", "graphs", {**edges(once, "ab", "bc", "ac").texts(), "reference": f"triangles {once}"}, times=7)
        yield Workload(f"{title}: 4-cycles, directed", "cycles", "graphs", {**edges(p, "ab", "bc", "cd", "da").texts(), "reference": f"four-cycles {p}"}, times=5, seconds=15)
        yield Workload(f"{title}: 4-cliques", "cycles", "graphs",
                       {**edges(once, "ab", "ac", "ad", "bc", "bd", "cd").texts(), "reference": f"four-cliques {once}"}, times=5, seconds=15)


def reach_others(p, start):
    """The start lies on a cycle, and a shortest path of Cypher never comes back to it: it is left out everywhere."""
    texts = reach(p, start)
    texts.pop("reference")
    return {**texts, "parley": texts["parley"].replace(" return", f" where ?x != {start} return"),
            "sparql": texts["sparql"].replace(" }", f" filter (?x != {start}) }}"),
            "sql": texts["sql"] + f" where n <> (select id from term where text = '{start[1:-1]}' and kind = 'i')"}


def reach(p, start):
    step = f"t.p = {{{p}}}"
    first = f"(select id from term where text = '{start[1:-1]}' and kind = 'i')"
    return {"parley": f"match {start} {p}+ ?x return count(*)", "sparql": f"select (count(*) as ?n) where {{ {start} {p}+ ?x }}",
            "sql": f"with recursive r(n) as (select o from t where {step} and s = {first} union select t.o from r join t on t.s = r.n and {step}) select count(*) from r",
            "cypher": f"match (a:N)-[:`{p[1:-1]}`* shortest 1..30]->(x:N) where a.k = '{start}' return count(*)",
            "reference": f"reach {start} {p}"}


def shortest(p, start, end):
    def number(node):
        return f"(select id from term where text = '{node[1:-1]}' and kind = 'i')"
    return {"parley": f"match shortest {start} {p}+ {end} as ?path return length(?path)",
            "sql": f"with recursive r(n, d) as (select o, 1 from t where t.p = {{{p}}} and s = {number(start)} union select t.o, r.d + 1 from r join t on t.s = r.n"
                   f" and t.p = {{{p}}} where r.d < 12) select min(d) from r where n = {number(end)} having count(*) > 0",
            "cypher": f"match (a:N)-[e:`{p[1:-1]}`* shortest 1..30]->(b:N) where a.k = '{start}' and b.k = '{end}' return length(e)"}


def paths(context):
    for graph, (start, one, other) in ENDS.items():
        p = f"<{GRAPHS}{graph}>"
        start, one, other = ((2, 3, 50) if context.size == "tiny" else (start, one, other))
        first, a, b = (f"<{GRAPHS}{graph}/{n}>" for n in (start, one, other))
        yield Workload(f"{TITLES[graph]}: reach from one node", "paths", "graphs", (reach if graph == "vote" else reach_others)(p, first))
        yield Workload(f"{TITLES[graph]}: shortest path", "paths", "graphs", shortest(p, a, b))


def workloads(context):
    for part in (hops, cycles, paths):
        yield from part(context)
