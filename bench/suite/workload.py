"""What a workload is: one question on one data set, in the languages of the peers."""
from dataclasses import dataclass, field


@dataclass
class Workload:
    name: str                # in the table, unique
    group: str               # what --only names
    data: str                # data set (data.py)
    texts: dict              # language -> text, or list of texts with different constants
    mode: str = "new"        # "new" or "prepared"
    parameters: list = field(default_factory=list)
    fetch: str = "rows"      # "rows" or "count"
    times: int = 15          # samples at most
    seconds: float = 5       # for them at most
    runs: int = 1            # in a sample
    mean: str = ""           # of this mean in the table: a geometric mean over all workloads that name it
    do: str = "run"          # "run", "cold", "insert", "flushes", "concurrent", "start"
    request: dict = field(default_factory=dict)  # further fields of the request
    about: str = ""          # name of the unlensed workload that this one is compared with

    def texts_of(self, languages):
        """The texts for a peer with these languages, or None."""
        for language in languages:
            if language in self.texts:
                texts = self.texts[language]
                return texts if isinstance(texts, list) else [texts]
        return None


@dataclass
class Context:
    """What the makers of workloads may look at."""
    data: object    # data.Data
    size: str       # "tiny", "1m", "10m"
    quick: bool
