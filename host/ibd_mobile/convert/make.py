"""From a wish to a verified file: build or fetch, convert step by step, compare, keep."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ibd_mobile.catalog.stock import Converted
from ibd_mobile.convert import samples
from ibd_mobile.convert.cost import count, from_source
from ibd_mobile.convert.executor import Programs, Vendors
from ibd_mobile.convert.program import STEPS
from ibd_mobile.convert.recipe import Wish
from ibd_mobile.convert.route import Route, Step, to_wish
from ibd_mobile.convert.samples import Batch
from ibd_mobile.convert.shelf import Kept, Shelf
from ibd_mobile.convert.sources import Report, Sources
from ibd_mobile.convert.task import Origin, Task
from ibd_mobile.convert.workshop import Workshop
from ibd_mobile.core.device import Precision
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import Cost, Input, Layout, Model, Tensor, Variant

#: formats of which nothing is counted, but what is made of them can be
_COUNTED_AS_ONNX: Final = ("keras", "pt2", "caffe2")
_COUNTABLE: Final = ("onnx", "tflite")
#: of the random weights of untrained networks
WEIGHTS_SEED: Final = 1


def _no_progress(_: object) -> Callable[[int, int], None]:
    return lambda *_: None


@dataclass
class Maker:
    """Makes files of networks, and keeps what it made.

    Args:
        shelf: where made files are kept.
        sources: where published files are kept.
        say: told in a few words what is being done.
        report: gives for each file of a source what is told as its bytes come.
        check_stop: called now and then; raises where the person at the keyboard wants to stop.
        calibration_folder: the lab's pictures for quantizers.
    """

    shelf: Shelf = field(default_factory=Shelf)
    sources: Sources = field(default_factory=Sources)
    say: Callable[[str], None] = lambda _: None
    report: Report = _no_progress
    check_stop: Callable[[], None] = lambda: None
    calibration_folder: Path | None = None
    steps: Path = STEPS  #: folder of the steps' programs

    def make(self, model: Model, variant: Variant, wish: Wish) -> list[Kept]:
        """Make a file, or take it from the shelf, and return the stages that led to it, in order.

        Raises:
            InputError: there is no way, a step refuses the network, or the input size is wrong.
            DataError: the outputs departed from the source's; there is no file.
            HostError, PayloadFailed, PayloadTimeout: as `program.run`.
        """
        if reason := _size_reason(variant, wish):
            raise InputError(f"model '{model.id}'", reason)
        route = to_wish(variant, wish.format, wish.precision, is_untrained=wish.is_untrained)
        if not route.builder and not route.legs:
            raise InputError(
                f"model '{model.id}'",
                f"is published as {wish.format} already; there is nothing to convert",
                "List the file among the artifacts of the model's TOML.",
            )
        made = _Chain(self, model, variant, wish, route).run()
        if wish.format in _COUNTED_AS_ONNX and not made[-1].stage.cost.macs_count:
            twin = self.make(model, variant, Wish(
                format="onnx", input_size=wish.input_size, is_untrained=wish.is_untrained
            ))  # fmt: skip
            made[-1] = self.shelf.amend(made[-1], from_source(twin[-1].stage.cost))
        return made


def _size_reason(variant: Variant, wish: Wish) -> str:
    """Say why a network cannot be had at a size, or "".

    A published graph has the size that it was published with; only weights that are put into a
    definition here can be had at others.
    """
    if reason := variant.input.size_reason(wish.input_size):
        return reason
    is_own = wish.input_size in (0, variant.input.height)
    if is_own or wish.is_untrained or variant.source is None:
        return ""
    if variant.source.format == "state_dict":
        return ""
    return f"its source has an input of {variant.input.height} px; others only --untrained"


def converted(kept: Kept) -> Converted:
    """Describe a made file as the catalog's stock takes it."""
    stage = kept.stage
    return Converted(stage.model, stage.training_framework, stage.artifact([]), kept.folder)


