"""RESULTS.md: medians of every workload and peer, Parley's ratio to the best of them, who disagrees, who cannot and why."""
import json
import math
import os
import platform
import re

import plot

GIVEN_UP = "-"


def machine():
    model = memory = "?"
    with open("/proc/cpuinfo") as file:
        found = re.search(r"model name\s*: (.*)", file.read())
        model = found.group(1) if found else platform.machine()
    with open("/proc/meminfo") as file:
        memory = f"{int(file.readline().split()[1]) / 1048576:.0f} GB"
    return f"{os.cpu_count()} cores ({model}), {memory} of memory, {platform.system()} {platform.release()}"


def number(ms):
    return f"{ms:.0f}" if ms >= 100 else f"{ms:.3g}" if ms >= 0.01 else f"{ms:.2g}"


def means(rows):
    """Geometric means of the workloads that name one; a peer that lacks one of them has none."""
    made = {}
    for row in rows:
        if row.get("mean"):
            made.setdefault((row["size"], row["mean"]), []).append(row)
    for (size, name), members in made.items():
        peers = {}
        for peer in {p for m in members for p in m["peers"]}:
            values = [m["peers"].get(peer, {}).get("ms") for m in members]
            if all(values):
                peers[peer] = {"ms": math.exp(sum(map(math.log, values)) / len(values)), "samples": len(values)}
            else:
                lacking = [m["workload"] for m, v in zip(members, values) if not v]
                peers[peer] = {"cannot": f"{len(values) - len(lacking)} of {len(values)}"}
        yield {"size": size, "workload": name + ", geometric mean", "group": members[0]["group"], "peers": peers}


def disagreements(row):
    """Peers whose answer is not that of most, by name."""
    sums = {}
    for peer, cell in row["peers"].items():
        if "sum" in cell:
            sums.setdefault((cell["rows"], cell["sum"]), []).append(peer)
    if len(sums) < 2:
        return []
    most = max(sums.values(), key=len)
    return [f"{', '.join(p)}: {rows} rows" for (rows, _), p in sums.items() if p is not most] + [f"({', '.join(most)}: {next(r for (r, _), p in sums.items() if p is most)} rows)"]


def best_other(row, names):
    others = [(row["peers"][n]["ms"], n) for n in names if n not in ("parley", "reference") and row["peers"].get(n, {}).get("ms")]
    return min(others) if others else None


def ratio(row, names):
    """How many times faster than the best peer Parley is; below 1 slower."""
    mine, best = row["peers"].get("parley", {}).get("ms"), best_other(row, names)
    return best[0] / mine if mine and best else None


def table(rows, names):
    lines = ["| workload | " + " | ".join(names) + " | times the best peer's speed |", "|---|" + "---:|" * (len(names) + 1)]
    for row in rows:
        cells = []
        for n in names:
            c = row["peers"].get(n, {})
            spread = f" ({number(c['low'])}-{number(c['high'])})" if c.get("low") is not None and c.get("samples", 0) > 1 else ""
            if "reads" in c:
                cells.append(f"{c['reads'] / 1e3:.3g} k/s" + (f", {c['writes']:.0f} writes/s" if c["writes"] else ""))
                continue
            cells.append(f"{number(c['ms'])}{spread}" if "ms" in c else f"{c['count']:.2f}" if "count" in c else GIVEN_UP)
        r = ratio(row, names)
        plain = next((o for o in rows if o["workload"] == row.get("about")), None)
        if plain and "ms" in plain["peers"].get("parley", {}) and "ms" in row["peers"].get("parley", {}):
            lines.append(f"| {row['workload']} | " + " | ".join(cells) + f" | {row['peers']['parley']['ms'] / plain['peers']['parley']['ms']:.2f} times the unlensed |")
            continue
        lines.append(f"| {row['workload']} | " + " | ".join(cells) + f" | {'' if r is None else f'{r:.2f}'} |")
    return lines


