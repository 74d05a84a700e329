#include "logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "ibd/file.h"

int logfile_open(logfile* file, const char* directory, const char* name) {
  *file = (logfile){.fd = -1};
  ibd_sha256_begin(&file->hash);
  ibd_text path = {0};
  ibd_text_string(&path, directory);
  ibd_text_string(&path, "/");
  ibd_text_string(&path, name);
  ibd_text_append(&path, "", 1);
  if (path.is_broken) {
    ibd_text_free(&path);
    return ENOMEM;
  }
  file->fd =
      open(path.data, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  int error = file->fd < 0 ? errno : 0;
  ibd_text_free(&path);
  return error;
}

int logfile_flush(logfile* file) {
  if (file->pending.is_broken) {
    return ENOMEM;
  }
  ibd_sha256_add(&file->hash, file->pending.data, file->pending.bytes);
  int error = ibd_write_all(file->fd, file->pending.data, file->pending.bytes);
  ibd_text_clear(&file->pending);
  return error;
}

static void hex_so_far(const logfile* file, char hex[IBD_SHA256_HEX + 1]) {
  ibd_sha256 copy = file->hash;
  uint8_t digest[IBD_SHA256_BYTES];
  ibd_sha256_end(&copy, digest);
  ibd_sha256_hex(digest, hex);
}

int logfile_finish(logfile* file, const char* last_line,
                   char whole[IBD_SHA256_HEX + 1]) {
  int error = logfile_flush(file);
  char hex[IBD_SHA256_HEX + 1];
  hex_so_far(file, hex);
  ibd_text_format(&file->pending, "%s sha256=%s\n", last_line, hex);
  if (error == 0) {
    error = logfile_flush(file);
  }
  hex_so_far(file, whole);
  if (error == 0 && fsync(file->fd) != 0) {
    error = errno;
  }
  if (close(file->fd) != 0 && error == 0) {
    error = errno;
  }
  file->fd = -1;
  ibd_text_free(&file->pending);
  return error;
}
