// PROGRAM VARIANT [count=N] [warm_up=N] [rows=N] [threads=N]: runs one variant, prints a line of
// JSON. The database is that of the PG* environment variables.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>

#include "bench.hpp"

namespace bench {
namespace {

std::vector<variant>& variants() {
  static std::vector<variant> all;
  return all;
}

/// A line of /proc/self/status, in KiB.
long memory(std::string_view what) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(what)) {
      return std::strtol(line.c_str() + what.size(), nullptr, 10);
    }
  }
  return 0;
}

double cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace

variant::variant(char const* called, void (*does)(task&)) : name{called}, run{does} {
  variants().push_back(*this);
}

void task::start() {
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
  start_kib_ = memory("VmRSS:");
  cpu_ = cpu_seconds();
  began_ = std::chrono::steady_clock::now();
}

void task::stop() {
  seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  cpu_ = cpu_seconds() - cpu_;
  peak_kib_ = memory("VmHWM:");
}

void task::print() const {
  std::printf(R"({"seconds": %.9f, "cpu": %.9f, "count": %zu, "checksum": %llu, "memory_kib": %ld})"
              "\n",
              seconds_, cpu_, count, static_cast<unsigned long long>(checksum),
              peak_kib_ - start_kib_);
}

namespace {

void set(task& of, std::string_view argument) {
  std::size_t const at = argument.find('=');
  if (at == std::string_view::npos) {
    throw std::invalid_argument("not an option: " + std::string(argument));
  }
  std::string_view const key = argument.substr(0, at);
  std::size_t const value = std::stoul(std::string(argument.substr(at + 1)));
  if (key == "count") {
    of.count = value;
  } else if (key == "warm_up") {
    of.warm_up = value;
  } else if (key == "rows") {
    of.rows = value;
  } else if (key == "threads") {
    of.threads = value;
  } else {
    throw std::invalid_argument("no such option: " + std::string(argument));
  }
}

int run(int argc, char** argv) {
  if (argc < 2) {
    for (variant const& each : variants()) {
      std::puts(each.name);
    }
    return 2;
  }
  for (variant const& each : variants()) {
    if (each.name == std::string_view{argv[1]}) {
      task todo;
      for (int i = 2; i < argc; ++i) {
        set(todo, argv[i]);
      }
      each.run(todo);
      todo.print();
      return 0;
    }
  }
  std::fprintf(stderr, "no such variant: %s\n", argv[1]);
  return 2;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::run(argc, argv);
  } catch (std::exception const& failure) {
    std::fprintf(stderr, "%s: %s\n", argc > 1 ? argv[1] : "?", failure.what());
    return 1;
  }
}
