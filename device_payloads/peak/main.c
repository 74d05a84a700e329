/* ibd_peak: how many operations per second this processor's widest multiply-add
 * instructions do, by running nothing else.
 *
 * Each thread keeps to one processor and repeats rounds of about a millisecond
 * over registers alone; its best round counts, since the others were disturbed.
 * The sum over the threads is printed for each precision the processor has fast
 * instructions for. A multiply-add counts as two operations. Matrix tiles (AMX,
 * SME) are not measured; where they are there, the caller must know.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ibd/status.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#include <sys/auxv.h>
#endif

#define VERSION "1.0.0"
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

enum { CHAINS = 12, MAX_THREADS = 1024 };

/* Runs `count` steps of CHAINS independent multiply-adds. The accumulators' sum
 * goes to *sink, so that nothing can be left out.
 */
typedef void (*work)(long count, volatile float* sink);

typedef struct kernel {
  const char* precision;
  const char* isa;
  double ops_per_step;
  work run;
} kernel;

#if defined(__x86_64__)

__attribute__((target("avx2,fma"))) static void f32_avx2(long count,
                                                         volatile float* sink) {
  __m256 factor = _mm256_set1_ps(0.999f + *sink);
  __m256 addend = _mm256_set1_ps(0.001f + *sink);
  __m256 sum[CHAINS];
  for (int k = 0; k < CHAINS; ++k) {
    sum[k] = _mm256_set1_ps((float)k + *sink);
  }
  for (long i = 0; i < count; ++i) {
    UNROLLED
    for (int k = 0; k < CHAINS; ++k) {
      sum[k] = _mm256_fmadd_ps(sum[k], factor, addend);
    }
  }
  for (int k = 1; k < CHAINS; ++k) {
    sum[0] = _mm256_add_ps(sum[0], sum[k]);
  }
  *sink = 0.0f * _mm256_cvtss_f32(sum[0]);
}

__attribute__((target("avx512f"))) static void f32_avx512(
    long count, volatile float* sink) {
  __m512 factor = _mm512_set1_ps(0.999f + *sink);
  __m512 addend = _mm512_set1_ps(0.001f + *sink);
  __m512 sum[CHAINS];
  for (int k = 0; k < CHAINS; ++k) {
    sum[k] = _mm512_set1_ps((float)k + *sink);
  }
  for (long i = 0; i < count; ++i) {
    UNROLLED
    for (int k = 0; k < CHAINS; ++k) {
      sum[k] = _mm512_fmadd_ps(sum[k], factor, addend);
    }
  }
  for (int k = 1; k < CHAINS; ++k) {
    sum[0] = _mm512_add_ps(sum[0], sum[k]);
  }
  *sink = 0.0f * _mm512_cvtss_f32(sum[0]);
}

__attribute__((target("avx512f,avx512vnni"))) static void i8_avx512(
    long count, volatile float* sink) {
  __m512i left = _mm512_set1_epi8((char)(3 + (int)*sink));
  __m512i right = _mm512_set1_epi8((char)(5 + (int)*sink));
  __m512i sum[CHAINS];
  for (int k = 0; k < CHAINS; ++k) {
    sum[k] = _mm512_set1_epi32(k + (int)*sink);
  }
  for (long i = 0; i < count; ++i) {
    UNROLLED
    for (int k = 0; k < CHAINS; ++k) {
      sum[k] = _mm512_dpbusd_epi32(sum[k], left, right);
      /* without this the compiler adds one product `count` times over */
      __asm__ volatile("" : "+v"(sum[k]));
    }
  }
  for (int k = 1; k < CHAINS; ++k) {
    sum[0] = _mm512_add_epi32(sum[0], sum[k]);
  }
  *sink = 0.0f * (float)_mm_cvtsi128_si32(_mm512_castsi512_si128(sum[0]));
}

