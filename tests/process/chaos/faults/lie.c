// Lies to a program about the time of day: so many seconds as LIE_FILE says, added to the wall clock and to nothing else.
// What waits until a time of day by other calls is not lied to, so that waiting is as long as it is meant to be.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long offset(void) {
  char text[32] = {0};
  const char *path = getenv("LIE_FILE");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return 0;
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  return size > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  static int (*truly)(clockid_t, struct timespec *);
  if (!truly) truly = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int answer = truly(clock, at);
  if (answer == 0 && clock == CLOCK_REALTIME) at->tv_sec += offset();
  return answer;
}
