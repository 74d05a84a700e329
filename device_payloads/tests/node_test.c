#include "node.h"

#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void a_list_is_read(const char* folder) {
  const char* path = in_folder(folder, "list");
  write_file(path, "# a comment\nvoltage\t/sys/v\n\ncurrent\t/sys/c d\n");
  node_list list = {0};
  ibd_failure failure;
  CHECK_INT(node_list_read(path, &list, &failure), IBD_OK);
  CHECK_INT(list.count, 2);
  CHECK_TEXT(list.nodes[0].name, "voltage");
  CHECK_TEXT(list.nodes[1].path, "/sys/c d");
  node_list_free(&list);
}

static void a_bad_line_is_named(const char* folder) {
  static const char* const kBad[] = {"a\t/x\nno tab\n", "\t/x\n", "a\tx\n",
                                     "a\t/x\ty\n"};
  for (size_t i = 0; i < sizeof kBad / sizeof kBad[0]; ++i) {
    const char* path = in_folder(folder, "bad");
    write_file(path, kBad[i]);
    node_list list = {0};
    ibd_failure failure;
    CHECK_INT(node_list_read(path, &list, &failure), IBD_NODES_UNREADABLE);
    CHECK(strstr(failure.message, i == 0 ? "bad:2:" : "bad:1:") != NULL);
    node_list_free(&list);
  }
  node_list list = {0};
  ibd_failure failure;
  CHECK_INT(node_list_read(in_folder(folder, "nope"), &list, &failure),
            IBD_NODES_UNREADABLE);
}

static const char* value_of(const char* folder, const char* content) {
  static char value[NODE_VALUE_BYTES];
  const char* path = in_folder(folder, "node");
  write_file(path, content);
  node each = {.name = "n", .path = path};
  node_read(&each, value);
  return value;
}

static void values_are_one_clean_line(const char* folder) {
  CHECK_TEXT(value_of(folder, "4200000\n"), "4200000");
  CHECK_TEXT(value_of(folder, "  a\tb \r\nsecond\n"), "a b");
  CHECK_TEXT(value_of(folder, ""), "");
  CHECK_TEXT(value_of(folder, "\n"), "");
  CHECK_TEXT(value_of(folder, "caf\xe9\x01x"), "caf? x");
}

static void a_node_may_vanish_and_come_back(const char* folder) {
  const char* path = in_folder(folder, "vanishing");
  char value[NODE_VALUE_BYTES];
  node each = {.name = "n", .path = path};
  node_read(&each, value);
  CHECK_TEXT(value, "!ENOENT");
  CHECK(!each.is_vanished); /* it never was there */
  write_file(path, "1\n");
  node_read(&each, value);
  CHECK_TEXT(value, "1");
  unlink(path);
  node_read(&each, value);
  CHECK_TEXT(value, "!ENOENT");
  CHECK(each.is_vanished);
  write_file(path, "2\n");
  node_read(&each, value);
  CHECK_TEXT(value, "2");
  CHECK_INT(each.reads, 2);
  CHECK_INT(each.errors, 2);
  CHECK_TEXT(each.first_error, "ENOENT");
}

static void a_directory_and_a_pipe_do_no_harm(const char* folder) {
  char value[NODE_VALUE_BYTES];
  node directory = {.name = "d", .path = folder};
  node_read(&directory, value);
  CHECK_TEXT(value, "!EISDIR");
  const char* path = in_folder(folder, "pipe");
  CHECK_INT(mkfifo(path, 0600), 0);
  node pipe = {.name = "p", .path = path};
  node_read(&pipe, value);
  CHECK_TEXT(value, "");
}

int main(void) {
  const char* folder = fresh_folder();
  a_list_is_read(folder);
  a_bad_line_is_named(folder);
  values_are_one_clean_line(folder);
  a_node_may_vanish_and_come_back(folder);
  a_directory_and_a_pipe_do_no_harm(folder);
  return 0;
}
