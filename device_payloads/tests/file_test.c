#include "ibd/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "check.h"

static void a_file_is_read_whole(const char* folder) {
  const char* path = in_folder(folder, "read");
  write_file(path, "hello");
  uint8_t* data;
  size_t bytes;
  CHECK_INT(ibd_file_read(path, &data, &bytes), 0);
  CHECK_INT(bytes, 5);
  CHECK_TEXT((const char*)data, "hello");
  free(data);
  CHECK_INT(ibd_file_read(in_folder(folder, "nope"), &data, &bytes), ENOENT);
  CHECK_INT(ibd_file_read(folder, &data, &bytes), EISDIR);
}

static void a_file_is_hashed(const char* folder) {
  const char* path = in_folder(folder, "hashed");
  write_file(path, "abc");
  char hex[IBD_SHA256_HEX + 1];
  int64_t bytes;
  CHECK_INT(ibd_file_hash(path, hex, &bytes), 0);
  CHECK_INT(bytes, 3);
  CHECK_TEXT(
      hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void a_file_that_ends_early_is_an_error(const char* folder) {
  const char* path = in_folder(folder, "short");
  write_file(path, "abc");
  int fd = open(path, O_RDONLY);
  char data[8];
  CHECK_INT(ibd_read_exactly(fd, data, 2, 1), 0);
  CHECK(memcmp(data, "bc", 2) == 0);
  CHECK_INT(ibd_read_exactly(fd, data, 3, 1), ENODATA);
  close(fd);
}

static void a_published_file_is_never_replaced(const char* folder) {
  const char* path = in_folder(folder, "published");
  CHECK_INT(ibd_file_publish(path, "one", 3), 0);
  CHECK_TEXT(read_file(path), "one");
  CHECK_INT(ibd_file_publish(path, "two", 3), EEXIST);
  CHECK_TEXT(read_file(path), "one");
  CHECK_INT(ibd_file_publish(in_folder(folder, "no/where"), "x", 1), ENOENT);
}

static void a_directory_may_be_there_already(const char* folder) {
  const char* path = in_folder(folder, "directory");
  CHECK_INT(ibd_make_directory(path), 0);
  CHECK_INT(ibd_make_directory(path), 0);
  write_file(in_folder(folder, "plain"), "");
  CHECK_INT(ibd_make_directory(in_folder(folder, "plain")), ENOTDIR);
}

int main(void) {
  const char* folder = fresh_folder();
  a_file_is_read_whole(folder);
  a_file_is_hashed(folder);
  a_file_that_ends_early_is_an_error(folder);
  a_published_file_is_never_replaced(folder);
  a_directory_may_be_there_already(folder);
  return 0;
}
