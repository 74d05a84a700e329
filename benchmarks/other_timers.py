"""What other tools say of a network: one of them a process, its figures the last line it prints.

They are the median and the least time of an inference, s, as JSON. On a busy computer the least is
what tells: it is an inference that nobody disturbed.

    python other_timers.py NAME MODEL RUNS

Run in the Python that has the tool; nothing of ibd_mobile is needed but the worker's engine that
LoadGen drives.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_WARMUP = 5
Figures = tuple[float, ...]  #: median and least, s


def litert_benchmark(model: str, runs: int) -> Figures:
    """LiteRT's own benchmark tool; it rounds to 10 µs."""
    words = ["--model", model, "--num_runs", str(runs), "--warmup_runs", str(_WARMUP)]
    module = "ai_edge_litert.tools.benchmark_litert_model"
    said = subprocess.run(
        [sys.executable, "-m", module, *words, "--num_threads", "1"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    found = {line.split(":")[0]: line for line in said.splitlines() if line.startswith("Inf")}
    return tuple(float(found[f"Inference ({k})"].split()[2]) * 1e-3 for k in ("median", "min"))


def onnxruntime_profile(model: str, runs: int) -> Figures:
    """ONNX Runtime's own profile of whole runs."""
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        feeds = _feeds(session)
        for _ in range(_WARMUP + runs):
            session.run(None, feeds)
        events = json.loads(Path(session.end_profiling()).read_text())
    times_us = [e["dur"] for e in events if e["name"] == "model_run"]
    return _figures([us * 1e-6 for us in times_us[_WARMUP:]])


def torch_timer(model: str, runs: int) -> Figures:
    """The Timer of torch.utils.benchmark."""
    import torch
    from torch.utils.benchmark import Timer

    program = torch.export.load(model)
    module = program.module()
    (name,) = program.graph_signature.user_inputs
    values = {n.name: n.meta["val"] for n in program.graph.nodes if n.op == "placeholder"}
    image = torch.rand(1, *values[name].shape[1:])
    with torch.inference_mode():
        timer = Timer("module(image)", globals={"module": module, "image": image}, num_threads=1)
        timer.timeit(_WARMUP)
        return _figures([timer.timeit(1).median for _ in range(runs)])


def loadgen_single_stream(model: str, runs: int) -> Figures:
    """MLPerf LoadGen's SingleStream over our engine."""
    return _loadgen(model, runs, "SingleStream")


def loadgen_offline(model: str, runs: int) -> Figures:
    """MLPerf LoadGen's Offline over our engine: seconds per sample, twice; it tells no least."""
    return _loadgen(model, runs, "Offline")


def _figures(times_s: list[float]) -> Figures:
    return statistics.median(times_s), min(times_s)


def _loadgen(model: str, runs: int, scenario: str) -> Figures:
    import mlperf_loadgen as lg

    infer = _our_engine(model)

    def issue(samples: list[Any]) -> None:
        for sample in samples:
            infer()
            lg.QuerySamplesComplete([lg.QuerySampleResponse(sample.id, 0, 0)])

    settings = lg.TestSettings()
    settings.scenario = getattr(lg.TestScenario, scenario)
    settings.mode = lg.TestMode.PerformanceOnly
    settings.min_duration_ms = 0
    settings.min_query_count = runs if scenario == "SingleStream" else 1
    settings.max_query_count = runs if scenario == "SingleStream" else 1
    settings.offline_expected_qps = runs / 66  # LoadGen asks for a minute's samples and 10 % more
    with tempfile.TemporaryDirectory() as folder:
        output = lg.LogOutputSettings()
        output.outdir = folder
        log = lg.LogSettings()
        log.log_output = output
        sut = lg.ConstructSUT(issue, lambda: None)
        qsl = lg.ConstructQSL(runs, runs, lambda _: None, lambda _: None)
        lg.StartTestWithLogSettings(sut, qsl, settings, log)
        lg.DestroyQSL(qsl)
        lg.DestroySUT(sut)
        summary = (Path(folder) / "mlperf_log_summary.txt").read_text().splitlines()
    told = dict(line.split(":", 1) for line in summary if line.count(":") == 1)
    facts = {name.strip(): value.strip() for name, value in told.items()}
    if scenario == "SingleStream":
        names = ("50.00 percentile latency (ns)", "Min latency (ns)")
        return tuple(float(facts[name]) * 1e-9 for name in names)
    per_sample_s = 1 / float(facts["Samples per second"])
    return per_sample_s, per_sample_s


def _our_engine(model: str) -> Callable[[], None]:
    import argparse

    from ibd_mobile.workers import onnxruntime

    args = argparse.Namespace(model=model, accelerator="cpu", threads=1, batch=1, options={})
    engine = onnxruntime.Engine(args)
    for _ in range(_WARMUP):
        engine.infer()
    return engine.infer


def _feeds(session: Any) -> dict[str, Any]:
    random = np.random.default_rng(1)
    return {
        tensor.name: random.random(
            [d if isinstance(d, int) else 1 for d in tensor.shape], np.float32
        )
        for tensor in session.get_inputs()
    }


TIMERS = {
    f.__name__: f
    for f in (
        litert_benchmark,
        onnxruntime_profile,
        torch_timer,
        loadgen_single_stream,
        loadgen_offline,
    )
}

if __name__ == "__main__":
    print(json.dumps(TIMERS[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))
