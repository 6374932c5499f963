"""What a table is asked: groups and aggregates over everything, date ranges, optional, negation, first rows of an order, distinct."""
from patterns import Pattern
from workload import Workload

W, S, F, GR = "http://db.uwaterloo.ca/~galuc/wsdbm/", "http://schema.org/", "http://xmlns.com/foaf/", "http://purl.org/goodrelations/"


def iri(namespace, name):
    return f"<{namespace}{name}>"


FRIEND, FOLLOWS, LIKES, GENRE = iri(W, "friendOf"), iri(W, "follows"), iri(W, "likes"), iri(W, "hasGenre")
BOUGHT, BORN, GENDER, AGE, PRICE = iri(W, "makesPurchase"), iri(S, "birthDate"), iri(W, "gender"), iri(F, "age"), iri(GR, "price")


def text_of(column):
    return f"(select text from term where id = {column})"


def everything():
    yield "rows per predicate", {
        "parley": "match ?s ?p ?o return ?p, count(*)",
        "sparql": "select ?p (count(*) as ?n) where { ?s ?p ?o } group by ?p",
        "sql": f"select {text_of('p')}, n from (select p, count(*) as n from t group by p) x",
        "cypher": "match (:N)-[e]->(:N) return label(e), count(*)",
        "reference": "predicates"}
    yield "distinct subjects per predicate", {
        "parley": "match ?s ?p ?o return ?p, count(distinct ?s)",
        "sparql": "select ?p (count(distinct ?s) as ?n) where { ?s ?p ?o } group by ?p",
        "sql": f"select {text_of('p')}, n from (select p, count(distinct s) as n from t group by p) x",
        "cypher": "match (s:N)-[e]->(:N) return label(e), count(distinct s)",
        "reference": "subjects"}
    yield "distinct objects of everything", {
        "parley": "match ?s ?p ?o return count(distinct ?o)",
        "sparql": "select (count(distinct ?o) as ?n) where { ?s ?p ?o }",
        "sql": "select count(distinct o) from t",
        "cypher": "match (:N)-[]->(o:N) return count(distinct o)"}
    yield "histogram of out-degrees, friendOf", {
        "parley": f"match ?s {FRIEND} ?o with ?s, count(*) as ?n return ?n, count(*)",
        "sparql": f"select ?n (count(*) as ?c) where {{ select ?s (count(*) as ?n) where {{ ?s {FRIEND} ?o }} group by ?s }} group by ?n",
        "sql": f"select n, count(*) from (select s, count(*) as n from t where p = {{{FRIEND}}} group by s) x group by n",
        "cypher": f"match (s:N)-[:`{FRIEND[1:-1]}`]->(:N) with s, count(*) as n return n, count(*)",
        "reference": f"degrees {FRIEND}"}
    yield "friends per gender (join and group)", {
        "parley": f"match ?s {FRIEND} ?o . ?o {GENDER} ?g return ?g, count(*)",
        "sparql": f"select ?g (count(*) as ?n) where {{ ?s {FRIEND} ?o . ?o {GENDER} ?g }} group by ?g",
        "sql": f"select {text_of('g')}, n from (select b.o as g, count(*) as n from t a, t b where a.p = {{{FRIEND}}} and b.p = {{{GENDER}}} and b.s = a.o group by b.o) x",
        "cypher": f"match (:N)-[:`{FRIEND[1:-1]}`]->(o:N)-[:`{GENDER[1:-1]}`]->(g:N) return g.v, count(*)"}


