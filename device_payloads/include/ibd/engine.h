/* The seam between ibd_bench and an inference engine.
 *
 * An engine is one `ibd_engine_family` in bench/engines/<name>/, named in the
 * table of bench/engines/table.cc. The bench calls, in this order: load, open,
 * describe, then write_input, run and read_output as often as it likes, close.
 */
#ifndef IBD_ENGINE_H_
#define IBD_ENGINE_H_

#include <stddef.h>
#include <stdint.h>

#include "ibd/failure.h"
#include "ibd/journal.h"
#include "ibd/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ibd_engine ibd_engine;

typedef struct ibd_engine_option {
  const char* key;
  const char* value;
} ibd_engine_option;

/* Texts are borrowed; they outlive the engine. */
typedef struct ibd_engine_config {
  const char* model_path;
  const char* library_path; /* NULL: as the dynamic linker finds it */
  const char* accelerator;  /* "cpu" */
  int threads;              /* >= 1 */
  int batch;                /* >= 1; the leading dimension, if it is dynamic */
  const ibd_engine_option* options;
  size_t option_count;
} ibd_engine_config;

typedef enum ibd_verdict { IBD_NO, IBD_YES, IBD_UNKNOWN } ibd_verdict;

typedef struct ibd_engine_description {
  ibd_tensor inputs[IBD_MAX_TENSORS];
  size_t input_count;
  ibd_tensor outputs[IBD_MAX_TENSORS];
  size_t output_count;
  char accelerator[16];          /* what it runs on, not what was asked for */
  ibd_verdict fully_accelerated; /* did the accelerator take every node? */
} ibd_engine_description;

typedef struct ibd_engine_family {
  const char* name;

  /* Finds the engine's own library. Not part of the initialisation time.
   *
   * Fills in the version, up to 127 bytes, also where it then fails, if it came
   * so far. IBD_ENGINE_UNAVAILABLE if the library is missing or of another
   * version; IBD_USAGE for an option that the engine does not know.
   */
  ibd_status (*load)(const ibd_engine_config* config, ibd_engine** engine,
                     char version[128], ibd_failure* failure);

  /* Loads the model and binds it to the accelerator: the initialisation time.
   *
   * IBD_ACCELERATOR_UNAVAILABLE if no node runs there; where only some do,
   * succeeds and `describe` tells: whether a mixed graph may be timed is the
   * caller's decision.
   */
  ibd_status (*open)(ibd_engine* engine, ibd_failure* failure);

  void (*describe)(const ibd_engine* engine,
                   ibd_engine_description* description);

  /* `data` has exactly the bytes of the described tensor. */
  ibd_status (*write_input)(ibd_engine* engine, size_t index, const void* data,
                            ibd_failure* failure);
  ibd_status (*read_output)(ibd_engine* engine, size_t index, void* data,
                            ibd_failure* failure);

  /* One inference; returns when its outputs are there. What is timed. */
  ibd_status (*run)(ibd_engine* engine, ibd_failure* failure);

  /* How the next line of the journal is to be spoiled; NULL for an engine
   * that is honest.
   */
  ibd_sabotage (*sabotage)(const ibd_engine* engine);

  void (*close)(ibd_engine* engine);
} ibd_engine_family;

#ifdef __cplusplus
}
#endif

#endif  // IBD_ENGINE_H_
