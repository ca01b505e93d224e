#ifndef PQSCOPE_TESTS_SUPPORT_MEMORY_HPP
#define PQSCOPE_TESTS_SUPPORT_MEMORY_HPP

#include <fstream>
#include <string>
#include <string_view>

namespace support {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool frees_memory = false;  ///< a sanitizer keeps what was freed
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool frees_memory = false;
#else
inline constexpr bool frees_memory = true;
#endif
#else
inline constexpr bool frees_memory = true;
#endif

/// A line of /proc/self/status, in KiB; 0 where there is none.
inline long memory_status(std::string_view what) {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(what) && line[what.size()] == ':') {
      return std::stol(line.substr(what.size() + 1));
    }
  }
  return 0;
}

/// Memory of this process that is in use now, in KiB.
inline long resident_memory() {
  return memory_status("VmRSS");
}
/// The most of it that has been, in KiB.
inline long peak_memory() {
  return memory_status("VmHWM");
}
/// Has the peak be what is in use now; false where the kernel does not do that.
inline bool forget_peak_memory() {
  std::ofstream{"/proc/self/clear_refs"} << 5;
  return peak_memory() <= resident_memory() + 1024;
}

}  // namespace support

#endif
