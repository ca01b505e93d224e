#ifndef PQSCOPE_TESTING_POSTGRES_PROGRAMS_HPP
#define PQSCOPE_TESTING_POSTGRES_PROGRAMS_HPP

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <pqscope/connection/loops.hpp>
#include <pqscope/testing/child_process.hpp>
#include <pqscope/testing/harness_error.hpp>

namespace pqscope::testing::detail {

/// Whether `folder` holds the programs that make and run a cluster.
inline bool has_server_programs(std::filesystem::path const& folder) {
  return ::access((folder / "initdb").c_str(), X_OK) == 0 &&
         ::access((folder / "postgres").c_str(), X_OK) == 0;
}

/// The folders of PATH, in order.
inline std::vector<std::filesystem::path> folders_of_path() {
  std::vector<std::filesystem::path> folders;
  char const* variable = std::getenv("PATH");
  std::string_view rest = variable ? variable : "";
  while (!rest.empty()) {
    std::size_t const end = pqscope::detail::least(rest.find(':'), rest.size());
    if (end > 0) {
      folders.emplace_back(rest.substr(0, end));
    }
    rest.remove_prefix(pqscope::detail::least(end + 1, rest.size()));
  }
  return folders;
}

/// The whole of a file, empty where it cannot be read.
inline std::string file_text(std::filesystem::path const& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

/// What `pg_config --bindir` says, where there is such a program; `scratch` is a writable folder.
inline std::optional<std::filesystem::path> bindir_of_pg_config(
    std::filesystem::path const& scratch) {
  for (auto const& folder : folders_of_path()) {
    if (::access((folder / "pg_config").c_str(), X_OK) == 0) {
      std::filesystem::path const output = scratch / "pg_config.log";
      child_process child;
      child.start({.arguments = {(folder / "pg_config").string(), "--bindir"},
                   .working_directory = scratch,
                   .output = output,
                   .run_as = {}});
      if (!child.wait(std::chrono::seconds(10)) || !child.succeeded()) {
        return std::nullopt;
      }
      std::string text = file_text(output);
      text.resize(pqscope::detail::least(text.find('\n'), text.size()));
      return text;
    }
  }
  return std::nullopt;
}

/// Where distributions install a server, highest version first.
inline std::vector<std::filesystem::path> usual_bindirs() {
  std::vector<std::pair<double, std::filesystem::path>> found;
  auto const collect = [&found](std::filesystem::path const& parent, std::string_view prefix) {
    std::error_code ignored;
    for (auto const& entry : std::filesystem::directory_iterator(parent, ignored)) {
      std::string const name = entry.path().filename().string();
      if (name.starts_with(prefix)) {
        double const version = std::strtod(name.c_str() + prefix.size(), nullptr);
        auto at = found.begin();
        while (at != found.end() && at->first >= version) {
          ++at;
        }
        found.emplace(at, version, entry.path() / "bin");
      }
    }
  };
  collect("/usr/lib/postgresql", "");
  collect("/usr", "pgsql-");
  collect("/opt/homebrew/opt", "postgresql@");
  found.emplace_back(0, "/usr/local/pgsql/bin");
  std::vector<std::filesystem::path> folders;
  for (auto& [version, folder] : found) {
    folders.push_back(std::move(folder));
  }
  return folders;
}

/// The folder with initdb and postgres: `wanted` if given, else the first that has them of PATH,
/// `pg_config --bindir` and the usual places, newest first. Throws harness_error if there is none.
inline std::filesystem::path find_bindir(std::filesystem::path const& wanted,
                                         std::filesystem::path const& scratch) {
  if (!wanted.empty()) {
    if (!has_server_programs(wanted)) {
      throw harness_error("no initdb and postgres in " + wanted.string());
    }
    return std::filesystem::absolute(wanted);
  }
  for (auto const& folder : folders_of_path()) {
    if (has_server_programs(folder)) {
      return std::filesystem::absolute(folder);
    }
  }
  if (auto const folder = bindir_of_pg_config(scratch); folder && has_server_programs(*folder)) {
    return *folder;
  }
  for (auto const& folder : usual_bindirs()) {
    if (has_server_programs(folder)) {
      return folder;
    }
  }
  throw harness_error(
      "PostgreSQL's server programs (initdb, postgres) were found neither in PATH nor by "
      "pg_config nor in the usual places; set .bindir");
}

/// One of the other programs that come with the server in `bindir`: there, else where its
/// `postgres` leads if that is a link, else in PATH. Throws harness_error if it is nowhere.
inline std::filesystem::path find_program(std::string const& name,
                                          std::filesystem::path const& bindir) {
  std::vector<std::filesystem::path> folders = folders_of_path();
  std::error_code broken;
  auto const target = std::filesystem::canonical(bindir / "postgres", broken);
  folders.insert(folders.begin(), {bindir, broken ? bindir : target.parent_path()});
  for (auto const& folder : folders) {
    if (::access((folder / name).c_str(), X_OK) == 0) {
      return std::filesystem::absolute(folder / name);
    }
  }
  throw harness_error("there is no " + name + " beside the server's programs in " +
                      bindir.string() + ", nor in PATH");
}

}  // namespace pqscope::testing::detail

#endif
