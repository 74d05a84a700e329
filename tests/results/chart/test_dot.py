from ibd_mobile.core.metric import Metric
from ibd_mobile.results.chart.dot import Dot, dot_of

METRIC = Metric(name="latency_s", group="latency", unit="s", value=2.0, low=1.0, high=4.0)


def test_a_dot_has_the_interval_of_its_metric() -> None:
    assert dot_of(METRIC, 1) == Dot(2.0, 1.0, 4.0, series=1)
    assert dot_of(METRIC).ends == (1.0, 4.0)
    assert Dot(1.0).ends == Dot(1.0, 0.5).ends == ()


def test_what_spoils_a_number_makes_it_hollow_and_being_simulated_does_not() -> None:
    def spoiled(*ids: str) -> bool:
        metric = Metric(
            name="power_gross_w", group="power", unit="W", value=1.0, spoiled_by=list(ids)
        )
        return dot_of(metric).is_spoiled

    assert (spoiled(), spoiled("SIMULATED"), spoiled("SIMULATED", "BUSY")) == (False, False, True)
