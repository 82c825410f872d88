"""The tables of docs/translation.md. ``python -m tests.pairs.table`` writes them anew."""

from pathlib import Path

from .outcomes import PAIRS, PROVIDERS, Pairs, outcome

PAGE = Path(__file__).parents[2] / "docs" / "translation.md"
MARK = "<!-- from here on: python -m tests.pairs.table -->\n"


def tables() -> str:
    return "\n".join(_table(pairs) for pairs in PAIRS)


def _table(pairs: Pairs) -> str:
    kinds = [kind for kind in PROVIDERS if kind not in pairs.relayed]
    relayed = ", ".join(f"`{kind}`" for kind in PROVIDERS if kind in pairs.relayed)
    said = f"Relayed as it is to {relayed}.\n" if relayed else "Translated for every kind of provider.\n"
    rows = [
        f"| {feature.name} | {' | '.join(outcome(pairs, feature, kind) for kind in kinds)} |"
        for feature in pairs.features()
    ]
    head = f"| | {' | '.join(f'`{kind}`' for kind in kinds)} |\n|---|{'---|' * len(kinds)}\n"
    return f"## {pairs.title}\n{said}\n{head}" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    before, _, _ = PAGE.read_text().partition(MARK)
    PAGE.write_text(before + MARK + "\n" + tables())
