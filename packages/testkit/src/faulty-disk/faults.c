/*
 * Loaded into a program by LD_PRELOAD: lets calls that change what lies below a folder fail as a disk lets them fail.
 * Told what to do by an open() of a path that nobody has (see index.ts):
 *   /faulty-disk/<calls>/<errno>/<first>/<once>/<log>/<folder>   from the first-th such call on, or only that one
 *   /faulty-disk                                                  none any more
 * calls: w writes, c creations (of files, folders, links; renames), s syncs. <log> is a descriptor; each such call is
 * written to it as a line, failed or not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[4096], calls[8];
static size_t folder_length;
static int fault, once, log_to = -1, armed;
static long first, seen;

static void control(const char *path) {
  pthread_mutex_lock(&lock);
  armed = sscanf(path, "/faulty-disk/%7[wcs]/%d/%ld/%d/%d%4095s", calls, &fault, &first, &once, &log_to, folder) == 6;
  folder_length = strlen(folder);
  seen = 0;
  pthread_mutex_unlock(&lock);
}

/* 1: this call is to fail, and errno says how. */
static int fails(char call, const char *name, const char *path) {
  int is_hit = 0;
  pthread_mutex_lock(&lock);
  if (armed && path[0] == '/' && strncmp(path, folder, folder_length) == 0 && strchr(calls, call) != NULL) {
    char line[4400];
    seen += 1;
    is_hit = once ? seen == first : seen >= first;
    int length = snprintf(line, sizeof line, "%s %s%s\n", name, path, is_hit ? " failed" : "");
    if (length > 0) syscall(SYS_write, log_to, line, (size_t)length);
  }
  pthread_mutex_unlock(&lock);
  if (is_hit) errno = fault;
  return is_hit;
}

static int fd_fails(char call, const char *name, int fd) {
  char link[64], path[4096];
  if (!armed) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return fails(call, name, path);
}

/* A path below an open folder, as /proc/self/fd/7/name, is one below where that lies. */
static int path_fails(char call, const char *name, const char *path) {
  char real[8192];
  int fd, at = 0;
  if (!armed || path == NULL) return 0;
  if (sscanf(path, "/proc/self/fd/%d%n", &fd, &at) == 1 && at > 0) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, real, 4095);
    if (length <= 0) return 0;
    snprintf(real + length, sizeof real - (size_t)length, "%s", path + at);
    return fails(call, name, real);
  }
  return fails(call, name, path);
}

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, #name))

static int opens(const char *path, int flags) {
  if (strncmp(path, "/faulty-disk", 12) == 0) {
    control(path);
    errno = ENOENT;
    return -1;
  }
  if ((flags & O_CREAT) == 0 || (syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0)) return 0;
  return path_fails('c', "create", path) ? -1 : 0;
}

#define OPEN(name)                                                        \
  int name(const char *path, int flags, ...) {                            \
    va_list rest;                                                         \
    va_start(rest, flags);                                                \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                         \
    if (opens(path, flags) != 0) return -1;                               \
    return NEXT(int (*)(const char *, int, ...), name)(path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

#define FD(result, name, call, parameters, arguments)                     \
  result name parameters {                                                \
    if (fd_fails(call, #name, fd)) return -1;                             \
    return NEXT(result(*) parameters, name) arguments;                    \
  }
FD(ssize_t, write, 'w', (int fd, const void *from, size_t size), (fd, from, size))
FD(ssize_t, pwrite, 'w', (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
FD(ssize_t, pwrite64, 'w', (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at))
FD(ssize_t, writev, 'w', (int fd, const struct iovec *from, int count), (fd, from, count))
FD(ssize_t, pwritev, 'w', (int fd, const struct iovec *from, int count, off_t at), (fd, from, count, at))
FD(ssize_t, pwritev64, 'w', (int fd, const struct iovec *from, int count, off64_t at), (fd, from, count, at))
FD(ssize_t, sendfile, 'w', (int fd, int in, off_t *at, size_t size), (fd, in, at, size))
FD(ssize_t, sendfile64, 'w', (int fd, int in, off64_t *at, size_t size), (fd, in, at, size))
FD(int, fsync, 's', (int fd), (fd))
FD(int, fdatasync, 's', (int fd), (fd))

ssize_t copy_file_range(int in, off64_t *from, int fd, off64_t *to, size_t size, unsigned flags) {
  if (fd_fails('w', "copy_file_range", fd)) return -1;
  return NEXT(ssize_t (*)(int, off64_t *, int, off64_t *, size_t, unsigned), copy_file_range)(in, from, fd, to, size, flags);
}

int mkdir(const char *path, mode_t mode) {
  if (syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0 && path_fails('c', "mkdir", path)) return -1;
  return NEXT(int (*)(const char *, mode_t), mkdir)(path, mode);
}

#define TWO(name)                                                          \
  int name(const char *from, const char *to) {                             \
    if (path_fails('c', #name, to)) return -1;                             \
    return NEXT(int (*)(const char *, const char *), name)(from, to);      \
  }
TWO(symlink)
TWO(link)
TWO(rename)
