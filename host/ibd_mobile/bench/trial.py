"""A study of accuracies on this computer, run by the product's own road into a folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from ibd_mobile.bench.plan import plan
from ibd_mobile.bench.provision import provision
from ibd_mobile.bench.scheduler import Scheduler
from ibd_mobile.bench.target import open_target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.convert.make import Maker
from ibd_mobile.core.device import Slot
from ibd_mobile.core.record import Record
from ibd_mobile.core.study import Study
from ibd_mobile.core.version import VERSION
from ibd_mobile.results.event_log import Event
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.run_writer import RunWriter

_HOST: Final = "host_cpu"


def accuracy_study(
    models: Sequence[str], precisions: Sequence[str], frameworks: Sequence[str]
) -> Study:
    """Lay out accuracy jobs of models from all training frameworks, one thread each."""
    return msgspec.convert(
        {
            "schema": 1,
            "id": "verify",
            "name": "accuracy of the models",
            "models": list(models),
            "training_frameworks": ["tensorflow", "pytorch", "caffe2"],
            "precisions": list(precisions),
            "frameworks": list(frameworks),
            "processors": ["cpu"],
            "threads": [1],
            "batches": [1],
            "kinds": ["accuracy"],
            "protocol": "quick",
        },
        Study,
    )


@dataclass(frozen=True, slots=True)
class Trial:
    """What such a study is run with.

    Args:
        maker: converts what is missing.
        watch: told what happens.
    """

    maker: Maker
    watch: Callable[[Event], None] = lambda _: None

    def run(self, study: Study, stock: Stock, root: Path) -> tuple[Stock, list[Record]]:
        """Run a study, and return the stock with the files it needed, and what was measured.

        Args:
            study: of accuracy jobs.
            stock: the catalog.
            root: folder in which the archive is made.

        Raises:
            InputError: none of it can be run here.
        """
        target = open_target(Slot(id=_HOST), stock)
        stock, reasons = provision(study, [target], stock, self.maker)
        cells = plan(study, [target], stock.models, reasons)
        info = RunInfo(
            schema=2,
            tool_version=VERSION,
            study=study,
            protocol=stock.protocols[study.protocol],
            slots=[target.slot],
            jobs=cells.jobs,
            skips=cells.skips,
            is_simulated=False,
        )
        with RunWriter.create(root, info) as run:
            Scheduler(run, stock, self.watch).execute([target])
            return stock, list(run.records())
