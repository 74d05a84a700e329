import pytest

from ibd_mobile.catalog import library
from ibd_mobile.cli.models.choice import choose
from ibd_mobile.core.errors import InputError


def test_where_nobody_says_the_first_variant_is_meant() -> None:
    model = library.models()["mobilenet_v1"]
    assert choose(model, None) is model.variants[0]


def test_a_training_framework_chooses_its_variant() -> None:
    model = library.models()["mobilenet_v1"]
    assert choose(model, "pytorch").training_framework == "pytorch"
    with pytest.raises(InputError, match=r"is not given by 'theano'\n  Known: tensorflow, "):
        choose(model, "theano")
