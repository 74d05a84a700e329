"""Programs of torch.export, read without running anything of their makers'."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

from ibd_mobile.convert.steps import batch, step

#: what a program consists of; the rest that an archive may have is code or pickled objects
_PARTS = ("models/", "data/weights/", "data/constants/tensor_", "data/sample_inputs/", ".data/")
_FACTS = ("archive_format", "archive_version", "byteorder", "version")


class Network:
    """A program of one input.

    Args:
        program: torch.export's.
    """

    def __init__(self, program: Any) -> None:
        self.program = program
        names = program.graph_signature.user_inputs
        self.input_name = str(names[0])
        node = next(n for n in program.graph.nodes if n.name == self.input_name)
        #: of the input, batch first, None where open
        self.shape = [n if isinstance(n, int) else None for n in node.meta["val"].shape]
        self._module = program.module()

    def settle(self, request: step.Request) -> list[int | None]:
        """Return the shape that is asked for, batch first.

        Raises:
            Refused: it does not fit the program.
        """
        return batch.settled(self.shape, self.input_name, request)

    def outputs(self, samples: Any) -> list[Any]:
        """Run it: (n, …) to one array (n, …) per output."""
        size = batch.fed(-1 if self.shape[0] is None else self.shape[0])
        return batch.outputs(self._run, samples, size)

    def inner(self, program: Any, samples: Any) -> dict[str, Any]:
        """Return what each node of `program` makes of all samples at once, by its name, in order.

        Args:
            program: this one, maybe with its ops taken apart.
            samples: (n, …)
        """
        import torch

        found: dict[str, Any] = {}

        class Recorder(torch.fx.Interpreter):
            def run_node(self, n: Any) -> Any:
                made = super().run_node(n)
                if n.op == "call_function" and isinstance(made, torch.Tensor):
                    found[n.name] = made.numpy(force=True).copy()
                return made

        with torch.no_grad():
            Recorder(program.module()).run(torch.from_numpy(samples))
        return found

    def _run(self, group: Any) -> list[Any]:
        import torch

        with torch.no_grad():
            made = self._module(torch.from_numpy(group))
        return [t.numpy(force=True) for t in (made if isinstance(made, (tuple, list)) else (made,))]


def read(request: step.Request) -> Network:
    """Load a program.

    Raises:
        Refused: no program, or not all of one, one with code or objects in it, or one with several
            inputs.
    """
    path = Path(request.source["model"])
    _refuse_strangers(path)
    os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"  # torch.export would try without, too
    import torch

    try:
        program = torch.export.load(path)
    except (RuntimeError, ValueError, KeyError, OSError, AssertionError, TypeError) as error:
        raise _unreadable(path, _first_line(error)) from error
    count = len(program.graph_signature.user_inputs)
    if count != 1:
        raise step.Refused(f"{path.name} has {count} inputs; only one can be fed")
    return Network(program)


def _refuse_strangers(path: Path) -> None:
    """Refuse an archive that holds more than a graph and tensors: libraries, pickled objects."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] for name in archive.namelist()]
            models = [name for name in names if name.startswith("models/")]
            if len(models) != 1 or not models[0].endswith(".json"):
                raise _unreadable(path, f"it holds {len(models)} graphs")
            root = archive.namelist()[0].partition("/")[0]
            json.loads(archive.read(f"{root}/{models[0]}"))
    except (OSError, zipfile.BadZipFile, ValueError, KeyError) as error:
        raise _unreadable(path, _first_line(error)) from error
    for name in names:
        is_config = name.startswith("data/constants/") and name.endswith(".json")
        if not (name.startswith(_PARTS) or name in _FACTS or is_config):
            raise step.Refused(
                f"{path.name} holds {name}, which is neither a graph nor a tensor",
                "Export the network anew, without compiled code or objects of its own.",
            )


def _unreadable(path: Path, reason: str) -> step.Refused:
    return step.Refused(
        f"{path.name} is not a program of torch.export, or not all of one: {reason}",
        "Fetch or export the file anew.",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0].rstrip(".")[:300]
