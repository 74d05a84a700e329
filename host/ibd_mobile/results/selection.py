"""What a person names to be compared: a run, or a part of it such as `RUN:precision=int8`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ibd_mobile.core.errors import InputError
from ibd_mobile.core.registry import unknown
from ibd_mobile.results.key import VARIABLES, key_of
from ibd_mobile.results.side import Side

_FORM = re.compile(r"(?P<run>.*?)(?::(?P<filter>[a-z_]+=[^:]*))?", re.DOTALL)
_JOB = "job"


@dataclass(frozen=True, slots=True)
class Selection:
    """A run and what is wanted of it."""

    text: str  #: as it was written
    run: str  #: id or path; "" = the latest
    wanted: dict[str, set[str]] = field(default_factory=dict)  #: variable -> its values

    def choose(self, sides: Iterable[Side]) -> list[Side]:
        """Keep the configurations that are wanted.

        Raises:
            InputError: nothing fits; the values that there are are named.
        """
        known = list(sides)
        found = [side for side in known if self._fits(side)]
        if not found:
            raise InputError(self.text, "fits no job that is done", self._remedy(known))
        return found

    def _fits(self, side: Side) -> bool:
        key = key_of(side.main)
        ids = {record.job_id for record in side.records.values()}
        return all(
            bool(ids & values) if name == _JOB else key[name] in values
            for name, values in self.wanted.items()
        )

    def _remedy(self, known: list[Side]) -> str:
        if not known:
            return "See `ibd-mobile report`, and `ibd-mobile resume`."
        told = []
        for name in self.wanted:
            if name == _JOB:
                values = [record.job_id for side in known for record in side.records.values()]
            else:
                values = [key_of(side.main)[name] for side in known]
            told.append(f"{name}: {', '.join(dict.fromkeys(values))}")
        return f"There is {'; '.join(told)}."


def parse(text: str) -> Selection:
    """Read `RUN`, or `RUN:name=value,name=value`; a name given twice takes both values.

    Raises:
        InputError: a name is none of the key's; the nearest is offered.

    >>> parse("runs/x:precision=int8,batch=4,batch=8").wanted["batch"] == {"4", "8"}
    True
    """
    form = _FORM.fullmatch(text)
    run, filter = (form["run"], form["filter"]) if form else (text, None)
    wanted: dict[str, set[str]] = {}
    for part in filter.split(",") if filter else ():
        name, has_value, value = part.partition("=")
        if name not in (*VARIABLES, _JOB):
            raise unknown("filter", name, (*VARIABLES, _JOB))
        if not has_value or not value:
            raise InputError(text, f"gives no value for {name}", f"Write {name}=VALUE.")
        wanted.setdefault(name, set()).add(value)
    return Selection(text, run, wanted)
