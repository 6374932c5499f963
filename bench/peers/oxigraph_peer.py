"""Oxigraph (pyoxigraph) as a peer: `oxigraph_peer.py disk` or `memory`. Bulk loader, then optimize(), as its documentation says."""
import sys

import pyoxigraph as ox

from peer_loop import Cannot, Peer, bench_fact, main

NUMBERS = {f"http://www.w3.org/2001/XMLSchema#{t}" for t in ("integer", "decimal", "double", "float")}


def text_of(term):
    """A term as canonical() takes it: numbers as numbers, all else as text."""
    if term is None:
        return None
    if isinstance(term, ox.Literal) and term.datatype.value in NUMBERS:
        return float(term.value) if "." in term.value or "e" in term.value.lower() else int(term.value)
    return "_:" + term.value if isinstance(term, ox.BlankNode) else term.value


class Oxigraph(Peer):
    def __init__(self, on_disk):
        self.on_disk = on_disk

    def open(self, store, settings):
        self.store = ox.Store(store) if self.on_disk else ox.Store()
        return ox.__version__, "on disk, bulk_load, optimize" if self.on_disk else "in memory, bulk_load"

    def load(self, files, format):
        if format != "nt":
            raise Cannot(f"no loader for {format}")
        for path in files:
            self.store.bulk_load(path=path, format=ox.RdfFormat.N_TRIPLES)
        if self.on_disk:
            self.store.optimize()
            self.store.flush()
        return {"triples": len(self.store)}

    def prepare(self, text):
        if "$" in text:
            raise Cannot("no parameters")
        return text

    def run(self, query, parameters, fetch):
        answer = self.store.query(query)
        if not isinstance(answer, ox.QuerySolutions):
            return [(bool(answer),)]
        if fetch:
            names = range(len(answer.variables))
            return [[text_of(row[i]) for i in names] for row in answer]
        return sum(1 for _ in answer)

    def insert(self, first, size, durable):
        quads = [ox.Quad(*map(ox.NamedNode, bench_fact(i))) for i in range(first, first + size)]
        self.store.extend(quads)
        if durable:
            self.store.flush()

    def reader(self):
        return self


main(Oxigraph(sys.argv[1:] != ["memory"]))
