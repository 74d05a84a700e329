#include "recorder.h"

#include "check.h"

/* Records as the program does; the folder of the recording. */
static const char* record(options asked, node_list* nodes, recorder* recording,
                          ibd_status expected) {
  ibd_failure failure = {0};
  static char folder[128];
  (void)snprintf(folder, sizeof folder, "%s/out", fresh_folder());
  asked.out = folder;
  asked.nonce = "n1";
  if (asked.period_ns == 0) {
    asked.period_ns = IBD_NS_PER_S / 100;
  }
  if (asked.most_ns == 0) {
    asked.most_ns = 60 * IBD_NS_PER_S;
  }
  static options kept;
  kept = asked;
  CHECK_INT(recorder_open(recording, &kept, nodes, &failure), IBD_OK);
  recorder_run(recording);
  CHECK_INT(recording->status, expected);
  CHECK_INT(recorder_finish(recording, &failure), IBD_OK);
  return folder;
}

static void without_a_child_it_samples_for_a_time(void) {
  node uptime = {.name = "up", .path = "/proc/uptime"};
  node_list nodes = {.nodes = &uptime, .count = 1};
  recorder recording;
  options asked = {.before_ns = IBD_NS_PER_S / 5};
  const char* folder = record(asked, &nodes, &recording, IBD_OK);
  int64_t lasted_ns = recording.end_ns - recording.start_ns;
  CHECK(lasted_ns >= IBD_NS_PER_S / 5);
  /* Every deadline of the time was met or counted as missed. */
  int64_t due = recording.rows + recording.deadlines.missed;
  CHECK(due >= 20 && due <= lasted_ns / recording.asked->period_ns + 1);
  CHECK_INT(uptime.reads, recording.rows);
  const char* samples = read_file(in_folder(folder, "samples.tsv"));
  CHECK(strncmp(samples, "#ibd_sampler 1 nonce=n1 boot_id=", 32) == 0);
  CHECK(strstr(samples, "\n#columns up\n") != NULL);
  CHECK(strstr(samples, "\n#end rows=") != NULL);
  CHECK_INT(recorder_exit_status(&recording), IBD_OK);
}

static void the_childs_exit_status_is_passed_on(void) {
  node_list nodes = {0};
  recorder recording;
  char* argv[] = {"/bin/sh", "-c", "echo hello; exit 5", NULL};
  options asked = {.child = argv};
  const char* folder = record(asked, &nodes, &recording, IBD_OK);
  CHECK_INT(recorder_exit_status(&recording), 5);
  CHECK(strstr(read_file(in_folder(folder, "child.tsv")), "\thello\n") != NULL);
  const char* summary = read_file(in_folder(folder, "sampler.json"));
  CHECK(strstr(summary,
               "\"child_exit_code\":5,\"child_signal\":null,"
               "\"status\":0,") != NULL);
}

static void a_childs_signal_is_passed_on(void) {
  node_list nodes = {0};
  recorder recording;
  char* argv[] = {"/bin/sh", "-c", "kill -SEGV $$", NULL};
  options asked = {.child = argv};
  (void)record(asked, &nodes, &recording, IBD_OK);
  CHECK_INT(recorder_exit_status(&recording), 139);
}

static void idle_time_is_sampled_around_the_child(void) {
  node_list nodes = {0};
  recorder recording;
  char* argv[] = {"/bin/true", NULL};
  options asked = {.child = argv,
                   .before_ns = IBD_NS_PER_S / 10,
                   .after_ns = IBD_NS_PER_S / 10};
  (void)record(asked, &nodes, &recording, IBD_OK);
  CHECK(recording.measured.start_ns - recording.start_ns >= IBD_NS_PER_S / 10);
  CHECK(recording.end_ns - recording.measured.end_ns >= IBD_NS_PER_S / 10);
}

static void a_child_that_hangs_is_killed(void) {
  node_list nodes = {0};
  recorder recording;
  char* argv[] = {"/bin/sh", "-c", "trap '' TERM; sleep 60", NULL};
  options asked = {.child = argv, .most_ns = IBD_NS_PER_S / 5};
  const char* folder = record(asked, &nodes, &recording, IBD_TIMED_OUT);
  CHECK_INT(recorder_exit_status(&recording), IBD_TIMED_OUT);
  CHECK(recording.end_ns - recording.start_ns < 5 * IBD_NS_PER_S);
  const char* summary = read_file(in_folder(folder, "sampler.json"));
  CHECK(strstr(summary,
               "\"child_exit_code\":null,\"child_signal\":9,"
               "\"status\":77,") != NULL);
}

static void a_child_that_is_not_there_is_recorded(void) {
  node_list nodes = {0};
  recorder recording;
  char* argv[] = {"/no/such/program", NULL};
  options asked = {.child = argv};
  const char* folder = record(asked, &nodes, &recording, IBD_CHILD_NOT_STARTED);
  CHECK_INT(recorder_exit_status(&recording), IBD_CHILD_NOT_STARTED);
  const char* summary = read_file(in_folder(folder, "sampler.json"));
  CHECK(strstr(summary, "\"child_start_ns\":null,") != NULL);
  CHECK(strstr(summary, "\"rusage\":null,") != NULL);
}

static void a_recording_is_never_written_over(void) {
  node_list nodes = {0};
  recorder recording;
  recorder second;
  ibd_failure failure;
  options asked = {.before_ns = 1};
  (void)record(asked, &nodes, &recording, IBD_OK);
  options again = *recording.asked;
  CHECK_INT(recorder_open(&second, &again, &nodes, &failure),
            IBD_OUTPUT_FAILED);
  CHECK(strstr(failure.message, "File exists") != NULL);
}

int main(void) {
  without_a_child_it_samples_for_a_time();
  the_childs_exit_status_is_passed_on();
  a_childs_signal_is_passed_on();
  idle_time_is_sampled_around_the_child();
  a_child_that_hangs_is_killed();
  a_child_that_is_not_there_is_recorded();
  a_recording_is_never_written_over();
  return 0;
}
