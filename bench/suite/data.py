"""The data sets: read from the shared data or made by the generators, as N-Triples and JSON Lines in the work folder, once."""
import csv
import gzip
import os
import shutil
import subprocess


class Missing(Exception):
    """A data set that is not at hand, and why."""


GRAPHS = "urn:bench:graph:"
SIZES = {"tiny": 0, "1m": 10, "10m": 100, "50m": 500}           # scale factors of WatDiv
LINES = {"tiny": 2000, "1m": 1000000, "10m": 10000000, "50m": 50000000}


class Data:
    def __init__(self, shared, work, build):
        self.shared, self.folder, self.build = shared, os.path.join(work, "data"), build
        os.makedirs(self.folder, exist_ok=True)

    def path(self, name, size):
        """The files of a data set, made if need be: (files, format)."""
        maker = {"watdiv": self.watdiv, "graphs": self.graphs, "meetings": self.meetings, "assertions": self.assertions}[name]
        file = os.path.join(self.folder, f"{name}-{size}." + ("jsonl" if name == "assertions" else "nt"))
        if not os.path.exists(file):
            maker(file + ".new", size)
            os.replace(file + ".new", file)
        return [file], "jsonl" if name == "assertions" else "nt"

    def need(self, *path):
        file = os.path.join(self.shared, *path)
        if not os.path.exists(file):
            raise Missing(f"no {os.path.join(*path)} in the shared data")
        return file

    def tool(self, name, *arguments, out):
        program = os.path.join(self.build, "bench", name)
        if not os.path.exists(program):
            raise Missing(f"no generator {name}")
        with open(out, "wb") as file:
            subprocess.run([program, *map(str, arguments)], stdout=file, check=True)

    def watdiv(self, out, size):
        if size == "tiny":
            with gzip.open(self.need("watdiv", "watdiv-100k.nt.gz")) as source, open(out, "wb") as file:
                shutil.copyfileobj(source, file)
        elif size == "1m":
            with open(out, "wb") as file:
                subprocess.run(["zstd", "-dc", self.need("watdiv", "watdiv-1m.nt.zst")], stdout=file, check=True)
        else:
            self.tool("watdiv", self.need("watdiv", "wsdbm-data-model.txt"), SIZES[size], out=out)

    def meetings(self, out, size):
        self.tool("meetings", "nt", LINES[size], out=out)

    def assertions(self, out, size):
        self.tool("meetings", "jsonl", LINES[size], out=out)

    def graphs(self, out, size):
        """Three graphs: `vote`, `grqc`, `trust` as directed in their files; `...-once`: each edge undirected, once, from the smaller number."""
        with open(out, "w") as file:
            for name, edges in self.edges(size):
                once = {(min(e), max(e)) for e in edges if e[0] != e[1]}
                for relation, some in ((name, set(edges)), (name + "-once", once)):
                    for a, b in sorted(some):
                        file.write(f"<{GRAPHS}{name}/{a}> <{GRAPHS}{relation}> <{GRAPHS}{name}/{b}> .\n")

    def edges(self, size):
        if size == "tiny":
            yield "vote", [(a, a * k % 97) for a in range(97) for k in range(2, 8)]
            return
        with gzip.open(self.need("snap-graphs", "wiki-Vote.txt.gz"), "rt") as file:
            yield "vote", [tuple(map(int, line.split())) for line in file if line[0] != "#"]
        for name, folder in (("grqc", "grqc"), ("trust", "bitcoin-otc")):
            with gzip.open(self.need("snap-graphs", folder, "edges.csv.gz"), "rt") as file:
                yield name, [(int(row[0]), int(row[1])) for row in csv.reader(file)]
