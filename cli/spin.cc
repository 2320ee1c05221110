// How long threads spin before they sleep. libgomp's default, 15 ms and more at each barrier, burns a thread's share of a
// busy machine while it waits for one that is not running: a run of 0.7 s then took 22 s. 3000 rounds keep an idle
// machine as fast (within 4 %). libgomp reads its environment before main() and has no call for it, so the process
// starts itself once more with GOMP_SPINCOUNT set, before libraries initialize: 3 ms of CPU time. Whoever sets
// GOMP_SPINCOUNT or OMP_WAIT_POLICY decides. Where it does not work, the default stays.
#include <string_view>

#include <unistd.h>

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)  // a sanitizer cannot take code that runs before it
namespace {

bool computes(int argc, char** argv) {
  if (argc < 2) {
    return false;
  }
  const std::string_view command = argv[1];
  return command != "version" && command != "--version" && command != "list" && command != "help" &&
         command != "--help" && command != "-h" && command != "dump" && command != "inspect" && command != "explain" &&
         command != "completion" && command != "man";
}

void restart_with_short_spins(int argc, char** argv, char** environment) {
  if (!computes(argc, argv)) {
    return;
  }
  constexpr int kMost = 1000;  // variables; this runs before the heap can be trusted
  static char setting[] = "GOMP_SPINCOUNT=3000";
  char* changed[kMost + 2];
  int count = 0;
  for (char** variable = environment; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (text.starts_with("GOMP_SPINCOUNT=") || text.starts_with("OMP_WAIT_POLICY=") || count == kMost) {
      return;
    }
    changed[count++] = *variable;
  }
  changed[count++] = setting;
  changed[count] = nullptr;
  char path[4096];
  const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path - 1);
  if (length > 0) {
    path[length] = '\0';
    ::execve(path, argv, changed);
  }
}

using Initializer = void (*)(int, char**, char**);
[[gnu::section(".preinit_array"), gnu::used]] const Initializer kFirst = restart_with_short_spins;

}  // namespace
#endif
