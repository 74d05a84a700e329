#include "ibd/journal.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Recomputes the chain of a journal; the number of the first bad line, or the
 * count of lines, as a negative number, if all are good.
 */
static int check_chain(const char* content, const char* nonce) {
  ibd_sha256 hash;
  uint8_t chain[IBD_SHA256_BYTES];
  char hex[IBD_SHA256_HEX + 1];
  ibd_sha256_begin(&hash);
  ibd_sha256_add(&hash, nonce, strlen(nonce));
  ibd_sha256_end(&hash, chain);
  int line = 0;
  while (*content != '\0') {
    const char* end = strchr(content, '\n');
    static const char kKey[] = ",\"chain\":\"";
    size_t tail = sizeof kKey - 1 + IBD_SHA256_HEX + 2;
    if (end == NULL || (size_t)(end - content) < tail) {
      return line;
    }
    const char* body_end = end - tail;
    ibd_sha256_begin(&hash);
    ibd_sha256_add(&hash, chain, sizeof chain);
    ibd_sha256_add(&hash, content, (size_t)(body_end - content));
    ibd_sha256_end(&hash, chain);
    ibd_sha256_hex(chain, hex);
    if (memcmp(body_end, kKey, sizeof kKey - 1) != 0 ||
        memcmp(body_end + sizeof kKey - 1, hex, IBD_SHA256_HEX) != 0 ||
        memcmp(end - 2, "\"}", 2) != 0) {
      return line;
    }
    content = end + 1;
    ++line;
  }
  return -line;
}

static void write_three_lines(const char* path, ibd_sabotage second) {
  ibd_journal journal;
  CHECK_INT(ibd_journal_open(&journal, path, "nonce"), 0);
  for (int i = 0; i < 3; ++i) {
    ibd_text* line = ibd_journal_begin(&journal, "note");
    ibd_json_int_field(line, "value", i * 10);
    ibd_json_text_field(line, "text", "a \"quoted\" word");
    journal.sabotage = i == 1 ? second : IBD_SABOTAGE_NONE;
    CHECK_INT(ibd_journal_commit(&journal), 0);
  }
  CHECK_INT(journal.lines, 3);
  CHECK_INT(ibd_journal_sync(&journal), 0);
  ibd_journal_close(&journal);
}

static void lines_are_chained(const char* folder) {
  const char* path = in_folder(folder, "good");
  write_three_lines(path, IBD_SABOTAGE_NONE);
  const char* content = read_file(path);
  CHECK(strncmp(content, "{\"seq\":0,\"event\":\"note\",\"value\":0,", 34) ==
        0);
  CHECK_INT(check_chain(content, "nonce"), -3);
  CHECK_INT(check_chain(content, "other"), 0);
}

static void any_changed_letter_breaks_the_chain(const char* folder) {
  const char* path = in_folder(folder, "changed");
  write_three_lines(path, IBD_SABOTAGE_NONE);
  char content[4096];
  (void)snprintf(content, sizeof content, "%s", read_file(path));
  for (size_t i = 0; content[i] != '\0'; ++i) {
    content[i] ^= 1;
    CHECK(check_chain(content, "nonce") >= 0);
    content[i] ^= 1;
  }
  CHECK_INT(check_chain(content, "nonce"), -3);
}

static void a_journal_is_never_continued(const char* folder) {
  const char* path = in_folder(folder, "twice");
  write_three_lines(path, IBD_SABOTAGE_NONE);
  ibd_journal journal;
  CHECK_INT(ibd_journal_open(&journal, path, "nonce"), EEXIST);
}

static void a_wrong_chain_is_found(const char* folder) {
  const char* path = in_folder(folder, "wrong");
  write_three_lines(path, IBD_SABOTAGE_WRONG_CHAIN);
  CHECK_INT(check_chain(read_file(path), "nonce"), 1);
}

static void garbage_is_found(const char* folder) {
  const char* path = in_folder(folder, "garbage");
  write_three_lines(path, IBD_SABOTAGE_GARBAGE);
  CHECK_INT(check_chain(read_file(path), "nonce"), 1);
}

static void half_a_line_ends_the_process_with_success(const char* folder) {
  const char* path = in_folder(folder, "partial");
  pid_t pid = fork();
  if (pid == 0) {
    write_three_lines(path, IBD_SABOTAGE_PARTIAL);
    _exit(1);
  }
  int status;
  CHECK_INT(waitpid(pid, &status, 0), pid);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  const char* content = read_file(path);
  CHECK_INT(check_chain(content, "nonce"), 1);
  CHECK(content[strlen(content) - 1] != '\n');
}

int main(void) {
  const char* folder = fresh_folder();
  lines_are_chained(folder);
  any_changed_letter_breaks_the_chain(folder);
  a_journal_is_never_continued(folder);
  a_wrong_chain_is_found(folder);
  garbage_is_found(folder);
  half_a_line_ends_the_process_with_success(folder);
  return 0;
}
