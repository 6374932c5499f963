"""DuckDB as a peer: triples of numbers in two sorted copies, (p,s,o) and (p,o,s), and a dictionary sorted by number. Two threads. Predicates are put
into the SQL text as numbers, so that the zone maps of the sorted copies can be used."""
import os
import re

import duckdb

from peer_loop import Cannot, Peer, bench_fact, main, parse_term

LOAD = r"""
create table line as select regexp_extract(l, '^\s*(<[^>]*>|_:\S+)\s+<([^>]*)>\s+(.*\S)\s*\.\s*$', ['s', 'p', 'o']) as x
  from read_csv({files}, columns = {{'l': 'varchar'}}, delim = '\x01', quote = '', escape = '', header = false, auto_detect = false,
    max_line_size = 10000000) where l <> '' and l[1] <> '#';
create table raw as select x.s as s, '<' || x.p || '>' as p, x.o as o from line;
drop table line;
create table token as select row_number() over () as id, v from (select distinct v from (select s as v from raw union all select distinct p from raw
  union all select o from raw));
create table u as select distinct p.id as p, s.id as s, o.id as o from raw join token s on s.v = raw.s join token p on p.v = raw.p join token o on o.v = raw.o;
drop table raw;
create table pso as select p, s, o from u order by p, s, o;
create table pos as select p, o, s from u order by p, o, s;
drop table u;
create table term as select id,
  case when v[1] = '<' then v[2:-2] when v[1] = '_' then v else {unescape} end as text,
  case when v[1] = '<' then 'i' when v[1] = '_' then 'b'
       else case regexp_extract(v, '"(@|\^\^<|$)([^">]*)>?$', 1) when '' then 's' when '@' then '@' || regexp_extract(v, '"@([^"]*)$', 1)
            else '^' || regexp_extract(v, '"\^\^<([^">]*)>$', 1) end end as kind
  from token order by id;
drop table token;
create view t as select s, p, o from pso;
"""
UNESCAPE = r"""replace(replace(replace(regexp_extract(v, '^"(.*)"', 1, 's'), '\"', '"'), '\n', chr(10)), '\\', '\')"""


class DuckDB(Peer):
    always_durable = True

    def __init__(self, connection=None, predicates=None):
        self.db, self.predicates = connection, predicates

    def open(self, store, settings):
        threads = settings.get("threads") or 2
        self.db = duckdb.connect(os.path.join(store, "store.duckdb"), config={"threads": threads})
        self.next = None
        self.read_predicates()
        return duckdb.__version__, f"{threads} threads; dictionary; triples sorted by (p,s,o) and by (p,o,s)"

    def read_predicates(self):
        self.predicates = {}
        if self.db.execute("select count(*) from duckdb_tables() where table_name = 'pso'").fetchone()[0]:
            rows = self.db.execute("select text, id from term where id in (select distinct p from pso)").fetchall()
            self.predicates = {f"<{text}>": number for text, number in rows}

    def load(self, files, format):
        if format != "nt":
            raise Cannot(f"no loader for {format}")
        self.db.execute("set preserve_insertion_order = false")
        self.db.execute(LOAD.format(files=repr(files), unescape=UNESCAPE))
        self.db.execute("checkpoint")
        self.db.execute("set preserve_insertion_order = true")
        self.read_predicates()
        return {"triples": self.db.execute("select count(*) from pso").fetchone()[0]}

    def plain(self, text):
        return re.sub(r"\{(<[^>]*>)\}", lambda m: str(self.predicates.get(m.group(1), -1)), text)

    def prepare(self, text):
        return self.plain(text)  # the client library keeps no statements; parameters are bound

    def run(self, query, parameters, fetch):
        bound = {name: parse_term(term)[0] for name, term in parameters.items()} if parameters else None
        rows = self.db.execute(query, bound).fetchall() if bound else self.db.execute(query).fetchall()
        return rows if fetch else len(rows)

    def insert(self, first, size, durable):
        if not durable:
            raise Cannot("every commit is durable")
        if not self.predicates and not self.db.execute("select count(*) from duckdb_tables() where table_name = 'pso'").fetchone()[0]:
            self.db.execute("create table term(id bigint, text varchar, kind varchar); create table pso(p bigint, s bigint, o bigint);"
                            "create table pos(p bigint, o bigint, s bigint); create unique index term_text on term(text, kind)")
            self.predicates = {"": 0}
        if self.next is None:
            self.next = self.db.execute("select coalesce(max(id), 0) from term").fetchone()[0]
        self.db.execute("begin")
        triples = [[self.term(text) for text in bench_fact(i)] for i in range(first, first + size)]
        self.db.executemany("insert into pso values ($2, $1, $3)", triples)
        self.db.executemany("insert into pos values ($2, $3, $1)", triples)
        self.db.execute("commit")

    def term(self, text):
        found = self.db.execute("select id from term where text = ? and kind = 'i'", [text]).fetchone()
        if found:
            return found[0]
        self.next += 1
        self.db.execute("insert into term values (?, ?, 'i')", [self.next, text])
        return self.next

    def reader(self):
        return DuckDB(self.db.cursor(), self.predicates)

    def close(self):
        self.db.close()


if __name__ == "__main__":
    main(DuckDB())
