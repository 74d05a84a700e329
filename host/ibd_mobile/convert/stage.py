"""One step of a conversion: run, compared, and kept under the hash of all it depends on."""

import functools
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import numpy as np

from ibd_mobile.convert import likeness, program
from ibd_mobile.convert.cost import count
from ibd_mobile.convert.program import STEPS, Answer
from ibd_mobile.convert.recipe import Likeness, Stage
from ibd_mobile.convert.samples import Batch
from ibd_mobile.convert.shelf import Kept, Shelf
from ibd_mobile.convert.steps import step
from ibd_mobile.core.device import Precision
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.model import (
    ArtifactFormat,
    Companion,
    DType,
    Layout,
    Quantization,
    Tensor,
    TrainingFramework,
)

#: names of modules in what is imported from the steps' folder
_IMPORT: Final = re.compile(r"\bsteps(?:\.| import )(\w+)")
_ENDINGS: Final = {"caffe2": "_init.pb"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose network it is."""

    model: str
    training_framework: TrainingFramework
    is_untrained: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """One step to be done; everything that its outcome depends on."""

    origin: Origin
    step: str  #: name of its file in `steps/`
    source: Mapping[str, Path]  #: role -> file; empty for a builder without weights
    parent: str  #: key of the stage that made the source; "" if none did
    format: ArtifactFormat  #: of what is made
    precision: Precision
    batch: int
    input_shape: tuple[int, ...]  #: of one sample, in the source's layout
    samples: Batch | None  #: for the comparison; None: nothing to compare with
    calibration: Batch | None  #: for a quantizer
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> str:
        """What errors and progress call it."""
        name = f"{self.origin.model} ({self.origin.training_framework})"
        return f"{name} → {self.precision} {self.format}, step {self.step}"

    @property
    def file(self) -> str:
        """Name of the file to be made; its ending tells the format."""
        size = max(self.input_shape[-2:]) if self.input_shape[0] <= 4 else self.input_shape[0]
        batch = "" if self.batch == -1 else f"_b{self.batch}"
        name = f"{self.origin.model}_{self.origin.training_framework}_{size}px{batch}"
        if self.origin.is_untrained:
            name += "_untrained"
        return f"{name}_{self.precision}{_ENDINGS.get(self.format, f'.{self.format}')}"

    def key(self, source_sha256: Mapping[str, str]) -> str:
        """Hash everything that the made files depend on, the step's own text among it."""
        facts = {
            "schema": 1,
            "origin": [self.origin.model, self.origin.training_framework, self.origin.is_untrained],
            "step": self.step,
            "step_sha256": step_sha256(self.step),
            "source": dict(source_sha256),
            "format": self.format,
            "precision": self.precision,
            "batch": self.batch,
            "input_shape": list(self.input_shape),
            "options": dict(self.options),
            "calibration": self.calibration.sha256 if self.calibration else "",
            "samples": self.samples.sha256 if self.samples else "",
        }
        return hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a step is done with."""

    shelf: Shelf
    say: Callable[[str], None]
    check_stop: Callable[[], None]

    def do(self, plan: Plan) -> Kept:
        """Return what the step makes, from the shelf if it has been done before.

        Raises:
            DataError: what was made departs from its source.
            InputError, HostError, PayloadFailed, PayloadTimeout: as `program.run`.
        """
        source_sha256 = {role: sha256_of(path) for role, path in plan.source.items()}
        key = plan.key(source_sha256)
        if kept := self.shelf.find(key):
            return kept
        with self.shelf.making(key) as folder:
            if kept := self.shelf.find(key):  # another process made it meanwhile
                return kept
            self.say(plan.subject)
            request = _request(plan, folder)
            answer = program.run(plan.step, request, plan.subject, self.check_stop)
            likenesses = self._verified(plan, request, answer)
            stage = _stage(plan, key, source_sha256, answer, likenesses, folder)
            return self.shelf.publish(folder, stage)

    def _verified(self, plan: Plan, request: step.Request, answer: Answer) -> list[Likeness]:
        """Measure how far the outputs are from the source's, and refuse what is too far."""
        if plan.samples is None:
            return []
        names = [tensor.name for tensor in answer.made.outputs]
        pairs = _pairs(Path(request.folder) / step.COMPARED, len(names), plan.subject)
        found = [likeness.compare(name, *pair) for name, pair in zip(names, pairs, strict=True)]
        tolerance = likeness.TOLERANCES[plan.precision]
        for one in found:
            problem = likeness.shortfall(one, tolerance)
            if problem:
                raise self._refusal(plan, request, f"output '{one.output}' {problem}")
        return found

    def _refusal(self, plan: Plan, request: step.Request, problem: str) -> DataError:
        """Say what is wrong, and where it begins if the step can tell."""
        self.say(f"{plan.subject}: outputs depart; looking for the first tensor that does")
        tolerance = likeness.TOLERANCES[plan.precision]
        answer = program.run(
            plan.step, replace(request, is_to_locate=True), plan.subject, self.check_stop
        )
        names, path = answer.made.inner, Path(request.folder) / step.INNER
        pairs = _pairs(path, len(names), plan.subject) if names else []
        place = likeness.first_departure(names, pairs, tolerance)
        where = f"; the first inner tensor that departs is '{place}'" if place else ""
        return DataError(
            plan.subject,
            f"{problem}{where}; nothing was kept",
            "See whether calibration pictures are like those the network knows, or report the net.",
        )


def _request(plan: Plan, folder: Path) -> step.Request:
    def saved(name: str, batch: Batch | None) -> str:
        if batch is None:
            return ""
        np.save(folder / name, batch.values)
        return str(folder / name)

    return step.Request(
        source={role: str(path) for role, path in plan.source.items()},
        folder=str(folder),
        file=plan.file,
        precision=plan.precision,
        batch=plan.batch,
        input_shape=list(plan.input_shape),
        calibration=saved("calibration.npy", plan.calibration),
        samples=saved("samples.npy", plan.samples),
        options=dict(plan.options),
    )


def _pairs(path: Path, count: int, subject: str) -> list[tuple[Any, Any]]:
    """Read what source and made network said.

    Raises:
        DataError: the step did not write it, or not for every output.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            pairs = [(arrays[f"source_{k}"], arrays[f"target_{k}"]) for k in range(count)]
    except (OSError, KeyError, ValueError) as error:
        raise DataError(subject, f"did not write what was to be compared: {error}") from error
    for source, made in pairs:
        if source.shape != made.shape:
            raise DataError(subject, f"gives {made.shape} where its source gives {source.shape}")
    return pairs


def _stage(
    plan: Plan,
    key: str,
    source_sha256: dict[str, str],
    answer: Answer,
    likenesses: list[Likeness],
    folder: Path,
) -> Stage:
    made = answer.made
    path = folder / plan.file
    if not path.is_file() or not path.stat().st_size:
        raise DataError(plan.subject, f"said it was done, but there is no {plan.file}")
    companions = [_companion(role, folder / name) for role, name in made.companions.items()]
    return Stage(
        schema=1,
        key=key,
        model=plan.origin.model,
        training_framework=plan.origin.training_framework,
        is_untrained=plan.origin.is_untrained,
        step=plan.step,
        step_sha256=step_sha256(plan.step),
        parent=plan.parent,
        source_sha256=source_sha256,
        format=plan.format,
        precision=plan.precision,
        layout=cast(Layout, made.layout),
        batch=made.batch,
        options={name: str(value) for name, value in plan.options.items()},
        calibration_sha256=plan.calibration.sha256 if plan.calibration else "",
        calibration=plan.calibration.told if plan.calibration else "",
        tools=answer.tools,
        wall_s=round(answer.wall_s, 3),
        peak_bytes=answer.peak_bytes,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        likeness=likenesses,
        notes=made.notes,
        file=plan.file,
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        companions=companions,
        inputs=[_tensor(t) for t in made.inputs],
        outputs=[_tensor(t) for t in made.outputs],
        cost=count(path, plan.format),
    )


def _companion(role: str, path: Path) -> Companion:
    return Companion(
        role=role, file=path.name, sha256=sha256_of(path), size_bytes=path.stat().st_size
    )


def _tensor(info: step.TensorInfo) -> Tensor:
    quantization = None
    if info.scale is not None and info.zero_point is not None:
        quantization = Quantization(scale=info.scale, zero_point=info.zero_point)
    return Tensor(
        name=info.name,
        dtype=cast(DType, info.dtype),
        shape=info.shape,
        quantization=quantization,
    )


@functools.cache
def step_sha256(id: str) -> str:
    """Hash a step's program with the modules of ours that it imports."""
    digest = hashlib.sha256()
    for path in sorted(_with_imports(STEPS / f"{id}.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _with_imports(path: Path) -> set[Path]:
    found, waiting = {path}, [path]
    while waiting:
        for name in _IMPORT.findall(waiting.pop().read_text(encoding="utf-8")):
            inner = STEPS / f"{name}.py"
            if inner.is_file() and inner not in found:
                found.add(inner)
                waiting.append(inner)
    return found
