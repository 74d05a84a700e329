"""What a run was asked to do: the first document of its folder."""

from typing import Literal

import msgspec

from ibd_mobile.core.device import Noun, Slot
from ibd_mobile.core.job import Job, Skip
from ibd_mobile.core.model import Dataset
from ibd_mobile.core.study import Protocol, Study


class RunInfo(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """The plan of one run with all it rests on, filed before anything is measured."""

    schema: Literal[2]
    id: str = ""  #: given by the archive
    created_at: str = ""  #: UTC, ISO 8601; given by the archive
    tool_version: str
    study: Study
    protocol: Protocol
    slots: list[Slot]
    jobs: list[Job]  #: the plan, in its order
    skips: list[Skip]
    is_simulated: bool
    #: pictures of the lab that models are tested on, by the model's id
    datasets: dict[str, Dataset] = msgspec.field(default_factory=dict)
