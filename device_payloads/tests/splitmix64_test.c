#include "ibd/splitmix64.h"

#include "check.h"

/* The stream of seed 1234567, as other implementations print it. */
static void known_stream(void) {
  uint64_t state = 1234567;
  CHECK(ibd_splitmix64_draw(&state) == UINT64_C(6457827717110365317));
  CHECK(ibd_splitmix64_draw(&state) == UINT64_C(3203168211198807973));
  CHECK(ibd_splitmix64_draw(&state) == UINT64_C(9817491932198370423));
  CHECK(ibd_splitmix64_draw(&state) == UINT64_C(4593380528125082431));
  CHECK(ibd_splitmix64_draw(&state) == UINT64_C(16408922859458223821));
}

static void floats_are_the_upper_bits(void) {
  float values[64];
  uint64_t state = 7;
  uint64_t again = 7;
  CHECK_INT(ibd_splitmix64_fill(&state, IBD_FLOAT32, 64, values), 0);
  for (int i = 0; i < 64; ++i) {
    CHECK(values[i] ==
          (float)(ibd_splitmix64_draw(&again) >> 40) / 16777216.0f);
    CHECK(values[i] >= 0 && values[i] < 1);
  }
  CHECK(state == again);
}

static void halves_are_exact(void) {
  uint16_t halves[256];
  uint64_t state = 99;
  uint64_t again = 99;
  CHECK_INT(ibd_splitmix64_fill(&state, IBD_FLOAT16, 256, halves), 0);
  for (int i = 0; i < 256; ++i) {
    double expected = (double)(ibd_splitmix64_draw(&again) >> 53) / 2048;
    int exponent = halves[i] >> 10;
    double value = (1 + (halves[i] & 0x3ff) / 1024.0);
    for (; exponent < 15; ++exponent) {
      value /= 2;
    }
    CHECK((halves[i] == 0 ? 0 : value) == expected);
  }
}

static void integers_follow_their_rules(void) {
  int8_t bytes[32];
  int64_t flags[32];
  uint64_t state = 3;
  uint64_t again = 3;
  CHECK_INT(ibd_splitmix64_fill(&state, IBD_INT8, 32, bytes), 0);
  CHECK_INT(ibd_splitmix64_fill(&state, IBD_INT64, 32, flags), 0);
  for (int i = 0; i < 32; ++i) {
    CHECK_INT(bytes[i], (int8_t)(ibd_splitmix64_draw(&again) >> 56));
  }
  for (int i = 0; i < 32; ++i) {
    CHECK_INT(flags[i], (ibd_splitmix64_draw(&again) >> 33) & 1);
  }
}

int main(void) {
  known_stream();
  floats_are_the_upper_bits();
  halves_are_exact();
  integers_follow_their_rules();
  return 0;
}
