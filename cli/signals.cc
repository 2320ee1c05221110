#include "cli/signals.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/support/codes.h"

namespace dsq::cli {
namespace {

template <size_t N>
void write_error(const char (&text)[N]) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, N - 1);
}

char subject[1024] = "";  // "model.onnx: ", for handlers that can ask nobody

template <size_t N>
void write_error_at_subject(const char (&code)[N], const char* rest) {
  write_error(code);
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, subject, std::strlen(subject));
  written = ::write(STDERR_FILENO, rest, std::strlen(rest));
}

// Async-signal-safe. Files are written under no name until they are whole, so nothing half-written stays behind. The
// main thread holds signals back while a file gets its name, so the others hand theirs over to it.
void interrupted(int signal) {
  const pid_t process = ::getpid();
  if (::syscall(SYS_gettid) != process) {
    ::syscall(SYS_tgkill, process, process, signal);
    return;
  }
  if (::isatty(STDERR_FILENO) == 1) {
    write_error("\r\x1b[K");
  }
  write_error("dsquant: interrupted\n");
  ::_exit(signal == SIGINT ? static_cast<int>(Exit::interrupted) : 128 + signal);
}

// A mapped file that another process cuts off: its pages are gone, and nothing can be computed without them.
void bad_page(int signal, siginfo_t* info, void*) {
  if (info->si_code != BUS_ADRERR) {
    ::signal(signal, SIG_DFL);  // broken memory: happens again, and ends the process as it should
    return;
  }
  write_error_at_subject("error[E101]: ", "a file became shorter while it was read\nhelp: wait until it is complete\n");
  ::_exit(static_cast<int>(Exit::refused));
}

[[noreturn]] void terminated() {
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::bad_alloc&) {
    write_error_at_subject("error[E703]: ", "not enough memory\nhelp: use a smaller --batch or smaller shapes\n");
    ::_exit(static_cast<int>(Exit::refused));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error[E901]: %s\nhelp: please report it with the command line\n", error.what());
  } catch (...) {
    write_error("error[E901]: unknown exception\nhelp: please report it with the command line\n");
  }
  ::_exit(static_cast<int>(Exit::internal));
}

volatile std::sig_atomic_t finished = 0;

void gave_up() {
  if (finished == 0) {
    write_error_at_subject("error[E703]: ",
                           "a library gave up: memory or threads ran out\nhelp: use fewer --threads or more memory\n");
    ::_exit(static_cast<int>(Exit::refused));
  }
}

}  // namespace

void process_works_on(std::string_view file) {
  if (!file.empty() && file.size() + 3 < sizeof subject) {
    std::memcpy(subject, file.data(), file.size());
    std::memcpy(subject + file.size(), ": ", 3);
  }
}

void process_done() { finished = 1; }

void guard_process() {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::fcntl(fd, F_GETFD) == -1) {
      // Opened for reading, so that writing to a closed stdout is still an error.
      [[maybe_unused]] const int opened = ::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    }
  }
  struct sigaction action {};
  action.sa_handler = interrupted;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    if (::sigaction(signal, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) {  // as under nohup
      ::sigaction(signal, &action, nullptr);
    }
  }
  struct sigaction page {};
  page.sa_sigaction = bad_page;
  page.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &page, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
  ::sigaction(SIGXFSZ, &action, nullptr);  // a limit on file size is a write that fails
  std::set_terminate(terminated);
  std::atexit(gave_up);
}

}  // namespace dsq::cli
