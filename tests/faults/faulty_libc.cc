// LD_PRELOAD library that makes the system calls for files fail, at a chosen call or always (environment):
//   FAULT_COUNT=FILE        writes the number of counted calls to FILE when the process ends
//   FAULT_KILL_AT=N         the N-th counted call is a SIGKILL
//   FAULT_INTERRUPT_AT=N    a SIGINT comes with the N-th counted call
//   FAULT_FAIL_AT=N         the N-th counted call fails with ENOSPC
//   FAULT_NO_TMPFILE=1      no unnamed files (O_TMPFILE), as on some file systems
//   FAULT_SHORT=1           reads and writes stop after some bytes, or are interrupted
//   FAULT_SHRINK=FILE       FILE loses its second half as soon as it is mapped
//   FAULT_SLOW=MS           pauses before each rename
// Counted: what creates, writes, names and removes files.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

std::atomic<int> calls = 0;

int number(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 0 : std::atoi(text);
}

template <class F>
F real(const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

// Counts a call and sends the signal that is due with it.
int counted() {
  const int call = ++calls;
  if (call == number("FAULT_KILL_AT") || call == number("FAULT_INTERRUPT_AT")) {
    ::kill(::getpid(), call == number("FAULT_KILL_AT") ? SIGKILL : SIGINT);
  }
  return call;
}

bool fails() {
  const int call = counted();
  errno = ENOSPC;
  return call == number("FAULT_FAIL_AT");
}

// Every third one is interrupted, the others move at most 1000 bytes.
bool interrupted(size_t& count) {
  static std::atomic<int> turn = 0;
  if (number("FAULT_SHORT") == 0) {
    return false;
  }
  count = count > 1000 ? 1000 : count;
  errno = EINTR;
  return ++turn % 3 == 0;
}

struct Counter {
  ~Counter() {
    if (const char* path = std::getenv("FAULT_COUNT")) {
      if (std::FILE* file = std::fopen(path, "w")) {
        std::fprintf(file, "%d\n", calls.load());
        std::fclose(file);
      }
    }
  }
} counter;

int open_file(const char* name, int folder, const char* path, int flags, mode_t mode) {
  if ((flags & O_TMPFILE) == O_TMPFILE && number("FAULT_NO_TMPFILE") != 0) {
    errno = EOPNOTSUPP;
    return -1;
  }
  const bool creates = (flags & O_TMPFILE) == O_TMPFILE || (flags & O_CREAT) != 0;
  if (creates && fails()) {
    return -1;
  }
  return real<int (*)(int, const char*, int, ...)>(name)(folder, path, flags, mode);
}

bool is_regular(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

void shrink(int fd) {
  const char* victim = std::getenv("FAULT_SHRINK");
  struct stat a {};
  struct stat b {};
  if (victim != nullptr && ::fstat(fd, &a) == 0 && ::stat(victim, &b) == 0 && a.st_ino == b.st_ino) {
    [[maybe_unused]] const int cut = ::truncate(victim, b.st_size / 2);
  }
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return open_file("openat", AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return open_file("openat", AT_FDCWD, path, flags, mode);
}

ssize_t write(int fd, const void* data, size_t count) {
  if (is_regular(fd) && (fails() || interrupted(count))) {
    return -1;
  }
  return real<ssize_t (*)(int, const void*, size_t)>("write")(fd, data, count);
}

ssize_t read(int fd, void* data, size_t count) {
  if (is_regular(fd) && interrupted(count)) {
    return -1;
  }
  return real<ssize_t (*)(int, void*, size_t)>("read")(fd, data, count);
}

void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) {
  void* data = real<void* (*)(void*, size_t, int, int, int, off_t)>("mmap")(at, size, protection, flags, fd, offset);
  if (fd >= 0) {
    shrink(fd);
  }
  return data;
}

int fsync(int fd) { return fails() ? -1 : real<int (*)(int)>("fsync")(fd); }

int linkat(int from_folder, const char* from, int to_folder, const char* to, int flags) {
  return fails() ? -1
                 : real<int (*)(int, const char*, int, const char*, int)>("linkat")(from_folder, from, to_folder, to,
                                                                                    flags);
}

int link(const char* from, const char* to) {
  return fails() ? -1 : real<int (*)(const char*, const char*)>("link")(from, to);
}

int rename(const char* from, const char* to) {
  ::usleep(static_cast<useconds_t>(number("FAULT_SLOW")) * 1000);
  return fails() ? -1 : real<int (*)(const char*, const char*)>("rename")(from, to);
}

// Never fails: a full disk does not keep files from being removed.
int unlink(const char* path) {
  counted();
  return real<int (*)(const char*)>("unlink")(path);
}
}
