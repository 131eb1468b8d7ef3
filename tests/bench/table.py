"""One row a figure, as Markdown."""

from dataclasses import dataclass
from statistics import median

HEAD = ["figure", "psmith", "denominator", "ratio", "target", "share of the limit"]


@dataclass
class Row:
    name: str
    what: str
    unit: str
    psmith: list  # by round
    against: str
    denominator: list  # by round
    target: str = ""
    limit: float | None = None  # None: the denominator
    limited: bool = True
    lower: bool = False  # a time or a size

    def cells(self):
        mine, other = median(self.psmith), median(self.denominator)
        return [
            f"`{self.name}`: {self.what}",
            f"{number(mine)} {self.unit}",
            f"{number(other)} {self.unit} ({self.against})",
            f"{number(mine / other)} x",
            self.target or "-",
            self.share(mine, other),
        ]

    def share(self, mine, other):
        if not self.limited:
            return "-"
        limit = self.limit or other
        share = limit / mine if self.lower else mine / limit
        return f"{100 * share:.0f} % of {number(limit)} {self.unit}"


def number(x):
    """Three digits that count, no exponent."""
    for digits, least in ((0, 99.95), (1, 9.995), (2, 0.0995), (3, 0.00995)):
        if x >= least:
            return f"{x:.{digits}f}"
    return f"{x:.4f}"


def markdown(rows, head):
    lines = [HEAD, ["---"] * len(HEAD)] if head else []
    lines += [row.cells() for row in rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