__attribute__((target("avx2,avxvnni"))) static void i8_avx(
    long count, volatile float* sink) {
  __m256i left = _mm256_set1_epi8((char)(3 + (int)*sink));
  __m256i right = _mm256_set1_epi8((char)(5 + (int)*sink));
  __m256i sum[CHAINS];
  for (int k = 0; k < CHAINS; ++k) {
    sum[k] = _mm256_set1_epi32(k + (int)*sink);
  }
  for (long i = 0; i < count; ++i) {
    UNROLLED
    for (int k = 0; k < CHAINS; ++k) {
      sum[k] = _mm256_dpbusd_avx_epi32(sum[k], left, right);
      __asm__ volatile("" : "+x"(sum[k]));
    }
  }
  for (int k = 1; k < CHAINS; ++k) {
    sum[0] = _mm256_add_epi32(sum[0], sum[k]);
  }
  *sink = 0.0f * (float)_mm_cvtsi128_si32(_mm256_castsi256_si128(sum[0]));
}

/* Whether the operating system keeps these parts of the registers. */
static bool is_kept(uint32_t wanted) {
  uint32_t low;
  uint32_t high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & wanted) == wanted;
}

/* By cpuid itself: __builtin_cpu_supports needs a runtime that zig does not
 * bring.
 */
static int find_kernels(kernel* found) {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_OSXSAVE) == 0) {
    return 0;
  }
  bool has_fma = (c & bit_FMA) != 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    return 0;
  }
  bool has_avx2 = (b & bit_AVX2) != 0 && is_kept(0x6);
  bool has_avx512 = (b & bit_AVX512F) != 0 && is_kept(0xe6);
  bool has_avx512_vnni = has_avx512 && (c & bit_AVX512VNNI) != 0;
  bool has_avx_vnni = __get_cpuid_count(7, 1, &a, &b, &c, &d) && has_avx2 &&
                      (a & (1u << 4)) != 0;
  int count = 0;
  if (has_avx512) {
    found[count++] = (kernel){"float32", "avx512f", CHAINS * 32.0, f32_avx512};
  } else if (has_avx2 && has_fma) {
    found[count++] = (kernel){"float32", "avx2 fma", CHAINS * 16.0, f32_avx2};
  }
  if (has_avx512_vnni) {
    found[count++] = (kernel){"int8", "avx512_vnni", CHAINS * 128.0, i8_avx512};
  } else if (has_avx_vnni) {
    found[count++] = (kernel){"int8", "avx_vnni", CHAINS * 64.0, i8_avx};
  }
  return count;
}

#elif defined(__aarch64__)

static void f32_neon(long count, volatile float* sink) {
  float32x4_t factor = vdupq_n_f32(0.999f + *sink);
  float32x4_t addend = vdupq_n_f32(0.001f + *sink);
  float32x4_t sum[CHAINS];
  for (int k = 0; k < CHAINS; ++k) {
    sum[k] = vdupq_n_f32((float)k + *sink);
  }
  for (long i = 0; i < count; ++i) {
    UNROLLED
    for (int k = 0; k < CHAINS; ++k) {
      sum[k] = vfmaq_f32(sum[k], factor, addend);
      __asm__ volatile("" : "+w"(sum[k]));
    }
  }
  for (int k = 1; k < CHAINS; ++k) {
    sum[0] = vaddq_f32(sum[0], sum[k]);
  }
  *sink = 0.0f * vgetq_lane_f32(sum[0], 0);
}

__attribute__((target("dotprod"))) static void i8_dot(long count,
                                                      volatile float* sink) {
  int8x16_t left = vdupq_n_s8((int8_t)(3 + (int)*sink));
  int8x16_t right = vdupq_n_s8((int8_t)(5 + (int)*sink));
  int32x4_t sum[CHAINS];
  for (int k = 0; k < CHAINS; ++k) {
    sum[k] = vdupq_n_s32(k + (int)*sink);
  }
  for (long i = 0; i < count; ++i) {
    UNROLLED
    for (int k = 0; k < CHAINS; ++k) {
      sum[k] = vdotq_s32(sum[k], left, right);
      __asm__ volatile("" : "+w"(sum[k]));
    }
  }
  for (int k = 1; k < CHAINS; ++k) {
    sum[0] = vaddq_s32(sum[0], sum[k]);
  }
  *sink = 0.0f * (float)vgetq_lane_s32(sum[0], 0);
}

