#include "ibd/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

ibd_status ibd_fail(ibd_failure* failure, ibd_status status, const char* format,
                    ...) {
  va_list arguments;
  va_start(arguments, format);
  failure->status = status;
  (void)vsnprintf(failure->message, sizeof failure->message, format, arguments);
  va_end(arguments);
  return status;
}

void ibd_errno_name(int error, char* name) {
  static const struct {
    int error;
    const char* name;
  } kNames[] = {
      {EPERM, "EPERM"},
      {ENOENT, "ENOENT"},
      {EIO, "EIO"},
      {ENXIO, "ENXIO"},
      {EAGAIN, "EAGAIN"},
      {ENOMEM, "ENOMEM"},
      {EACCES, "EACCES"},
      {EBUSY, "EBUSY"},
      {EEXIST, "EEXIST"},
      {ENODEV, "ENODEV"},
      {ENOTDIR, "ENOTDIR"},
      {EISDIR, "EISDIR"},
      {EINVAL, "EINVAL"},
      {ENFILE, "ENFILE"},
      {EMFILE, "EMFILE"},
      {ENOSPC, "ENOSPC"},
      {EROFS, "EROFS"},
      {ENODATA, "ENODATA"},
      {ETIMEDOUT, "ETIMEDOUT"},
      {ELOOP, "ELOOP"},
      {ESTALE, "ESTALE"},
      {EINTR, "EINTR"},
      {ERANGE, "ERANGE"},
      {EREMOTEIO, "EREMOTEIO"},
      {EFBIG, "EFBIG"},
      {EFAULT, "EFAULT"},
      {ENOSYS, "ENOSYS"},
      {EOPNOTSUPP, "EOPNOTSUPP"},
  };
  for (size_t i = 0; i < sizeof kNames / sizeof kNames[0]; ++i) {
    if (kNames[i].error == error) {
      (void)snprintf(name, 16, "%s", kNames[i].name);
      return;
    }
  }
  (void)snprintf(name, 16, "E%d", error);
}
