// Lies about the disk: as on many network shares, nobody can map the index of SQLite's write-ahead log, which programs share.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void *mmap(void *at, size_t size, int protection, int flags, int file, off_t from) {
  char link[64], path[4096] = {0};
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = file < 0 ? -1 : readlink(link, path, sizeof path - 1);
  if (length > 4 && strcmp(path + length - 4, "-shm") == 0) {
    errno = ENODEV;
    return MAP_FAILED;
  }
  return (void *)syscall(SYS_mmap, at, size, protection, flags, file, from);
}

void *mmap64(void *, size_t, int, int, int, off_t) __attribute__((alias("mmap")));