static int find_kernels(kernel* found) {
  int count = 0;
  const unsigned long dot_product = 1ul << 20; /* HWCAP_ASIMDDP */
  found[count++] = (kernel){"float32", "asimd", CHAINS * 8.0, f32_neon};
  if (getauxval(AT_HWCAP) & dot_product) {
    found[count++] = (kernel){"int8", "asimddp", CHAINS * 32.0, i8_dot};
  }
  return count;
}

#else
static int find_kernels(kernel* found) {
  (void)found;
  return 0;
}
#endif

typedef struct job {
  pthread_t thread;
  int cpu;
  const kernel* kernel;
  double seconds;
  double ops_per_s; /* of the best round; 0 where it could not be pinned */
} job;

static double now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void* measure(void* argument) {
  job* one = argument;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)one->cpu, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) {
    return NULL;
  }
  volatile float sink = 0.0f;
  const long steps = 200000; /* a millisecond, more or less */
  double start = now_s();
  double end = start;
  while (end - start < one->seconds) {
    double round = now_s();
    one->kernel->run(steps, &sink);
    end = now_s();
    double rate = one->kernel->ops_per_step * (double)steps / (end - round);
    if (rate > one->ops_per_s) {
      one->ops_per_s = rate;
    }
  }
  return NULL;
}

static int usage(void) {
  fprintf(stderr, "usage: ibd_peak --cpus 0,1,… [--seconds 0.3]\n");
  return IBD_USAGE;
}

static int read_cpus(const char* text, job* jobs) {
  int count = 0;
  char* end = NULL;
  for (const char* at = text; *at != '\0'; at = *end == ',' ? end + 1 : end) {
    errno = 0;
    long cpu = strtol(at, &end, 10);
    bool is_fine = end != at && errno == 0 && cpu >= 0 && cpu < CPU_SETSIZE &&
                   (*end == ',' || *end == '\0') && count < MAX_THREADS;
    if (!is_fine) {
      return 0;
    }
    jobs[count++].cpu = (int)cpu;
  }
  return count;
}

static bool run_all(job* jobs, int count, const kernel* what,
                    double seconds) {
  int started = 0;
  for (; started < count; ++started) {
    job* one = &jobs[started];
    *one = (job){.cpu = one->cpu, .kernel = what, .seconds = seconds};
    if (pthread_create(&one->thread, NULL, measure, one) != 0) {
      break;
    }
  }
  double ops_per_s = 0.0;
  bool is_whole = started == count;
  for (int k = 0; k < started; ++k) {
    pthread_join(jobs[k].thread, NULL);
    ops_per_s += jobs[k].ops_per_s;
    is_whole = is_whole && jobs[k].ops_per_s > 0.0;
  }
  if (is_whole) {
    printf("{\"precision\":\"%s\",\"isa\":\"%s\",\"ops_per_s\":%.6g}\n",
           what->precision, what->isa, ops_per_s);
  }
  return is_whole;
}

int main(int argc, char** argv) {
  static job jobs[MAX_THREADS];
  int count = 0;
  double seconds = 0.3;
  for (int i = 1; i < argc; ++i) {
    if (strcmp(argv[i], "--version") == 0) {
      printf("ibd_peak %s\n", VERSION);
      return IBD_OK;
    }
    if (i + 1 < argc && strcmp(argv[i], "--cpus") == 0) {
      count = read_cpus(argv[++i], jobs);
    } else if (i + 1 < argc && strcmp(argv[i], "--seconds") == 0) {
      seconds = atof(argv[++i]);
    } else {
      return usage();
    }
  }
  if (count == 0 || !(seconds > 0.0 && seconds < 60.0)) {
    return usage();
  }
  kernel kernels[4];
  int known = find_kernels(kernels);
  for (int k = 0; k < known; ++k) {
    if (!run_all(jobs, count, &kernels[k], seconds)) {
      fprintf(stderr, "ibd_peak: a processor cannot be used\n");
      return IBD_INTERNAL;
    }
  }
  return IBD_OK;
}
