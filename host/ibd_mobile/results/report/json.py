"""A report for programs: everything that is known, and the rows that people are shown."""

from collections.abc import Sequence
from typing import Literal

from ibd_mobile.core.device import Noun
from ibd_mobile.core.record import Record
from ibd_mobile.results.document import encode
from ibd_mobile.results.failure import Failure
from ibd_mobile.results.observation import Observation
from ibd_mobile.results.order_effect import OrderEffect
from ibd_mobile.results.report._study import observations, orders
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.table import Row, rows


class ReportDocument(Noun, frozen=True, kw_only=True, omit_defaults=False):
    """One run as a single document."""

    schema: Literal[1]
    is_simulated: bool
    run: RunInfo
    records: list[Record]
    failures: list[Failure]
    rows: list[Row]
    orders: list[OrderEffect]
    observations: list[Observation]


def render(run: RunInfo, records: Sequence[Record], failures: Sequence[Failure]) -> str:
    """Write the document; the same run gives the same text."""
    found = ReportDocument(
        schema=1,
        is_simulated=run.is_simulated,
        run=run,
        records=list(records),
        failures=list(failures),
        rows=rows(records, run.jobs, failures),
        orders=orders(run, records),
        observations=observations(run, records),
    )
    return encode(found).decode()
