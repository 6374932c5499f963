"""WatDiv's twenty templates: linear, star, snowflake, complex; as new texts and prepared, rows and counts; each sample has another constant."""
import random
import re

from patterns import read_template
from workload import Workload

NAMES = [f"L{i}" for i in range(1, 6)] + [f"S{i}" for i in range(1, 8)] + [f"F{i}" for i in range(1, 6)] + [f"C{i}" for i in range(1, 4)]


def prefixes(model):
    with open(model) as file:
        return dict(re.findall(r"#namespace\s+(\w+)=(\S+)", file.read()))


def constants(context, classes, prefix):
    """Nodes of each class that stand in the data, in an order drawn by chance."""
    found = {c: set() for c in classes}
    pattern = re.compile(r"<(%s(%s)\d+)>" % (re.escape(prefix), "|".join(classes)))
    with open(context.data.path("watdiv", context.size)[0][0]) as file:
        for line in file:
            for iri, name in pattern.findall(line):
                found[name].add(iri)
    draw = random.Random(7)
    result = {}
    for name, nodes in found.items():
        result[name] = sorted(nodes)
        draw.shuffle(result[name])
    return result


def workloads(context):
    known = prefixes(context.data.need("watdiv", "wsdbm-data-model.txt"))
    templates = {}
    for name in NAMES:
        with open(context.data.need("watdiv", "testsuite", name + ".txt")) as file:
            templates[name] = read_template(file.read(), known)
    classes = {c.split(":")[1] for _, mapped in templates.values() for c in mapped.values()}
    nodes = constants(context, sorted(classes), known["wsdbm"])
    count = 5 if context.quick or context.size == "tiny" else 20
    for name, (pattern, mapped) in templates.items():
        values = [{v: f"<{nodes[c.split(':')[1]][i % len(nodes[c.split(':')[1]])]}>" for v, c in mapped.items()} for i in range(count if mapped else 1)]
        kinds = (("new", pattern, "new", "rows"), ("prepared", pattern, "prepared", "rows"), ("new counts", pattern.counted(), "new", "rows"))
        for kind, asked, mode, fetch in kinds:
            if mode == "new":
                all_texts = [asked.filled(**v).texts() for v in values]
                texts = {language: [t[language] for t in all_texts] for language in all_texts[0]}
            else:
                texts = asked.texts()
            yield Workload(f"WatDiv {name}, {kind}", "watdiv", "watdiv", texts, mode, values if mode == "prepared" and mapped else [], fetch,
                           times=3 * count, seconds=0.3 if context.quick else 2, mean=f"WatDiv, 20 templates, {kind}")
