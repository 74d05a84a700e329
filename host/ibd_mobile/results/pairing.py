"""Which configurations of A stand against which of B, and what the comparison is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ibd_mobile.core.errors import InputError, ValidityError
from ibd_mobile.core.registry import unknown
from ibd_mobile.results.compare import obstacle
from ibd_mobile.results.key import (
    FIELDS,
    REPEAT,
    VARIABLES,
    differences,
    in_the_way,
    is_simulated,
    key_of,
)
from ibd_mobile.results.selection import Selection
from ibd_mobile.results.side import Side

#: so many of each side are looked at for the pair that comes nearest
_NEAR_COUNT = 40
Signature = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Pairing:
    """Comparable configurations, each with all its repetitions."""

    by: str
    pairs: list[list[tuple[Side, Side]]]
    alone: list[tuple[str, Side]]  #: ("A" or "B", what has no partner)


def pair(a: Sequence[Side], b: Sequence[Side], by: str) -> Pairing:
    """Put configurations together that differ in nothing but the variable.

    Repetitions are paired in the order in which they were measured.

    Raises:
        ValidityError: there is no such pair; the nearest one's other difference is named.
    """
    others = _others(a, b, by)
    groups_a, groups_b = _groups(a, by), _groups(others, by)
    pairs = []
    for signature, left in groups_a.items():
        for value_a, sides_a in left.items():
            for value_b, sides_b in groups_b.get(signature, {}).items():
                if by == REPEAT or value_a[0] != value_b[0]:
                    pairs.append(list(zip(sides_a, sides_b, strict=False)))
    if not pairs:
        raise _none(a, others, by)
    used = {id(side) for group in pairs for two in group for side in two}
    alone = [("A", side) for side in a if id(side) not in used]
    alone += [("B", side) for side in others if id(side) not in used]
    return Pairing(by, pairs, alone)


def studied(a: Sequence[Side], b: Sequence[Side], by: str | None, *filters: Selection) -> str:
    """Say what a comparison is about: as asked, by what the filters differ in, or by the data.

    Raises:
        InputError: there is no such variable, or there are several to choose from.
        ValidityError: no two differ in one variable alone.
    """
    if by is not None:
        if by not in (*VARIABLES, REPEAT):
            raise unknown("variable", by, (*VARIABLES, REPEAT))
        return by
    asked = [name for name in VARIABLES if len({_values(f, name) for f in filters}) > 1]
    if len(asked) == 1:
        return asked[0]
    possible = [name for name in (REPEAT, *VARIABLES) if _has_pair(a, b, name)]
    if not possible:
        raise _none(a, b, REPEAT)
    if REPEAT in possible:
        return REPEAT
    if len(possible) > 1:
        told = ", ".join(possible)
        remedy = f"Say --by {possible[0]}, or narrow A and B, as in RUN:{possible[0]}=…"
        raise InputError("comparison", f"could be about {told}", remedy)
    return possible[0]


def _values(selection: Selection, name: str) -> frozenset[str]:
    return frozenset(selection.wanted.get(name, ()))


def _has_pair(a: Sequence[Side], b: Sequence[Side], by: str) -> bool:
    left, right = _groups(a, by), _groups(_others(a, b, by), by)
    return any(
        by == REPEAT or any(x[0] != y[0] for x in left[signature] for y in right[signature])
        for signature in left.keys() & right.keys()
    )


def _groups(sides: Iterable[Side], by: str) -> dict[Signature, dict[Signature, list[Side]]]:
    """All that must agree -> the variable and what follows from it -> repetitions."""
    found: dict[Signature, dict[Signature, list[Side]]] = {}
    must = [field.name for field in FIELDS if field.name != by and by not in field.follows]
    for side in sides:
        keys = {kind: key_of(record) for kind, record in side.records.items()}
        main = keys.get("measure") or keys["accuracy"]
        signature = (is_simulated(side.main), *(main[name] for name in must))
        may = tuple(main[f.name] for f in FIELDS if f.name not in must)
        value = (main.get(by, ""), may)
        found.setdefault(signature, {}).setdefault(value, []).append(side)
    return found


def _others(a: Sequence[Side], b: Sequence[Side], by: str) -> list[Side]:
    """Leave out of B what is in A: nothing repeats itself."""
    known = {(side.run, side.main.job_id) for side in a}
    return [side for side in b if by != REPEAT or (side.run, side.main.job_id) not in known]


def _none(a: Sequence[Side], b: Sequence[Side], by: str) -> ValidityError:
    """Tell of the pair that comes nearest what keeps it apart."""
    others = _others(a, b, by)
    near = [
        (len(in_the_way(differences(x.main, y.main), by)), i, j)
        for i, x in enumerate(a[:_NEAR_COUNT])
        for j, y in enumerate(others[:_NEAR_COUNT])
    ]
    if not near:
        return ValidityError("comparison", "A and B are the same measurement", "Name two runs.")
    _, i, j = min(near)
    x, y = a[i], others[j]
    about = "" if by == REPEAT else f" as to {by}"
    subject = f"{x.run} {x.main.job_id} and {y.run} {y.main.job_id}"
    reason = obstacle(x, y, by) or "they do not differ in it"
    problem = f"cannot be compared{about}: {reason}"
    return ValidityError(subject, problem, "Choose two that differ in one thing; see --by.")
