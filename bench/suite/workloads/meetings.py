"""The generated graph of meetings: typed dates and skew for all peers; with its assertions, lensed questions against the same without a lens;
names found whatever their diacritics."""
from patterns import Pattern
from workload import Workload

M = "http://example.org/meetings/"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"


def m(name):
    return f"<{M}{name}>"


HELD_ON, HELD_IN, ATTENDED = m("held_on"), m("held_in"), m("attended")


def facts():
    xsd = "<http://www.w3.org/2001/XMLSchema#date>"
    first, last = "2010-03-01", "2010-06-30"
    yield "date range", {
        "parley": f"match ?m {HELD_ON} ?d where ?d >= {first} and ?d <= {last} return ?m, ?d",
        "sparql": f'select ?m ?d where {{ ?m {HELD_ON} ?d filter (?d >= "{first}"^^{xsd} && ?d <= "{last}"^^{xsd}) }}',
        "sql": f"select a.text, d.text from t, term a, term d where p = {{{HELD_ON}}} and a.id = s and d.id = o and d.text >= '{first}' and d.text <= '{last}'",
        "cypher": f"match (m:N)-[:`{M}held_on`]->(d:N) where d.v >= '{first}' and d.v <= '{last}' return m.v, d.v"}
    yield "who attended in a date range", {
        "parley": f"match ?m {HELD_ON} ?d . ?who {ATTENDED} ?m where ?d >= {first} and ?d <= {last} return count(*)",
        "sparql": f'select (count(*) as ?n) where {{ ?m {HELD_ON} ?d . ?who {ATTENDED} ?m filter (?d >= "{first}"^^{xsd} && ?d <= "{last}"^^{xsd}) }}',
        "sql": f"select count(*) from t h, t a, term d where h.p = {{{HELD_ON}}} and a.p = {{{ATTENDED}}} and a.o = h.s and d.id = h.o and d.text >= '{first}'"
               f" and d.text <= '{last}'",
        "cypher": f"match (who:N)-[:`{M}attended`]->(m:N)-[:`{M}held_on`]->(d:N) where d.v >= '{first}' and d.v <= '{last}' return count(*)"}
    yield "pairs at one meeting, count", Pattern([("?a", ATTENDED, "?m"), ("?b", ATTENDED, "?m")], ["a"], count=True).texts()
    yield "meetings of each place", {
        "parley": f"match ?m {HELD_IN} ?p return ?p, count(*)",
        "sparql": f"select ?p (count(*) as ?n) where {{ ?m {HELD_IN} ?p }} group by ?p",
        "sql": f"select (select text from term where id = o), n from (select o, count(*) as n from t where p = {{{HELD_IN}}} group by o) x",
        "cypher": f"match (:N)-[:`{M}held_in`]->(p:N) return p.v, count(*)"}
    yield "ten busiest", {
        "parley": f"match ?who {ATTENDED} _ return ?who, count(*) as ?n order by ?n desc, str(?who) limit 10",
        "sparql": f"select ?who (count(*) as ?n) where {{ ?who {ATTENDED} ?m }} group by ?who order by desc(?n) str(?who) limit 10",
        "sql": f"select text, n from (select s, count(*) as n from t where p = {{{ATTENDED}}} group by s) x join term on id = s order by n desc, text limit 10",
        "cypher": f"match (who:N)-[:`{M}attended`]->(:N) with who, count(*) as n return who.v as v, n order by n desc, v limit 10"}


LENSES = ["trust 0.9", "at 2012-06-15", "during 2010..2012", "according to ( ?article published_on <= 2015-12-31 )"]
LENSED = {"count of a join": "match ?who attended ?m . ?m held_in ?p return count(*)",
          "join with rows": "match ?who attended ?m . ?m held_in `Place 3` return ?who, ?m",
          "who was at one meeting": "match ?who attended `meeting 0` . ?who attended ?m return ?who, ?m",
          "ten busiest": "match ?who attended ?m return ?who, count(*) as ?n order by ?n desc, ?who limit 10"}


def lensed():
    for name, text in LENSED.items():
        yield Workload(f"{name}, no lens", "lens", "assertions", {"parley": text})
        for lens in LENSES:
            yield Workload(f"{name}, {lens.split(' (')[0]}", "lens", "assertions", {"parley": f"{lens} {text}"}, about=f"{name}, no lens")


def words():
    """Names by a word, whatever its diacritics: by the peer's text index where it has one for that."""
    for word in ("solar", "session"):
        yield Workload(f"labels with a word that begins with {word}, count", "text", "meetings", {
            "parley": f'match ?x {LABEL} ~ "{word}" return count(*)',
            "sqlite": f"select count(*) from t join words on rowid = o where p = {{{LABEL}}} and words match '{word}*'",
            "duckdb": f"select count(*) from t join term on id = o where p = {{{LABEL}}} and regexp_matches(lower(strip_accents(text)), '\\b{word}')",
            "sparql": f'select (count(*) as ?n) where {{ ?x {LABEL} ?l filter regex(?l, "(^|[^a-z]){word}", "i") }}',
            "cypher": f"match (:N)-[:`{LABEL[1:-1]}`]->(l:N) where regexp_matches(lower(l.v), '\\\\b{word}') return count(*)"},
            request={"settings": {"text": [LABEL[1:-1]]}})


def workloads(context):
    for name, texts in facts():
        yield Workload(f"meetings: {name}", "rows", "meetings", texts)
    yield from lensed()
    yield from words()
