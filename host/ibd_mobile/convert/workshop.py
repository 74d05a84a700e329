"""Where steps are done: run, compared with their source, and kept under the hash of it all."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from ibd_mobile.convert import likeness
from ibd_mobile.convert.cost import count
from ibd_mobile.convert.executor import Executor, Programs, Vendors
from ibd_mobile.convert.program import Answer
from ibd_mobile.convert.recipe import Likeness, Stage
from ibd_mobile.convert.shelf import SAID, Kept, Shelf
from ibd_mobile.convert.steps import step
from ibd_mobile.convert.task import Task
from ibd_mobile.core.errors import DataError
from ibd_mobile.core.file import sha256_of
from ibd_mobile.core.model import Companion, DType, Layout, Quantization, Tensor


@dataclass(frozen=True, slots=True)
class _Hashes:
    key: str
    program: str
    source: dict[str, str]


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a step is done with."""

    shelf: Shelf
    say: Callable[[str], None]
    programs: Executor = field(default_factory=Programs)
    vendors: Executor = field(default_factory=Vendors)

    def do(self, task: Task) -> Kept:
        """Return what the step makes, from the shelf if it has been done before.

        Raises:
            DataError: what was made departs from its source.
            InputError, HostError, PayloadFailed, PayloadTimeout: as `program.run`.
        """
        source_sha256 = {role: sha256_of(path) for role, path in task.source.items()}
        executor = self.vendors if task.is_vendors else self.programs
        program_sha256 = executor.identity(task)
        key = task.key(source_sha256, program_sha256)
        if kept := self.shelf.find(key):
            return kept
        with self.shelf.making(key) as folder:
            if kept := self.shelf.find(key):  # another process made it meanwhile
                return kept
            self.say(task.subject)
            request = task.request(folder)
            answer = executor.run(task, request)
            likenesses = self._verified(task, request, answer)
            hashes = _Hashes(key, program_sha256, source_sha256)
            return self.shelf.publish(folder, _stage(task, hashes, answer, likenesses, folder))

    def _verified(self, task: Task, request: step.Request, answer: Answer) -> list[Likeness]:
        """Measure how far the outputs are from the source's, and refuse what is too far."""
        if task.samples is None or not answer.is_compared:
            return []
        names = [tensor.name for tensor in answer.made.outputs]
        pairs = _pairs(Path(request.folder) / step.COMPARED, len(names), task.subject)
        found = [likeness.compare(name, *pair) for name, pair in zip(names, pairs, strict=True)]
        tolerance = _tolerance(task)
        for one in found:
            problem = likeness.shortfall(one, tolerance)
            if problem:
                raise self._refusal(task, request, f"output '{one.output}' {problem}")
        made = {f"source_{index}": said for index, (_, said) in enumerate(pairs)}
        np.savez(Path(request.folder) / SAID, **made)
        return found

    def _refusal(self, task: Task, request: step.Request, problem: str) -> DataError:
        """Say what is wrong, and where it begins if the step can tell."""
        self.say(f"{task.subject}: outputs depart; looking for the first tensor that does")
        tolerance = _tolerance(task)
        place = ""
        if not task.is_vendors:
            answer = self.programs.run(task, replace(request, is_to_locate=True))
            names, path = answer.made.inner, Path(request.folder) / step.INNER
            pairs = _pairs(path, len(names), task.subject) if names else []
            place = likeness.first_departure(names, pairs, tolerance)
        where = f"; the first inner tensor that departs is '{place}'" if place else ""
        return DataError(
            task.subject,
            f"{problem}{where}; nothing was kept",
            "See whether calibration pictures are like those the network knows, or report the net.",
        )


def _tolerance(task: Task) -> likeness.Tolerance:
    return likeness.tolerance_of(task.precision, is_untrained=task.origin.is_untrained)


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
    task: Task,
    hashes: _Hashes,
    answer: Answer,
    likenesses: list[Likeness],
    folder: Path,
) -> Stage:
    made = answer.made
    path = folder / task.file
    if not path.is_file() or not path.stat().st_size:
        raise DataError(task.subject, f"said it was done, but there is no {task.file}")
    companions = [_companion(role, folder / name) for role, name in made.companions.items()]
    return Stage(
        schema=1,
        key=hashes.key,
        model=task.origin.model,
        training_framework=task.origin.training_framework,
        is_untrained=task.origin.is_untrained,
        step=task.step,
        step_sha256=hashes.program,
        parent=task.parent,
        source_sha256=hashes.source,
        format=task.format,
        precision=task.precision,
        layout=cast(Layout, made.layout),
        batch=made.batch,
        options={name: str(value) for name, value in task.options.items()},
        calibration_sha256=task.calibration.sha256 if task.calibration else "",
        calibration=task.calibration.told if task.calibration else "",
        tools=answer.tools,
        wall_s=round(answer.wall_s, 3),
        peak_bytes=answer.peak_bytes,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        likeness=likenesses,
        notes=made.notes,
        file=task.file,
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        companions=companions,
        inputs=[_tensor(t) for t in made.inputs],
        outputs=[_tensor(t) for t in made.outputs],
        cost=count(path, task.format, task.source_cost),
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
