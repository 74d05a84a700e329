#include "ibd/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ibd/file.h"

int ibd_journal_open(ibd_journal* journal, const char* path,
                     const char* nonce) {
  *journal = (ibd_journal){.fd = -1};
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) {
    return errno;
  }
  journal->fd = fd;
  ibd_sha256 hash;
  ibd_sha256_begin(&hash);
  ibd_sha256_add(&hash, nonce, strlen(nonce));
  ibd_sha256_end(&hash, journal->chain);
  return 0;
}

ibd_text* ibd_journal_begin(ibd_journal* journal, const char* event) {
  ibd_text_clear(&journal->line);
  ibd_text_string(&journal->line, "{\"seq\":");
  ibd_text_int(&journal->line, journal->lines);
  ibd_json_text_field(&journal->line, "event", event);
  return &journal->line;
}

static void seal(ibd_journal* journal) {
  ibd_sha256 hash;
  ibd_sha256_begin(&hash);
  ibd_sha256_add(&hash, journal->chain, sizeof journal->chain);
  ibd_sha256_add(&hash, journal->line.data, journal->line.bytes);
  ibd_sha256_end(&hash, journal->chain);
  char hex[IBD_SHA256_HEX + 1];
  ibd_sha256_hex(journal->chain, hex);
  if (journal->sabotage == IBD_SABOTAGE_WRONG_CHAIN) {
    hex[0] = hex[0] == '0' ? '1' : '0';
  }
  ibd_json_text_field(&journal->line, "chain", hex);
  ibd_text_string(&journal->line, "}\n");
}

static int sabotage(ibd_journal* journal) {
  static const char kGarbage[] = "\x01\xff\xfe not a line of a journal \x80\n";
  switch (journal->sabotage) {
    case IBD_SABOTAGE_NONE:
    case IBD_SABOTAGE_WRONG_CHAIN:
      break;
    case IBD_SABOTAGE_GARBAGE:
      return ibd_write_all(journal->fd, kGarbage, sizeof kGarbage - 1);
    case IBD_SABOTAGE_PARTIAL:
      (void)ibd_write_all(journal->fd, journal->line.data,
                          journal->line.bytes / 2);
      _exit(0); /* The worst case: cut short, and the exit status says done. */
  }
  return 0;
}

int ibd_journal_commit(ibd_journal* journal) {
  if (journal->line.is_broken) {
    return ENOMEM;
  }
  seal(journal);
  if (journal->line.is_broken) {
    return ENOMEM;
  }
  int error = sabotage(journal);
  journal->sabotage = IBD_SABOTAGE_NONE;
  if (error == 0) {
    error = ibd_write_all(journal->fd, journal->line.data, journal->line.bytes);
  }
  ++journal->lines;
  return error;
}

int ibd_journal_sync(ibd_journal* journal) {
  return fsync(journal->fd) != 0 ? errno : 0;
}

void ibd_journal_close(ibd_journal* journal) {
  if (journal->fd >= 0) {
    close(journal->fd);
  }
  ibd_text_free(&journal->line);
  journal->fd = -1;
}
