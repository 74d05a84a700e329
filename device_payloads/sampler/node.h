/* The kernel's files that are read again and again. */
#ifndef IBD_SAMPLER_NODE_H_
#define IBD_SAMPLER_NODE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ibd/failure.h"

#define NODE_MAX_COUNT 256
#define NODE_VALUE_BYTES 256

typedef struct node {
  const char* name;
  const char* path;
  int64_t reads; /* that gave a value */
  int64_t errors;
  char first_error[16]; /* "" if there was none */
  bool is_vanished;     /* could be read once, and was gone later */
} node;

typedef struct node_list {
  node* nodes;
  size_t count;
  char* text; /* what the names and paths point into */
} node_list;

/* Reads a list of "name<TAB>path" lines; empty lines and those with # are
 * skipped. That a node exists is not asked for.
 */
ibd_status node_list_read(const char* path, node_list* list,
                          ibd_failure* failure);
void node_list_free(node_list* list);

/* Reads the node's first line, stripped, or "!ENOENT" and the like.
 *
 * The file is opened each time: one that vanished and came back is read again,
 * and one that was replaced under its name is not read stale.
 */
void node_read(node* each, char value[NODE_VALUE_BYTES]);

#endif  // IBD_SAMPLER_NODE_H_
