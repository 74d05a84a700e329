#include "phase.h"

#include "check.h"
#include "ibd/clock.h"

namespace {

int runs = 0;
int fails_at = 0;

ibd_status Count(ibd_engine*, ibd_failure* failure) {
  ++runs;
  return runs == fails_at ? ibd_fail(failure, IBD_INFERENCE_FAILED, "told to")
                          : IBD_OK;
}

ibd_engine_family Counter() {
  ibd_engine_family family = {};
  family.run = Count;
  return family;
}

int Occurrences(const char* content, const char* word) {
  int count = 0;
  while ((content = strstr(content, word)) != nullptr) {
    ++count;
    ++content;
  }
  return count;
}

// Runs so many inferences with room for `room`; the journal's text.
const char* Journal(const char* folder, const char* name, int64_t count,
                    size_t room, ibd_status expected) {
  ibd_journal journal;
  ibd_failure failure;
  const char* path = in_folder(folder, name);
  const ibd_engine_family family = Counter();
  CHECK_INT(ibd_journal_open(&journal, path, "n"), 0);
  ibd::PhaseRunner runner(family, nullptr, &journal);
  CHECK_INT(runner.Take(room, &failure), IBD_OK);
  CHECK_INT(runner.RunCount("latency", count, &failure), expected);
  ibd_journal_close(&journal);
  return read_file(path);
}

void APhaseHasABeginningTimesAndAnEnd(const char* folder) {
  runs = fails_at = 0;
  const char* text = Journal(folder, "short", 5, 8, IBD_OK);
  CHECK_INT(runs, 5);
  CHECK_INT(Occurrences(text, "\"event\":\"phase_begin\""), 1);
  CHECK_INT(Occurrences(text, "\"event\":\"inferences\""), 1);
  CHECK(strstr(text, "\"phase\":\"latency\",\"count\":5,") != nullptr);
}

void ALongPhaseIsWrittenInPieces(const char* folder) {
  runs = fails_at = 0;
  const char* text = Journal(folder, "long", 20, 8, IBD_OK);
  CHECK_INT(runs, 20);
  CHECK_INT(Occurrences(text, "\"event\":\"inferences\""), 3);
  CHECK(strstr(text, "\"first\":0,") != nullptr);
  CHECK(strstr(text, "\"first\":8,") != nullptr);
  CHECK(strstr(text, "\"first\":16,") != nullptr);
  CHECK(strstr(text, "\"count\":20,") != nullptr);
}

void WhatWasMeasuredBeforeAFailureIsKept(const char* folder) {
  runs = 0;
  fails_at = 4;
  const char* text = Journal(folder, "failed", 5, 8, IBD_INFERENCE_FAILED);
  CHECK_INT(runs, 4);
  CHECK_INT(Occurrences(text, "\"event\":\"inferences\""), 1);
  CHECK_INT(Occurrences(text, "\"event\":\"phase_end\""), 0);
}

void APhaseOfNoInferencesLeavesNoTrace(const char* folder) {
  runs = fails_at = 0;
  CHECK_TEXT(Journal(folder, "none", 0, 8, IBD_OK), "");
}

void APhaseLastsItsTime(const char* folder) {
  runs = fails_at = 0;
  ibd_journal journal;
  ibd_failure failure;
  const ibd_engine_family family = Counter();
  CHECK_INT(ibd_journal_open(&journal, in_folder(folder, "time"), "n"), 0);
  ibd::PhaseRunner runner(family, nullptr, &journal);
  CHECK_INT(runner.Take(1 << 16, &failure), IBD_OK);
  int64_t start_ns = ibd_boot_ns();
  CHECK_INT(runner.RunFor("power", 20000000, &failure), IBD_OK);
  CHECK(ibd_boot_ns() - start_ns >= 20000000);
  CHECK(runs > 1);
  CHECK(runner.shortest_ns() > 0);
  ibd_journal_close(&journal);
}

}  // namespace

int main() {
  const char* folder = fresh_folder();
  APhaseHasABeginningTimesAndAnEnd(folder);
  ALongPhaseIsWrittenInPieces(folder);
  WhatWasMeasuredBeforeAFailureIsKept(folder);
  APhaseOfNoInferencesLeavesNoTrace(folder);
  APhaseLastsItsTime(folder);
  return 0;
}
