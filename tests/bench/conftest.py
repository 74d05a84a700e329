"""A machine to measure on (this computer), short rules to measure by, and runs made with both."""

import dataclasses
import hashlib
import importlib.util
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from ibd_mobile.bench.plan import plan
from ibd_mobile.bench.session import Session
from ibd_mobile.bench.target import Target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.device import Device, Slot
from ibd_mobile.core.payload import models_folder, payload
from ibd_mobile.core.record import Record
from ibd_mobile.core.seams import BroughtFile, Link
from ibd_mobile.machine import probe
from ibd_mobile.machine.local import LocalLink
from ibd_mobile.results.event_log import Event
from ibd_mobile.results.run_info import RunInfo
from ibd_mobile.results.run_writer import RunWriter

PLATFORM = f"{sys.platform}-{platform.machine()}"


@pytest.fixture
def link(tmp_path: Path) -> LocalLink:
    return LocalLink(tmp_path / "machine")


@pytest.fixture
def programs(tmp_path: Path) -> list[BroughtFile]:
    """The sampler, the fake engine's program, and a model that it does not look into."""
    nodes = tmp_path / "nodes.tsv"
    nodes.write_text("uptime\t/proc/uptime\n")
    model = tmp_path / "model.bin"
    model.write_bytes(b"no network")
    return [
        BroughtFile(role="sampler", source=payload(PLATFORM, "ibd_sampler")),
        BroughtFile(role="program", source=payload(PLATFORM, "ibd_bench")),
        BroughtFile(role="nodes", source=nodes),
        BroughtFile(role="model", source=model),
    ]


@pytest.fixture(scope="session")
def shapes() -> ModuleType:
    """The generator of the data set, loaded apart from the product's way."""
    path = models_folder() / "mini" / "shapes.py"
    spec = importlib.util.spec_from_file_location("shapes_for_tests", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Caches and settings of a user of our own."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def _at_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))


@pytest.fixture(scope="session")
def small(shapes: ModuleType) -> Stock:
    """The catalog with a data set of 20 pictures, and a protocol that is over in a moment."""
    stock = Stock.read()
    model = stock.models["shapes_classifier"]
    assert model.dataset is not None
    images, labels = shapes.images(1, 20), shapes.labels(1, 20)
    dataset = msgspec.structs.replace(
        model.dataset,
        count=20,
        images_sha256=hashlib.sha256(images.tobytes()).hexdigest(),
        truth_sha256=hashlib.sha256(labels.tobytes()).hexdigest(),
    )
    brisk = msgspec.structs.replace(
        stock.protocols["quick"], id="brisk", power_window_s=0.1, idle_s=0.0
    )
    models = {model.id: msgspec.structs.replace(model, dataset=dataset)}
    return Stock(
        devices=stock.devices,
        phones=stock.phones,
        protocols={**stock.protocols, "brisk": brisk},
        studies=stock.studies,
        models=models,
        slots={},
    )


def host(stock: Stock, link: Link, slot: str = "host_cpu") -> Target:
    """This computer in a slot."""
    identity = probe.probe(link, stock.devices, stock.phones)
    return Target(Slot(id=slot), link, stock.devices["host_cpu"], None, identity)


@dataclass
class Bench:
    """A run on targets, with all that was told while it went on."""

    stock: Stock
    targets: list[Target]
    run: RunWriter
    events: list[Event] = field(default_factory=list)

    def session(self) -> Session:
        return Session(self.targets[0], self.run, self.stock, self.events.append)

    def told(self, *kinds: str) -> list[str]:
        return [e.text for e in self.events if e.kind in kinds]


def bench_of(stock: Stock, targets: list[Target], runs: Path, **changes: object) -> Bench:
    """Plan a study (the int8 file, measured) on targets, and make its run."""
    study = msgspec.structs.replace(
        stock.studies["shapes"],
        **{"precisions": ["int8"], "kinds": ["measure"], "protocol": "brisk", **changes},
    )
    cells = plan(study, targets, stock.models)
    info = RunInfo(
        schema=2,
        tool_version="test",
        study=study,
        protocol=stock.protocols[study.protocol],
        slots=[t.slot for t in targets],
        jobs=cells.jobs,
        skips=cells.skips,
        is_simulated=False,
    )
    return Bench(stock, targets, RunWriter.create(runs, info))


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench(small: Stock, link: LocalLink, tmp_path: Path) -> Iterator[MakeBench]:
    """Makes a run on this computer, or on links that are given by slot."""
    made: list[Bench] = []

    def make(
        links: Mapping[str, Link] | None = None, device: Device | None = None, **changes: object
    ) -> Bench:
        given = links or {"host_cpu": link}
        targets = [host(small, each, slot) for slot, each in given.items()]
        if device is not None:
            targets = [dataclasses.replace(t, device=device) for t in targets]
        made.append(bench_of(small, targets, tmp_path / "runs", **changes))
        return made[-1]

    yield make
    for bench in made:
        bench.run.close()


@dataclass(frozen=True)
class Measured:
    """A finished run, to be read only: a measuring and an accuracy job."""

    bench: Bench
    records: dict[str, Record]  #: by kind


@pytest.fixture(scope="session")
def measured(small: Stock, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Two jobs that a real session measured on this computer."""
    folder = tmp_path_factory.mktemp("measured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        target = host(small, LocalLink(folder / "machine"))
        bench = bench_of(small, [target], folder / "runs", kinds=["measure", "accuracy"])
        with bench.session() as session:
            records = {job.kind: session.measure(job) for job in bench.run.info.jobs}
    bench.run.close()
    return Measured(bench, records)
