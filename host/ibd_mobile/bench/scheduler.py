"""Who runs when: a thread per slot, its jobs in order, second tries where they make sense."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec

from ibd_mobile.bench.outcome import is_out_of_memory
from ibd_mobile.bench.patience import Patience
from ibd_mobile.bench.session import Session
from ibd_mobile.bench.target import Target
from ibd_mobile.catalog.stock import Stock
from ibd_mobile.core.errors import IbdError, PayloadFailed, PayloadStatus
from ibd_mobile.core.job import Job
from ibd_mobile.results.event_log import Event, EventKind
from ibd_mobile.results.run_writer import RunWriter

#: a job is tried this often in all where the error says that another try makes sense
_TRIES = 3
#: a cable that flaps is given this much to come to rest
_PAUSE_S = 1.0


class Interrupted(BaseException):
    """The person at the keyboard wants the run to stop; phones are put back first.

    Like KeyboardInterrupt no `Exception`, so that nobody takes it for a failure of the job.
    """


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    done_count: int
    failed_count: int
    is_interrupted: bool


class Scheduler:
    """Runs the jobs of one run that have no record yet.

    Args:
        run: the archive, which alone knows what is done.
        stock: the catalog.
        watch: told everything that happens; called from the slots' threads.
        patience: how long a slot waits for what may never come.
    """

    def __init__(
        self,
        run: RunWriter,
        stock: Stock,
        watch: Callable[[Event], None],
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._run = run
        self._stock = stock
        self._watch = watch
        self._patience = patience
        self._stop = threading.Event()
        self._too_large: list[Job] = []  # what found no memory; a slot's own thread appends

    def stop(self) -> None:
        """Ask all slots to stop; each ends its program and puts its phone back first."""
        self._stop.set()

    def execute(self, targets: Sequence[Target]) -> Outcome:
        """Run all open jobs of these machines and return when every slot has ended."""
        done_before = self._run.done_ids()
        todo = [j for j in self._run.info.jobs if j.id not in done_before]
        with ThreadPoolExecutor(max_workers=max(len(targets), 1)) as pool:
            slots = [
                pool.submit(self._slot, t, [j for j in todo if j.slot == t.slot.id])
                for t in targets
            ]
            failed_count = sum(self._await(slot.result) for slot in slots)
        done_count = len(self._run.done_ids() - done_before)
        return Outcome(done_count, failed_count, self._stop.is_set())

    def _await(self, result: Callable[[], int]) -> int:
        """Wait for a slot; the first Ctrl-C asks it to stop, later ones change nothing."""
        while True:
            try:
                return result()
            except KeyboardInterrupt:
                self._note("", "stopping: programs are ended, phones put back")
                self.stop()

    def _slot(self, target: Target, jobs: Sequence[Job]) -> int:
        if not jobs:
            return 0
        failed_count = 0
        session = Session(target, self._run, self._stock, self._tell, self._nap, self._patience)
        try:
            with session:
                for job in jobs:
                    failed_count += not self._job(session, job)
        except Interrupted:
            self._note(target.slot.id, "stopped; `ibd-mobile resume` goes on")
        except IbdError as error:  # the machine is lost, or could not be prepared or put back
            self._tell(Event(kind="failed", slot=target.slot.id, text=str(error)))
            failed_count = max(failed_count, 1)
        return failed_count

    def _job(self, session: Session, job: Job) -> bool:
        """Try a job until it is filed or no further try makes sense; return whether it is.

        Raises:
            PhoneGone, PhoneUnauthorized, HostError: the machine left and did not come back, so
                that no other job can be tried either.
        """
        if (refusal := self._refusal(job)) is not None:
            self._run.fail(job.id, refusal)
            self._watch(Event(kind="failed", slot=job.slot, job_id=job.id, text=str(refusal)))
            return False
        for attempt in range(1, _TRIES + 1):
            self._tell(Event(kind="started", slot=job.slot, job_id=job.id, text=job.title))
            try:
                session.measure(job)
            except IbdError as error:  # filed by the session
                if is_out_of_memory(error):
                    self._too_large.append(job)
                is_last = not error.transient or attempt == _TRIES
                kind: EventKind = "failed" if is_last else "repeated"
                self._watch(Event(kind=kind, slot=job.slot, job_id=job.id, text=str(error)))
                if is_last:
                    return False
                self._nap(_PAUSE_S)
                session.await_machine()
            else:
                self._watch(Event(kind="filed", slot=job.slot, job_id=job.id, text=job.title))
                return True
        return False

    def _refusal(self, job: Job) -> PayloadFailed | None:
        """Say why a job is not tried: one of its size or less had not enough memory."""
        small = next((s for s in self._too_large if _is_larger(job, s)), None)
        if small is None:
            return None
        return PayloadFailed(
            f"{job.slot}: {job.title}",
            f"was not tried: batch {small.batch} at {small.input_size} px had not enough memory",
            "Use smaller batches or inputs.",
            code=PayloadStatus.OUT_OF_MEMORY,
        )

    def _nap(self, seconds: float) -> None:
        """Sleep so long, or until somebody wants to stop.

        Raises:
            Interrupted: somebody does.
        """
        if self._stop.wait(seconds):
            raise Interrupted

    def _note(self, slot: str, text: str) -> None:
        self._tell(Event(kind="note", slot=slot, text=text))

    def _tell(self, event: Event) -> None:
        self._run.log(event)
        self._watch(event)


def _is_larger(job: Job, small: Job) -> bool:
    """Tell whether two jobs differ in batch and input size alone, and the first has no less.

    Repetitions need the memory that the first one did, and may come in the reverse order: one of
    the same size is no smaller.
    """

    def rest(job: Job) -> Job:
        return msgspec.structs.replace(job, batch=1, input_size=1, artifact_sha256="", seed=0)

    return (
        rest(job) == rest(small) and job.batch >= small.batch and job.input_size >= small.input_size
    )
