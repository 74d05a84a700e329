#include "node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ibd/file.h"

static ibd_status add_line(node_list* list, char* line, const char* path,
                           int number, ibd_failure* failure) {
  if (line[0] == '\0' || line[0] == '#') {
    return IBD_OK;
  }
  char* tab = strchr(line, '\t');
  if (tab == NULL || tab == line || tab[1] != '/' ||
      strchr(tab + 1, '\t') != NULL) {
    return ibd_fail(failure, IBD_NODES_UNREADABLE,
                    "%s:%d: expected a name, a tab and an absolute path", path,
                    number);
  }
  if (list->count == NODE_MAX_COUNT) {
    return ibd_fail(failure, IBD_NODES_UNREADABLE, "%s:%d: more than %d nodes",
                    path, number, NODE_MAX_COUNT);
  }
  *tab = '\0';
  list->nodes[list->count++] = (node){.name = line, .path = tab + 1};
  return IBD_OK;
}

ibd_status node_list_read(const char* path, node_list* list,
                          ibd_failure* failure) {
  uint8_t* content;
  size_t bytes;
  int error = ibd_file_read(path, &content, &bytes);
  if (error != 0) {
    return ibd_fail(failure, IBD_NODES_UNREADABLE, "%s: %s", path,
                    strerror(error));
  }
  list->text = (char*)content;
  list->nodes = calloc(NODE_MAX_COUNT, sizeof *list->nodes);
  if (list->nodes == NULL) {
    return ibd_fail(failure, IBD_OUT_OF_MEMORY, "no memory for the nodes");
  }
  int number = 0;
  for (char* line = list->text; line != NULL;) {
    char* end = strchr(line, '\n');
    if (end != NULL) {
      *end = '\0';
    }
    ibd_status status = add_line(list, line, path, ++number, failure);
    if (status != IBD_OK) {
      return status;
    }
    line = end != NULL ? end + 1 : NULL;
  }
  return IBD_OK;
}

void node_list_free(node_list* list) {
  free(list->nodes);
  free(list->text);
  *list = (node_list){0};
}

static bool is_blank(char letter) {
  return letter == ' ' || letter == '\t' || letter == '\r';
}

/* The first line of what was read, stripped; what a table cannot hold becomes
 * a space or a question mark.
 */
static void clean(char value[NODE_VALUE_BYTES], size_t bytes) {
  size_t first = 0;
  size_t last = 0;
  while (last < bytes && value[last] != '\n' && value[last] != '\0') {
    ++last;
  }
  while (first < last && is_blank(value[first])) {
    ++first;
  }
  while (last > first && is_blank(value[last - 1])) {
    --last;
  }
  for (size_t i = first; i < last; ++i) {
    unsigned char letter = (unsigned char)value[i];
    if (letter < 0x20) {
      letter = ' ';
    } else if (letter >= 0x7f) {
      letter = '?';
    }
    value[i - first] = (char)letter;
  }
  value[last - first] = '\0';
}

static void count_error(node* each, int error, char value[NODE_VALUE_BYTES]) {
  value[0] = '!';
  ibd_errno_name(error, value + 1);
  if (each->errors++ == 0) {
    memcpy(each->first_error, value + 1, sizeof each->first_error);
    each->first_error[sizeof each->first_error - 1] = '\0';
  }
  if (each->reads > 0 && (error == ENOENT || error == ENODEV ||
                          error == ENXIO || error == ENOTDIR)) {
    each->is_vanished = true;
  }
}

void node_read(node* each, char value[NODE_VALUE_BYTES]) {
  /* O_NONBLOCK: a pipe under a node's name must not stop the clock. */
  int fd = open(each->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    count_error(each, errno, value);
    return;
  }
  ssize_t got = read(fd, value, NODE_VALUE_BYTES - 1);
  int error = errno;
  close(fd);
  if (got < 0) {
    count_error(each, error, value);
    return;
  }
  ++each->reads;
  clean(value, (size_t)got);
}