def rows():
    yield "date range, one year of birth", {
        "parley": f'match ?s {BORN} ?d where ?d >= "1990-01-01" and ?d < "1991-01-01" return ?s, ?d',
        "sparql": f'select ?s ?d where {{ ?s {BORN} ?d filter (?d >= "1990-01-01" && ?d < "1991-01-01") }}',
        "virtuoso": f'select ?s ?d where {{ ?s {BORN} ?d filter (str(?d) >= "1990-01-01" && str(?d) < "1991-01-01") }}',
        "sql": f"select a.text, d.text from t, term a, term d where p = {{{BORN}}} and a.id = s and d.id = o and d.text >= '1990-01-01' and d.text < '1991-01-01'",
        "cypher": f"match (s:N)-[:`{BORN[1:-1]}`]->(d:N) where d.v >= '1990-01-01' and d.v < '1991-01-01' return s.v, d.v"}
    yield "optional", {
        "parley": f"match ?s {GENDER} ?g . optional ( ?s {AGE} ?a ) return ?s, ?g, ?a",
        "sparql": f"select ?s ?g ?a where {{ ?s {GENDER} ?g optional {{ ?s {AGE} ?a }} }}",
        "sql": f"select {text_of('g.s')}, {text_of('g.o')}, {text_of('a.o')} from t g left join t a on a.s = g.s and a.p = {{{AGE}}} where g.p = {{{GENDER}}}",
        "cypher": f"match (s:N)-[:`{GENDER[1:-1]}`]->(g:N) optional match (s)-[:`{AGE[1:-1]}`]->(a:N) return s.v, g.v, a.v"}
    yield "negation", {
        "parley": f"match ?s {LIKES} ?x . not ( ?s {BOUGHT} _ ) return ?s, ?x",
        "sparql": f"select ?s ?x where {{ ?s {LIKES} ?x filter not exists {{ ?s {BOUGHT} ?y }} }}",
        "sql": f"select {text_of('l.s')}, {text_of('l.o')} from t l where l.p = {{{LIKES}}} and not exists (select 1 from t b where b.p = {{{BOUGHT}}} and b.s = l.s)",
        "cypher": f"match (s:N)-[:`{LIKES[1:-1]}`]->(x:N) where not exists {{ match (s)-[:`{BOUGHT[1:-1]}`]->(:N) }} return s.v, x.v"}
    yield "first ten by price", {
        "parley": f"match ?o {PRICE} ?p return ?o, ?p order by ?p desc, str(?o) limit 10",
        "sparql": f"select ?o ?p where {{ ?o {PRICE} ?p }} order by desc(?p) str(?o) limit 10",
        "sql": f"select a.text, b.text from t, term a, term b where p = {{{PRICE}}} and a.id = s and b.id = o order by b.text desc, a.text limit 10",
        "cypher": f"match (o:N)-[:`{PRICE[1:-1]}`]->(p:N) return o.v, p.v order by p.v desc, o.v limit 10"}
    yield "ten most followed", {
        "parley": f"match _ {FOLLOWS} ?x return ?x, count(*) as ?n order by ?n desc, str(?x) limit 10",
        "sparql": f"select ?x (count(*) as ?n) where {{ ?y {FOLLOWS} ?x }} group by ?x order by desc(?n) str(?x) limit 10",
        "sql": f"select text, n from (select o, count(*) as n from t where p = {{{FOLLOWS}}} group by o) x join term on id = o order by n desc, text limit 10",
        "cypher": f"match (:N)-[:`{FOLLOWS[1:-1]}`]->(x:N) with x, count(*) as n return x.v as v, n order by n desc, v limit 10"}
    yield "distinct genres of what is liked", Pattern([("?u", LIKES, "?x"), ("?x", GENRE, "?g")], ["g"], distinct=True).texts()
    yield "substring of a text", {
        "parley": 'match ?s <http://purl.org/stuff/rev#text> ?t where contains(?t, "juniper") return ?s',
        "sparql": 'select ?s where { ?s <http://purl.org/stuff/rev#text> ?t filter contains(?t, "juniper") }',
        "sql": "select a.text from t, term a, term b where p = {<http://purl.org/stuff/rev#text>} and a.id = s and b.id = o and b.text like '%juniper%'",
        "duckdb": "select a.text from t, term a, term b where p = {<http://purl.org/stuff/rev#text>} and a.id = s and b.id = o and contains(b.text, 'juniper')",
        "cypher": "match (s:N)-[:`http://purl.org/stuff/rev#text`]->(t:N) where contains(t.v, 'juniper') return s.v"}


def workloads(context):
    for name, texts in everything():
        yield Workload(f"WatDiv: {name}", "aggregate", "watdiv", texts)
    for name, texts in rows():
        yield Workload(f"WatDiv: {name}", "rows", "watdiv", texts)