def load_tables(rows, names):
    lines = []
    for row in rows:
        lines += ["", f"**{row['workload']}, {row['size']}** ({row.get('bytes_in', 0) / 1e6:.0f} MB)", "",
                  "| peer | seconds | million statements a second | bytes a statement on disk | peak memory MB | |", "|---|---:|---:|---:|---:|---|"]
        for n in names:
            c = row["peers"].get(n)
            if not c:
                continue
            if "ms" not in c:
                lines.append(f"| {n} | {GIVEN_UP} | | | | {c.get('cannot', c.get('error', ''))} |")
                continue
            disk = f"{c['bytes'] / c['triples']:.1f}" if c.get("bytes") and c.get("triples") else GIVEN_UP
            peak = f"{c['peak']:.0f}" if c.get("peak") else GIVEN_UP
            lines.append(f"| {n} | {c['ms'] / 1e3:.2f} | {c['triples'] / c['ms'] / 1e3:.3f} | {disk} | {peak} | {c.get('note', '')} |")
    return lines


def slow(rows, names):
    """Where Parley is slower than the best peer: figures, its text, and how to see it again."""
    lines = ["# Workloads where Parley is slower than the best peer", ""]
    for row in sorted((r for r in rows if (ratio(r, names) or 1) < 1), key=lambda r: ratio(r, names)):
        best = best_other(row, names)
        mine = row["peers"]["parley"]
        lines += [f"- **{row['workload']}, {row['size']}**: Parley {number(mine['ms'])} ms, {best[1]} {number(best[0])} ms, {ratio(row, names):.2f} of its speed ({row.get('when', '')})"]
        if row.get("texts", {}).get("parley"):
            lines += [f"  - `{row['texts']['parley']}`"]
        lines += [f"  - `bash bench/run.sh --only {row['group']} --match '{row['workload']}' --peers parley,{best[1]} --size {row['size']} --merge`"]
    return lines


def notes(rows):
    """Why cells are empty, and who disagrees."""
    lines, reasons = [], {}
    for row in rows:
        for peer, cell in row["peers"].items():
            why = cell.get("cannot") or cell.get("error")
            if why:
                reasons.setdefault((peer, why.split("\n")[0][:160]), []).append(row["workload"])
    wrong = [f"- {row['workload']}, {row['size']}: " + "; ".join(d) for row in rows if (d := disagreements(row))]
    lines += ["", "## Answers that differ", ""] + (wrong or ["None: all row counts and checksums agree."])
    lines += ["", "## What was not run, and why", "", "| peer | why | workloads |", "|---|---|---|"]
    for (peer, why), names in sorted(reasons.items()):
        shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        lines.append(f"| {peer} | {why.replace('|', '/')} | {shown} |")
    return lines


def write(work, order):
    with open(os.path.join(work, "results.json")) as file:
        kept = json.load(file)
    rows = kept["rows"]
    names = [n for n in order if any(n in r["peers"] for r in rows)]
    lines = ["# Parley and its peers", "", f"Made by `bash bench/run.sh` on {machine()}. Medians in milliseconds, in parentheses the middle half of the samples.", "",
             "| peer | version | settings |", "|---|---|---|"]
    lines += [f"| {n} | {kept['peers'][n]['version']} | {kept['peers'][n]['settings']} |" for n in names if n in kept["peers"]]
    loads = [r for r in rows if r["group"] == "load"]
    lines += ["", "## Loads"] + load_tables(loads, names)
    file = plot.write(work, "load", "load: time, shorter is better (logarithmic)", loads, names)
    lines += ["", f"![load]({file})"] if file else []
    for size in sorted({r["size"] for r in rows}):
        some = [r for r in rows if r["size"] == size and r["group"] != "load"]
        shown = [r for r in some if not r.get("mean")] + list(means(some))
        for group in dict.fromkeys(r["group"] for r in shown):
            of_group = [r for r in shown if r["group"] == group]
            lines += ["", f"## {group}, {size}", ""] + table(of_group, names)
            file = plot.write(work, f"{group}-{size}", f"{group}, {size}: median time, shorter is better (logarithmic)", of_group, names)
            lines += ["", f"![{group}]({file})"] if file else []
        if any(r.get("mean") for r in some):
            lines += ["", f"## Each of the templates, {size}", ""] + table([r for r in some if r.get("mean")], names)
    lines += notes(rows)
    with open(os.path.join(work, "slow.md"), "w") as file:
        file.write("\n".join(slow(rows, names)) + "\n")
    with open(os.path.join(work, "RESULTS.md"), "w") as file:
        file.write("\n".join(lines) + "\n")
