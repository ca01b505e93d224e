#ifndef PQSCOPE_TESTING_CLUSTER_FILES_HPP
#define PQSCOPE_TESTING_CLUSTER_FILES_HPP

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <pqscope/testing/child_process.hpp>
#include <pqscope/testing/file_descriptor.hpp>
#include <pqscope/testing/harness_error.hpp>

namespace pqscope::testing::detail {

/// Gives `file` to `owner`, if there is one.
inline void give_to(std::filesystem::path const& file, std::optional<account> const& owner) {
  if (owner && ::chown(file.c_str(), owner->user, owner->group) != 0) {
    throw_system_error("cannot change the owner of " + file.string());
  }
}

/// A new folder of mode 0700, removed with all it holds by the destructor of the process that made
/// it. Neither copyable nor movable.
class temporary_folder {
 public:
  /// Makes `<parent>/pqs-XXXXXX`, owned by `owner` if given.
  temporary_folder(std::filesystem::path const& parent, std::optional<account> const& owner)
      : maker_(::getpid()) {
    std::string name = (parent / "pqs-XXXXXX").string();
    if (!::mkdtemp(name.data())) {
      throw_system_error("cannot make a folder in " + parent.string());
    }
    path_ = name;
    try {
      give_to(path_, owner);
    } catch (...) {
      remove();
      throw;
    }
  }
  temporary_folder(temporary_folder const&) = delete;
  temporary_folder& operator=(temporary_folder const&) = delete;
  ~temporary_folder() {
    if (maker_ == ::getpid()) {
      remove();
    }
  }

  /// Where it is.
  std::filesystem::path const& path() const noexcept { return path_; }

 private:
  void remove() const noexcept {
    // A server process that outlived its postmaster for a moment may still add files.
    for (int attempt = 0; attempt < 100; ++attempt) {
      std::error_code failure;
      std::filesystem::remove_all(path_, failure);
      if (!failure) {
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  std::filesystem::path path_;
  pid_t maker_;
};

/// Writes `text` to `file` with mode 0600 and gives it to `owner`; replaces or appends.
inline void write_file(std::filesystem::path const& file, std::string_view text,
                       std::optional<account> const& owner, bool append = false) {
  std::ofstream out(file, append ? std::ios::binary | std::ios::app : std::ios::binary);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out || ::chmod(file.c_str(), 0600) != 0) {
    throw_system_error("cannot write " + file.string());
  }
  give_to(file, owner);
}

/// One line `name = 'value'` of postgresql.conf, quoted as its grammar wants it.
inline std::string setting_line(std::string_view name, std::string_view value) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
  if (name.empty() || name.find_first_not_of(allowed) != std::string_view::npos) {
    throw harness_error("\"" + std::string(name) + "\" is not the name of a setting");
  }
  std::string line(name);
  line += " = '";
  for (char const c : value) {
    if (c == '\n' || c == '\r' || c == '\0') {
      throw harness_error("the value of setting " + std::string(name) + " holds a line break");
    }
    if (c == '\'' || c == '\\') {
      line += c;
    }
    line += c;
  }
  return line += "'\n";
}

/// The last `limit` bytes of `text`, from the start of a line where possible.
inline std::string_view tail(std::string_view text, std::size_t limit = 2000) {
  if (text.size() > limit) {
    text.remove_prefix(text.size() - limit);
    std::size_t const line = text.find('\n');
    text.remove_prefix(line == std::string_view::npos ? 0 : line + 1);
  }
  return text;
}

/// Line `number`, counted from 1, of `text`; empty where there is none.
inline std::string_view line_of(std::string_view text, int number) {
  for (; number > 1; --number) {
    std::size_t const end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return text.substr(0, text.find('\n'));
}

}  // namespace pqscope::testing::detail

#endif
