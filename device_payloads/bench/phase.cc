#include "phase.h"

#include "ibd/clock.h"
#include "record.h"

namespace ibd {

namespace {

// Inferences per line: some 40 kB, so that a reader need not hold a long phase
// as one line.
constexpr size_t kTimesPerLine = 1024;

void WriteArray(ibd_text* line, const char* key, const int64_t* values,
                size_t count) {
  ibd_json_key(line, key);
  for (size_t i = 0; i < count; ++i) {
    ibd_text_append(line, i > 0 ? "," : "[", 1);
    ibd_text_int(line, values[i]);
  }
  ibd_text_append(line, "]", 1);
}

}  // namespace

ibd_status PhaseRunner::Take(size_t room, ibd_failure* failure) {
  if (!start_ns_.Take(room) || !end_ns_.Take(room)) {
    return ibd_fail(failure, IBD_OUT_OF_MEMORY,
                    "no memory for the times of %zu inferences", room);
  }
  return IBD_OK;
}

ibd_status PhaseRunner::Begin(const char* phase, ibd_failure* failure) {
  phase_ = phase;
  held_ = 0;
  written_ = 0;
  ibd_text* line = ibd_journal_begin(journal_, "phase_begin");
  ibd_json_text_field(line, "phase", phase);
  ibd_json_int_field(line, "t_ns", ibd_boot_ns());
  ibd_status status = Commit(journal_, failure);
  cpu_start_ns_ = ibd_process_cpu_ns();
  return status;
}

ibd_status PhaseRunner::RunOnce(ibd_failure* failure) {
  if (held_ == start_ns_.count()) {
    ibd_status status = WriteTimes(failure);
    if (status != IBD_OK) {
      return status;
    }
  }
  int64_t start_ns = ibd_boot_ns();
  ibd_status status = family_.run(engine_, failure);
  int64_t end_ns = ibd_boot_ns();
  if (status != IBD_OK) {
    return status;
  }
  start_ns_[held_] = start_ns;
  end_ns_[held_] = end_ns;
  if (held_ == 0 && written_ == 0) {
    first_start_ns_ = start_ns;
  }
  ++held_;
  last_end_ns_ = end_ns;
  int64_t took_ns = end_ns - start_ns;
  if (shortest_ns_ == 0 || took_ns < shortest_ns_) {
    shortest_ns_ = took_ns > 0 ? took_ns : 1;
  }
  return IBD_OK;
}

ibd_status PhaseRunner::WriteTimes(ibd_failure* failure) {
  for (size_t first = 0; first < held_; first += kTimesPerLine) {
    size_t count = held_ - first;
    if (count > kTimesPerLine) {
      count = kTimesPerLine;
    }
    ibd_text* line = ibd_journal_begin(journal_, "inferences");
    ibd_json_text_field(line, "phase", phase_);
    ibd_json_int_field(line, "first", written_);
    WriteArray(line, "start_ns", start_ns_.data() + first, count);
    WriteArray(line, "end_ns", end_ns_.data() + first, count);
    ibd_status status = Commit(journal_, failure);
    if (status != IBD_OK) {
      return status;
    }
    written_ += static_cast<int64_t>(count);
  }
  held_ = 0;
  return IBD_OK;
}

ibd_status PhaseRunner::Finish(ibd_status status, ibd_failure* failure) {
  int64_t cpu_ns = ibd_process_cpu_ns() - cpu_start_ns_;
  if (family_.sabotage != nullptr) {
    journal_->sabotage = family_.sabotage(engine_);
  }
  ibd_failure second;
  ibd_status written = WriteTimes(&second);
  if (status == IBD_OK && written != IBD_OK) {
    *failure = second;
    return written;
  }
  if (status != IBD_OK) {
    return status;
  }
  ibd_text* line = ibd_journal_begin(journal_, "phase_end");
  ibd_json_text_field(line, "phase", phase_);
  ibd_json_int_field(line, "count", written_);
  ibd_json_int_field(line, "start_ns", first_start_ns_);
  ibd_json_int_field(line, "end_ns", last_end_ns_);
  ibd_json_int_field(line, "cpu_ns", cpu_ns);
  status = Commit(journal_, failure);
  return status != IBD_OK ? status : Sync(journal_, failure);
}

ibd_status PhaseRunner::RunCount(const char* phase, int64_t count,
                                 ibd_failure* failure) {
  if (count == 0) {
    return IBD_OK;
  }
  ibd_status status = Begin(phase, failure);
  for (int64_t i = 0; i < count && status == IBD_OK; ++i) {
    status = RunOnce(failure);
  }
  return Finish(status, failure);
}

ibd_status PhaseRunner::RunFor(const char* phase, int64_t duration_ns,
                               ibd_failure* failure) {
  ibd_status status = Begin(phase, failure);
  if (status == IBD_OK) {
    do {
      status = RunOnce(failure);
    } while (status == IBD_OK && last_end_ns_ - first_start_ns_ < duration_ns);
  }
  return Finish(status, failure);
}

ibd_status PhaseRunner::RunDataset(InputRecord* input, int64_t count,
                                   OutputFile* outputs, ibd_failure* failure) {
  ibd_status status = Begin("dataset", failure);
  for (int64_t i = 0; i < count && status == IBD_OK; ++i) {
    status = input->FillFromDataset(i, failure);
    if (status == IBD_OK) {
      status = input->Give(family_, engine_, failure);
    }
    if (status == IBD_OK) {
      status = RunOnce(failure);
    }
    if (status == IBD_OK && outputs != nullptr) {
      status = outputs->Append(family_, engine_, failure);
    }
  }
  return Finish(status, failure);
}

}  // namespace ibd
