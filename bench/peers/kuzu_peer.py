"""Kuzu and its fork Ladybug as peers: `kuzu_peer.py kuzu` or `real_ladybug`. A node is a term (key: its N-Triples token; v: its text), and each predicate
is a relationship table under its IRI. Loaded by COPY FROM Parquet; DuckDB writes these files, which is not counted. Two threads."""
import importlib
import os
import shutil
import sys

import duckdb

from duckdb_peer import UNESCAPE
from peer_loop import Cannot, Peer, bench_fact, main

RAW = r"""
create table raw as select x.s as s, x.p as p, x.o as o from (select regexp_extract(l, '^\s*(<[^>]*>|_:\S+)\s+<([^>]*)>\s+(.*\S)\s*\.\s*$', ['s', 'p', 'o']) as x
  from read_csv({files}, columns = {{'l': 'varchar'}}, delim = '\x01', quote = '', escape = '', header = false, auto_detect = false,
    max_line_size = 10000000) where l <> '' and l[1] <> '#');
"""
NODES = r"""select v as k, case when v[1] = '<' then v[2:-2] when v[1] = '_' then v else {unescape} end as v
  from (select distinct v from (select s as v from raw union all select o from raw))"""


class Kuzu(Peer):
    always_durable = True

    def __init__(self, name):
        self.library = importlib.import_module(name)

    def open(self, store, settings):
        self.folder, threads = store, settings.get("threads") or 2
        self.database = self.library.Database(os.path.join(store, "store.kuzu"), buffer_pool_size=settings.get("buffer_pool") or 4 << 30)
        self.db = self.library.Connection(self.database, num_threads=threads)
        self.threads, self.made = threads, set()
        return self.library.__version__, f"{threads} threads, buffer pool 4 GB; a table per predicate, string keys"

    def rows(self, query, parameters=None):
        answer = self.db.execute(query, parameters) if parameters else self.db.execute(query)
        try:
            return answer.get_all()
        finally:
            answer.close()

    def convert(self, files, folder):
        """Parquet files of nodes and of each predicate's relationships; gives the predicates, and the number of triples."""
        duck = duckdb.connect(config={"threads": 2})
        duck.execute(RAW.format(files=repr(files)))
        duck.execute(f"copy ({NODES.format(unescape=UNESCAPE)}) to '{folder}/nodes.parquet'")
        predicates = [p for (p,) in duck.execute("select distinct p from raw order by p").fetchall()]
        triples = 0
        for i, p in enumerate(predicates):
            triples += duck.execute(f"copy (select distinct s, o from raw where p = $p order by s, o) to '{folder}/{i}.parquet'", {"p": p}).fetchone()[0]
        duck.close()
        return predicates, triples

    def load(self, files, format):
        if format != "nt":
            raise Cannot(f"no loader for {format}")
        import time
        folder = os.path.join(self.folder, "parquet")
        os.makedirs(folder)
        predicates, triples = self.convert(files, folder)
        start = time.perf_counter()
        self.db.execute("create node table N(k string primary key, v string)")
        self.db.execute(f"copy N from '{folder}/nodes.parquet'")
        for i, p in enumerate(predicates):
            self.db.execute(f"create rel table `{p}`(from N to N)")
            self.db.execute(f"copy `{p}` from '{folder}/{i}.parquet'")
        self.db.execute("checkpoint")
        seconds = time.perf_counter() - start
        shutil.rmtree(folder)
        return {"triples": triples, "seconds": seconds, "note": "input turned into Parquet files beforehand, not counted"}

    def prepare(self, text):
        return self.db.prepare(text)

    def run(self, query, parameters, fetch):
        rows = self.rows(query, parameters)
        return rows if fetch else len(rows)

    def insert(self, first, size, durable):
        if not durable:
            raise Cannot("every commit is durable")
        if not self.made:
            self.db.execute("create node table if not exists N(k string primary key, v string)")
            for i in range(10):
                self.db.execute(f"create rel table if not exists `urn:bench:p{i}`(from N to N)")
            self.made.add(1)
        self.db.execute("begin transaction")
        for i in range(first, first + size):
            s, p, o = bench_fact(i)
            self.db.execute(f"merge (s:N {{k: $s}}) on create set s.v = $sv merge (o:N {{k: $o}}) on create set o.v = $ov merge (s)-[:`{p}`]->(o)",
                            {"s": f"<{s}>", "sv": s, "o": f"<{o}>", "ov": o})
        self.db.execute("commit")

    def reader(self):
        other = Kuzu(self.library.__name__)
        other.database, other.db = self.database, self.library.Connection(self.database, num_threads=1)
        return other

    def close(self):
        self.db.close()
        self.database.close()


main(Kuzu(sys.argv[1] if len(sys.argv) > 1 else "kuzu"))
