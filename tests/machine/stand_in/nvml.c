/* Stand-in of NVML with the signatures of NVIDIA's header: cards, and what they say, come from the
 * environment. NVML_CARDS is "name|uuid|architecture" with ";" between; NVML_MUTE names functions
 * that answer «not supported»; power is 70 W, and energy grows with time at that power.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OK = 0, INVALID = 2, NOT_SUPPORTED = 3, DRIVER_NOT_LOADED = 9 };

static char cards[8][3][96];
static unsigned count;

static int muted(const char* name) {
  const char* all = getenv("NVML_MUTE");
  return all != NULL && strstr(all, name) != NULL;
}

int nvmlInit_v2(void) {
  const char* told = getenv("NVML_CARDS");
  if (told == NULL) return DRIVER_NOT_LOADED;
  count = 0;
  char text[1024];
  snprintf(text, sizeof text, "%s", told);
  for (char* card = strtok(text, ";"); card; card = strtok(NULL, ";")) {
    sscanf(card, "%95[^|]|%95[^|]|%95s", cards[count][0], cards[count][1], cards[count][2]);
    ++count;
  }
  return OK;
}

int nvmlDeviceGetCount_v2(unsigned* value) { *value = count; return OK; }

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (index >= count) return INVALID;
  *device = cards[index];
  return OK;
}

static int text(void* device, int which, char* value, unsigned length) {
  snprintf(value, length, "%s", ((char(*)[96])device)[which]);
  return OK;
}

int nvmlDeviceGetName(void* d, char* value, unsigned length) { return text(d, 0, value, length); }
int nvmlDeviceGetUUID(void* d, char* value, unsigned length) { return text(d, 1, value, length); }

int nvmlDeviceGetArchitecture(void* d, unsigned* value) {
  *value = (unsigned)atoi(((char(*)[96])d)[2]);
  return OK;
}

#define ANSWER(name, type, number)                \
  int name(void* d, type* value) {                \
    (void)d;                                      \
    if (muted(#name)) return NOT_SUPPORTED;       \
    *value = (type)(number);                      \
    return OK;                                    \
  }

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

ANSWER(nvmlDeviceGetTotalEnergyConsumption, unsigned long long, 70e3 * now_s())
ANSWER(nvmlDeviceGetPowerUsage, unsigned, 70000)
ANSWER(nvmlDeviceGetEnforcedPowerLimit, unsigned, 72000)
ANSWER(nvmlDeviceGetCurrentClocksThrottleReasons, unsigned long long, 4)

int nvmlDeviceGetTemperature(void* d, unsigned sensor, unsigned* value) {
  (void)d;
  if (sensor != 0) return INVALID;
  *value = 61;
  return OK;
}

int nvmlDeviceGetClockInfo(void* d, unsigned which, unsigned* value) {
  (void)d;
  *value = which == 0 ? 1590 : which == 2 ? 5000 : 0;
  return *value ? OK : INVALID;
}

int nvmlDeviceGetUtilizationRates(void* d, unsigned value[2]) {
  (void)d;
  value[0] = 98;
  value[1] = 40;
  return OK;
}
