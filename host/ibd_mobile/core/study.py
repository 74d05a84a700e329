"""What to measure, and by which rules."""

from typing import Final, Literal

from ibd_mobile.core.device import Noun, Precision

JobKind = Literal["measure", "accuracy"]
Weights = Literal["trained", "untrained"]
#: what a study can be about, by the names that comparisons use; "" = it is about none in particular
Variable = Literal[
    "",
    "model",
    "training_framework",
    "input_size",
    "precision",
    "batch",
    "framework",
    "processor",
    "threads",
]

#: variable -> the key of a study that holds its values
AXES: Final[dict[Variable, str]] = {
    "model": "models",
    "training_framework": "training_frameworks",
    "precision": "precisions",
    "framework": "frameworks",
    "processor": "processors",
    "threads": "threads",
    "batch": "batches",
    "input_size": "input_sizes",
}


class Protocol(Noun, frozen=True, kw_only=True):
    """The rules of one measurement."""

    schema: Literal[1]
    id: str
    name: str
    is_conforming: bool  #: follows the paper's rules
    warmup_runs: int
    timed_runs: int
    rest_s: float  #: between executions on one phone, on the phone's clock
    battery_floor_pct: float
    battery_max_c: float  #: a battery warmer than this waits
    skin_max_c: float
    power_window_s: float  #: at least this long is the inference repeated for the power phase
    power_periods: int  #: and at least this many renewals of the gauge
    idle_s: float  #: idle baseline before, and again after
    gate_limit_s: float  #: give up a gate after this long
    battery_target_pct: float  #: where charging for the battery gate ends
    source: str


class Study(Noun, frozen=True, kw_only=True):
    """Axes, whose product is the plan."""

    schema: Literal[1]
    id: str
    name: str
    variable: Variable = ""  #: the axis that the study is about; its values follow each other
    models: list[str]
    training_frameworks: list[str]
    precisions: list[Precision]
    frameworks: list[str]
    processors: list[str]
    threads: list[int]
    batches: list[int]
    input_sizes: list[int] = []  #: pixels; empty = the size that each network is published for
    weights: Weights = "trained"
    kinds: list[JobKind]
    protocol: str
    repeats: int = 1  #: of every timed measurement; in an even number of them a drift cancels
    seed: int = 1  #: of the first repetition; the next ones count on from it
    notes: str = ""
