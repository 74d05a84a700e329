"""The same nets from the three training frameworks give the same top-1 on the same inputs."""

from pathlib import Path

import pytest

from ibd_mobile.bench import twins
from ibd_mobile.bench.trial import Trial
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.convert.make import Maker
from ibd_mobile.convert.shelf import Shelf


@pytest.mark.timeout(1800)
def test_one_set_of_weights_has_the_same_first_places_from_three_frameworks(
    small: Stock, tmp_path: Path
) -> None:
    # every step is run for real: Keras, PyTorch and Caffe2, each on its own way to ONNX
    found = twins.compare(small, Trial(Maker(shelf=Shelf(tmp_path))))
    assert set(found.frameworks) == {"tensorflow", "pytorch", "caffe2"}
    assert found.samples_count == 20
    assert found.is_same
