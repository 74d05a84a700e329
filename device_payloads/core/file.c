#include "ibd/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ibd/text.h"

static int open_regular(const char* path, int* fd, int64_t* bytes) {
  struct stat status;
  *fd = open(path, O_RDONLY | O_CLOEXEC);
  if (*fd < 0) {
    return errno;
  }
  int error = fstat(*fd, &status) != 0 ? errno : 0;
  if (error == 0 && !S_ISREG(status.st_mode)) {
    error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  }
  if (error != 0) {
    close(*fd);
    return error;
  }
  *bytes = status.st_size;
  return 0;
}

int ibd_read_exactly(int fd, void* data, size_t bytes, int64_t offset) {
  uint8_t* next = data;
  while (bytes > 0) {
    ssize_t got = pread(fd, next, bytes, (off_t)offset);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return got < 0 ? errno : ENODATA;
    }
    next += got;
    bytes -= (size_t)got;
    offset += got;
  }
  return 0;
}

int ibd_file_read(const char* path, uint8_t** data, size_t* bytes) {
  int fd = -1;
  int64_t size = 0;
  int error = open_regular(path, &fd, &size);
  if (error != 0) {
    return error;
  }
  uint8_t* content = malloc((size_t)size + 1);
  error =
      content == NULL ? ENOMEM : ibd_read_exactly(fd, content, (size_t)size, 0);
  close(fd);
  if (error != 0) {
    free(content);
    return error;
  }
  content[size] = '\0';
  *data = content;
  *bytes = (size_t)size;
  return 0;
}

int ibd_file_hash(const char* path, char hex[IBD_SHA256_HEX + 1],
                  int64_t* bytes) {
  int fd = -1;
  int64_t size = 0;
  int error = open_regular(path, &fd, &size);
  if (error != 0) {
    return error;
  }
  ibd_sha256 hash;
  ibd_sha256_begin(&hash);
  static uint8_t piece[1 << 16];
  int64_t offset = 0;
  while (offset < size && error == 0) {
    size_t wanted = sizeof piece;
    if ((int64_t)wanted > size - offset) {
      wanted = (size_t)(size - offset);
    }
    error = ibd_read_exactly(fd, piece, wanted, offset);
    ibd_sha256_add(&hash, piece, wanted);
    offset += (int64_t)wanted;
  }
  close(fd);
  uint8_t digest[IBD_SHA256_BYTES];
  ibd_sha256_end(&hash, digest);
  ibd_sha256_hex(digest, hex);
  *bytes = size;
  return error;
}

int ibd_write_all(int fd, const void* data, size_t bytes) {
  const uint8_t* next = data;
  while (bytes > 0) {
    ssize_t written = write(fd, next, bytes);
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno;
    }
    next += written;
    bytes -= (size_t)written;
  }
  return 0;
}

static int write_new(const char* path, const void* data, size_t bytes) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) {
    return errno;
  }
  int error = ibd_write_all(fd, data, bytes);
  if (error == 0 && fsync(fd) != 0) {
    error = errno;
  }
  if (close(fd) != 0 && error == 0) {
    error = errno;
  }
  return error;
}

int ibd_file_publish(const char* path, const void* data, size_t bytes) {
  ibd_text temporary = {0};
  ibd_text_format(&temporary, "%s.tmp-%d", path, (int)getpid());
  ibd_text_append(&temporary, "", 1);
  if (temporary.is_broken) {
    ibd_text_free(&temporary);
    return ENOMEM;
  }
  int error =
      access(path, F_OK) == 0 ? EEXIST : write_new(temporary.data, data, bytes);
  if (error == 0 && rename(temporary.data, path) != 0) {
    error = errno;
  }
  if (error != 0 && error != EEXIST) {
    unlink(temporary.data);
  }
  ibd_text_free(&temporary);
  return error;
}

int ibd_make_directory(const char* path) {
  struct stat status;
  if (mkdir(path, 0755) == 0) {
    return 0;
  }
  if (errno != EEXIST) {
    return errno;
  }
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}
