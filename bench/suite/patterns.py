"""Basic graph patterns, written once and translated to the languages of the peers. A term is "?name" (variable), "$name" (parameter), "<iri>" or a
plain literal '"text"'. The same bag of rows is meant everywhere: a triple pattern matches each distinct triple once."""
from dataclasses import dataclass
import re


@dataclass
class Pattern:
    triples: list          # (subject, predicate, object); predicates are IRIs
    returns: list          # variables, without "?"
    distinct: bool = False
    count: bool = False    # one row: how many rows there are

    def texts(self):
        """The text in every language."""
        return {"parley": self.parley(), "sparql": self.sparql(), "sqlite": self.sql("t", False), "duckdb": self.sql("pso", True), "cypher": self.cypher()}

    def counted(self):
        return Pattern(self.triples, self.returns, self.distinct, True)

    def filled(self, **values):
        """With parameters replaced by constants."""
        def one(term):
            return values.get(term[1:], term) if term[0] == "$" else term
        return Pattern([tuple(map(one, t)) for t in self.triples], self.returns, self.distinct, self.count)

    def parley(self):
        body = " . ".join(" ".join(t) for t in self.triples)
        columns = ", ".join("?" + v for v in self.returns)
        return f"match {body} return " + ("count(*)" if self.count else ("distinct " if self.distinct else "") + columns)

    def sparql(self):
        body = " . ".join(" ".join(t) for t in self.triples)
        columns = " ".join("?" + v for v in self.returns)
        return "select " + ("(count(*) as ?n)" if self.count else ("distinct " if self.distinct else "") + columns) + f" where {{ {body} }}"

    def sql(self, table, join_terms):
        """Triples of numbers and a dictionary. `join_terms`: texts by joins with the dictionary (DuckDB), else by look-ups per row (SQLite)."""
        tables, conditions, place = [], [], {}
        for i, (s, p, o) in enumerate(self.triples):
            tables.append(f"{'pos' if join_terms and o[0] != '?' else table} t{i}")
            conditions.append(f"t{i}.p = {{{p}}}")
            for column, term in (("s", s), ("o", o)):
                here = f"t{i}.{column}"
                if term[0] == "?":
                    conditions += [f"{here} = {place[term]}"] if term in place else []
                    place.setdefault(term, here)
                else:
                    conditions.append(f"{here} = {sql_term(term)}")
        columns = []
        for v in self.returns if not self.count else []:
            if join_terms:
                tables.append(f"term d_{v}")
                conditions.append(f"d_{v}.id = {place['?' + v]}")
                columns.append(f"d_{v}.text")
            else:
                columns.append(f"(select text from term where id = {place['?' + v]})")
        columns = "count(*)" if self.count else ("distinct " if self.distinct else "") + ", ".join(columns)
        return f"select {columns} from {', '.join(tables)} where {' and '.join(conditions)}"

    def cypher(self):
        names, conditions = {}, []

        def node(term):
            if term[0] == "?":
                return f"({term[1:]}:N)"
            if term not in names:
                names[term] = f"c{len(names)}"
                conditions.append(f"{names[term]}.k = {term if term[0] == '$' else quoted(term)}")
            return f"({names[term]}:N)"
        body = ", ".join(f"{node(s)}-[:`{p[1:-1]}`]->{node(o)}" for s, p, o in self.triples)
        where = f" where {' and '.join(conditions)}" if conditions else ""
        columns = ", ".join(f"{v}.v" for v in self.returns)
        return f"match {body}{where} return " + ("count(*)" if self.count else ("distinct " if self.distinct else "") + columns)


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def sql_term(term):
    """The number of a term as an expression: its text and kind are looked up in the dictionary when the query runs."""
    if term[0] == "$":
        return f"(select id from term where text = {term} and kind = 'i')"
    text = term[1:-1].replace("'", "''")
    return f"(select id from term where text = '{text}' and kind = '{'i' if term[0] == '<' else 's'}')"


def read_template(text, prefixes):
    """A WatDiv template: (Pattern, {parameter: class}). `%v1%` becomes `$v1`."""
    classes = dict(re.findall(r"#mapping (\w+) (\S+) ", text))

    def term(token):
        if token[0] == "%":
            return "$" + token[1:-1]
        if token[0] in "?<\"":
            return token
        prefix, name = token.split(":", 1)
        return f"<{prefixes[prefix]}{name}>"
    head, body = re.search(r"SELECT (.*?) WHERE \{(.*)\}", text, re.S).groups()
    triples = [tuple(map(term, line.split()[:3])) for line in body.strip().splitlines()]
    return Pattern(triples, [v[1:] for v in head.split()]), classes
