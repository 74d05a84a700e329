/* Exit statuses of ibd_bench and ibd_sampler.
 *
 * The numbers are those of PayloadStatus in core/errors.py; a test holds the
 * two together. 64 to 80 keep clear of what a shell (126, 127), a signal
 * (128 + n) or a measured program of somebody else's may answer.
 */
#ifndef IBD_STATUS_H_
#define IBD_STATUS_H_

typedef enum ibd_status {
  IBD_OK = 0,
  IBD_USAGE = 64,
  IBD_MODEL_UNREADABLE = 65,
  IBD_MODEL_HASH = 66,
  IBD_INPUT_UNREADABLE = 67,
  IBD_ENGINE_UNAVAILABLE = 68,
  IBD_ACCELERATOR_UNAVAILABLE = 69,
  IBD_MODEL_REFUSED = 70,
  IBD_INFERENCE_FAILED = 71,
  IBD_OUTPUT_FAILED = 72,
  IBD_JOURNAL_FAILED = 73,
  IBD_CLOCK_FAILED = 74,
  IBD_OUT_OF_MEMORY = 75,
  IBD_CHILD_NOT_STARTED = 76,
  IBD_TIMED_OUT = 77,
  IBD_NODES_UNREADABLE = 78,
  IBD_INTERNAL = 79,
  IBD_DEVICE_LOST = 80,
} ibd_status;

#endif  // IBD_STATUS_H_