@dataclass
class _Chain:
    """The stages of one wish, each made of the one before."""

    maker: Maker
    model: Model
    variant: Variant
    wish: Wish
    route: Route

    def run(self) -> list[Kept]:
        maker = self.maker
        workshop = Workshop(
            maker.shelf,
            maker.say,
            Programs(maker.check_stop, maker.steps),
            Vendors(maker.check_stop),
        )
        stages: list[Kept] = []
        files: Mapping[str, Path] = {} if self.wish.is_untrained else self._source_files()
        if self.route.builder:
            stages.append(workshop.do(self._building(files)))
            files = stages[-1].files
        for leg, precision in self.route.legs:
            stages.append(workshop.do(self._leg(leg, precision, files, stages)))
            files = stages[-1].files
        return stages

    def _source_files(self) -> Mapping[str, Path]:
        source = self.variant.source
        if source is None:
            raise InputError(f"model '{self.model.id}'", "has no source")
        found = self.maker.sources.here(self.model, source)
        return found or self.maker.sources.fetch(self.model, source, self.maker.report)

    @property
    def _origin(self) -> Origin:
        framework = self.variant.training_framework
        return Origin(self.model.id, framework, self.wish.is_untrained)

    @property
    def _size(self) -> int:
        return self.wish.input_size or self.variant.input.height

    def _building(self, files: Mapping[str, Path]) -> Task:
        definition, taken = self.variant.definition, self.variant.input
        if definition is None:
            raise InputError(f"model '{self.model.id}'", "has no definition")
        low = min((0 - m) / s for m, s in zip(taken.mean, taken.scale, strict=True))
        high = max((255 - m) / s for m, s in zip(taken.mean, taken.scale, strict=True))
        options: dict[str, Any] = {
            "library": definition.library,
            "name": definition.name,
            "seed": WEIGHTS_SEED,
            "input_size": self._size,
            "outputs_count": self.variant.outputs_count,
            "input_low": low,
            "input_high": high,
            **definition.options,
        }
        is_keras = self.route.builder == "build_keras"
        return Task(
            origin=self._origin,
            step=self.route.builder,
            source=files,
            parent="",
            format="keras" if is_keras else "pt2",
            precision="float32",
            batch=-1,
            input_shape=_shape(self._size, taken, "NHWC" if is_keras else "NCHW"),
            samples=None,
            calibration=None,
            options=options,
        )

    def _leg(
        self, leg: Step, precision: Precision, files: Mapping[str, Path], stages: list[Kept]
    ) -> Task:
        taken, size = self.variant.input, self._size
        stage_cost = stages[-1].stage.cost if stages else None
        layout = stages[-1].stage.layout if stages else taken.layout
        is_last = (leg, precision) == self.route.legs[-1]
        return Task(
            origin=self._origin,
            step=leg.id,
            source=files,
            parent=stages[-1].stage.key if stages else "",
            format=leg.makes,
            precision=precision,
            batch=self.wish.batch if is_last else -1,
            input_shape=_shape(size, taken, layout),
            samples=samples.comparison(self.model, taken, size, layout),
            calibration=self._calibration(layout) if precision == "int8" else None,
            options=self._options(leg, stages),
            is_vendors=leg.is_vendors,
            source_cost=lambda: stage_cost or self._source_cost(files),
            source_said=stages[-1].said if stages else None,
        )

    def _source_cost(self, files: Mapping[str, Path]) -> Cost | None:
        """Count a published file that is a graph we can read."""
        source = self.variant.source
        if source is None or source.format not in _COUNTABLE:
            return None
        return count(files["model"], source.format)

    def _options(self, leg: Step, stages: list[Kept]) -> dict[str, Any]:
        """Tell a step of the tensors that its source's file may not tell."""
        if not stages:
            source = self.variant.source
            inputs, outputs = (source.inputs, source.outputs) if source else ([], [])
        else:
            inputs, outputs = stages[-1].stage.inputs, stages[-1].stage.outputs
        if leg.is_vendors:
            told = {"inputs": _tables(inputs), "outputs": _tables(outputs)}
            layout = stages[-1].stage.layout if stages else self.variant.input.layout
            return {**told, "layout": layout}
        if stages or not inputs:
            return {}
        return {"inputs": [t.name for t in inputs], "outputs": [t.name for t in outputs]}

    def _calibration(self, layout: Layout) -> Batch:
        folder = self.maker.calibration_folder
        dataset = self.model.dataset
        is_drawn = dataset is not None and dataset.generator  # what it is tested on is no example
        if folder is None and not is_drawn and not self.wish.is_untrained:
            raise InputError(
                f"model '{self.model.id}'",
                "is trained, and int8 needs pictures like those it knows",
                "Name a folder of pictures with --calibration.",
            )
        return samples.calibration(self.model, self.variant.input, self._size, layout, folder)


def _shape(size: int, taken: Input, layout: Layout) -> tuple[int, ...]:
    return (size, size, taken.channels) if layout == "NHWC" else (taken.channels, size, size)


def _tables(tensors: list[Tensor]) -> list[dict[str, Any]]:
    return [{"name": t.name, "dtype": t.dtype, "shape": t.shape} for t in tensors]
