"""Which variant of a model a person means."""

from ibd_mobile.core.errors import InputError
from ibd_mobile.core.model import Model, Variant


def choose(model: Model, training_framework: str | None) -> Variant:
    """Return the variant of a training framework, or the model's first.

    Raises:
        InputError: the model is not given by that framework.
    """
    if training_framework is None:
        return model.variants[0]
    variant = model.variant(training_framework)
    if variant is None:
        known = ", ".join(v.training_framework for v in model.variants)
        raise InputError(
            f"model '{model.id}'", f"is not given by '{training_framework}'", f"Known: {known}."
        )
    return variant
