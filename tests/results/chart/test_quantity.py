import pytest

from ibd_mobile.results.chart.quantity import Quantity


@pytest.mark.parametrize(
    ("quantity", "largest", "told"),
    [
        (Quantity("power", "W"), 0.2, "power, mW"),
        (Quantity("accuracy", "ratio"), 0.9, "accuracy, %"),
        (Quantity("loss", "ratio", "points"), 0.02, "loss, % points"),
        (Quantity("throughput", "1/s", "samples"), 12.0, "throughput, samples/s"),
        (Quantity("efficiency", "ops/J", "operations"), 3e9, "efficiency, G operations/J"),
        (Quantity("PSNR", "dB"), 30.0, "PSNR, dB"),
        (Quantity("count", ""), 3.0, "count"),
    ],
)  # fmt: skip
def test_an_axis_is_named_with_its_unit(quantity: Quantity, largest: float, told: str) -> None:
    assert quantity.axis(largest)[1] == told


def test_values_are_drawn_in_the_unit_that_is_told() -> None:
    factor, told = Quantity("time", "s").axis(0.0018)
    assert (round(0.0018 * factor, 9), told) == (1.8, "time, ms")
