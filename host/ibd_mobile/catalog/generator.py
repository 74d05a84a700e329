"""Pictures of the package's own data sets: drawn by a seeded program beside the models."""

import importlib.util
from types import ModuleType

from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import Dataset
from ibd_mobile.core.payload import models_folder


def generator(dataset: Dataset) -> ModuleType:
    """Load the program that draws a data set: it has `images(seed, count)` and `truth(…)`.

    Raises:
        InputError: it is none of the package's.
    """
    path = models_folder() / f"{dataset.generator}.py"
    is_plain = all(part.isidentifier() for part in dataset.generator.split("/"))
    if not is_plain or not path.is_file():
        raise InputError(f"data set '{dataset.id}'", f"has no generator '{dataset.generator}'")
    spec = importlib.util.spec_from_file_location(f"ibd_generator_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"data set '{dataset.id}'", f"{path} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
