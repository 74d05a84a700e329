#include "ibd/number.h"

#include "check.h"

static void whole_numbers(void) {
  int64_t value = -1;
  CHECK(ibd_parse_int("42", 0, 100, &value));
  CHECK_INT(value, 42);
  CHECK(!ibd_parse_int("101", 0, 100, &value));
  CHECK(!ibd_parse_int("-1", 0, 100, &value));
  CHECK(!ibd_parse_int("4x", 0, 100, &value));
  CHECK(!ibd_parse_int("", 0, 100, &value));
  CHECK(!ibd_parse_int(" 4", 0, 100, &value));
  CHECK(!ibd_parse_int("99999999999999999999", 0, INT64_MAX, &value));
  CHECK_INT(value, 42);
}

static void seeds_are_unsigned(void) {
  uint64_t value = 0;
  CHECK(ibd_parse_uint64("18446744073709551615", &value));
  CHECK(value == UINT64_MAX);
  CHECK(!ibd_parse_uint64("-1", &value));
  CHECK(!ibd_parse_uint64("18446744073709551616", &value));
  CHECK(!ibd_parse_uint64("", &value));
}

static void seconds_become_ns(void) {
  int64_t ns = -1;
  CHECK(ibd_parse_seconds("2.5", &ns));
  CHECK_INT(ns, 2500000000);
  CHECK(ibd_parse_seconds("0", &ns));
  CHECK_INT(ns, 0);
  CHECK(!ibd_parse_seconds("-1", &ns));
  CHECK(!ibd_parse_seconds("nan", &ns));
  CHECK(!ibd_parse_seconds("inf", &ns));
  CHECK(!ibd_parse_seconds("1 s", &ns));
}

static void hashes_are_lower_case_hex(void) {
  char hash[65];
  memset(hash, 'a', 64);
  hash[64] = '\0';
  CHECK(ibd_is_sha256_hex(hash));
  hash[3] = 'A';
  CHECK(!ibd_is_sha256_hex(hash));
  hash[3] = '\0';
  CHECK(!ibd_is_sha256_hex(hash));
}

int main(void) {
  whole_numbers();
  seeds_are_unsigned();
  seconds_become_ns();
  hashes_are_lower_case_hex();
  return 0;
}
