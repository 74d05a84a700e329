import msgspec
import pytest

from ibd_mobile.catalog import library
from ibd_mobile.catalog.generator import generator
from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import Dataset


@pytest.fixture
def dataset() -> Dataset:
    found = library.models()["shapes_classifier"].dataset
    assert found is not None
    return found


def test_a_data_sets_generator_draws_its_pictures(dataset: Dataset) -> None:
    assert generator(dataset).images(1, 2).shape == (2, 64, 64, 3)


@pytest.mark.parametrize("name", ["mini/absent", "../models/mini/shapes", "/etc/passwd", ""])
def test_a_program_that_does_not_belong_to_the_package_is_not_run(
    dataset: Dataset, name: str
) -> None:
    with pytest.raises(InputError, match="data set 'shapes': has no generator"):
        generator(msgspec.structs.replace(dataset, generator=name))
