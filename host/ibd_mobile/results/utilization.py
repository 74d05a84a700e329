"""How much of a processor's peak a network uses."""

from ibd_mobile.core.context import Context
from ibd_mobile.core.device import Peak
from ibd_mobile.results.stats import Interval

OPS_PER_MAC = 2  #: a multiply-add counts as two operations, in peaks as in rates


def peak_of(context: Context) -> Peak | None:
    """Return the published peak of the job's processor at the job's precision."""
    processor = context.device.processor(context.job.processor)
    peaks = processor.peaks if processor is not None else []
    return next((p for p in peaks if p.precision == context.job.precision), None)


def no_peak_reason(context: Context) -> str:
    """Say why there is no peak to compare with."""
    job, device = context.job, context.device
    processor = device.processor(job.processor)
    if processor is None:
        return f"{device.name} has no processor '{job.processor}' in the catalog"
    if not processor.no_peak_reason:
        return f"no {job.precision} peak is known of {processor.name}"
    return processor.no_peak_reason


def utilization(throughput_per_s: Interval, macs_count: int, peak_ops_per_s: float) -> Interval:
    """Divide achieved by peak operations per second: 2 × MACs × throughput / peak.

    Never clamped: above 1 the peak, the clock or the count of operations is wrong for this run
    (Winograd convolutions do it honestly), and the finding OVER-PEAK says so.

    Args:
        throughput_per_s: samples per second while the network runs.
        macs_count: multiply-adds of one sample.
        peak_ops_per_s: of the precision that was used; > 0.

    Returns:
        Ratio; what is uncertain is the throughput, the peak is taken as exact.

    >>> utilization(Interval(100.0, 90.0, 110.0, 5, "t"), 1_000_000, 1e9).value
    0.2
    """
    return throughput_per_s.scaled(OPS_PER_MAC * macs_count / peak_ops_per_s)
