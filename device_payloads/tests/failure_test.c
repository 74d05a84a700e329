#include "ibd/failure.h"

#include <errno.h>

#include "check.h"

static void a_failure_keeps_its_status_and_sentence(void) {
  ibd_failure failure;
  CHECK_INT(ibd_fail(&failure, IBD_MODEL_HASH, "%s: %d", "model", 7),
            IBD_MODEL_HASH);
  CHECK_INT(failure.status, IBD_MODEL_HASH);
  CHECK_TEXT(failure.message, "model: 7");
}

static void a_long_sentence_is_cut(void) {
  char text[2000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  ibd_failure failure;
  (void)ibd_fail(&failure, IBD_INTERNAL, "%s", text);
  CHECK_INT(strlen(failure.message), sizeof failure.message - 1);
}

static void errors_have_names(void) {
  char name[16];
  ibd_errno_name(ENOENT, name);
  CHECK_TEXT(name, "ENOENT");
  ibd_errno_name(ENODEV, name);
  CHECK_TEXT(name, "ENODEV");
  ibd_errno_name(4242, name);
  CHECK_TEXT(name, "E4242");
}

int main(void) {
  a_failure_keeps_its_status_and_sentence();
  a_long_sentence_is_cut();
  errors_have_names();
  return 0;
}
