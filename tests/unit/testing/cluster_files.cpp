#include <sys/stat.h>
#include <pqscope/testing/cluster_files.hpp>
#include <pqscope/testing/harness_error.hpp>
#include <pqscope/testing/postgres_programs.hpp>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <string>

namespace detail = pqscope::testing::detail;
using pqscope::testing::harness_error;

TEST_CASE("the value of a setting is quoted") {
  CHECK(detail::setting_line("work_mem", "1MB") == "work_mem = '1MB'\n");
  CHECK(detail::setting_line("a.b", R"(it's \ "that")") == R"(a.b = 'it''s \\ "that"')"
                                                           "\n");
  CHECK(detail::setting_line("search_path", "") == "search_path = ''\n");
}

TEST_CASE("what would break out of a line of settings is refused") {
  CHECK_THROWS_AS(detail::setting_line("", "x"), harness_error);
  CHECK_THROWS_AS(detail::setting_line("port = 1\nfsync", "x"), harness_error);
  CHECK_THROWS_AS(detail::setting_line("fsync", "on\nport = 1"), harness_error);
}

TEST_CASE("the tail of a log starts at a line") {
  CHECK(detail::tail("short") == "short");
  CHECK(detail::tail("first\nsecond\nthird\n", 10) == "third\n");
  CHECK(detail::line_of("a\nb\nc", 2) == "b");
  CHECK(detail::line_of("a\nb\nc", 3) == "c");
  CHECK(detail::line_of("a\nb\nc", 4).empty());
}

TEST_CASE("a temporary folder is private and goes with all it holds") {
  std::filesystem::path path;
  {
    detail::temporary_folder const folder("/tmp", std::nullopt);
    path = folder.path();
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0700U);
    std::filesystem::create_directories(path / "deep" / "er");
    detail::write_file(path / "deep" / "er" / "file", "text", std::nullopt);
    CHECK(detail::file_text(path / "deep" / "er" / "file") == "text");
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a folder without PostgreSQL's programs is refused by name") {
  detail::temporary_folder const folder("/tmp", std::nullopt);
  try {
    detail::find_bindir(folder.path(), folder.path());
    FAIL("no exception");
  } catch (harness_error const& error) {
    CHECK(std::string(error.what()).find(folder.path().string()) != std::string::npos);
  }
}

TEST_CASE("a program that cannot be run is an error that names it") {
  detail::temporary_folder const folder("/tmp", std::nullopt);
  detail::child_process child;
  try {
    child.start({.arguments = {"/nonexistent/program"},
                 .working_directory = folder.path(),
                 .output = folder.path() / "log",
                 .run_as = {}});
    FAIL("no exception");
  } catch (harness_error const& error) {
    std::string const what = error.what();
    CHECK(what.find("/nonexistent/program") != std::string::npos);
    CHECK(what.find("No such file") != std::string::npos);
  }
  CHECK_FALSE(child.running());
}

TEST_CASE("a child's output and exit code are seen") {
  detail::temporary_folder const folder("/tmp", std::nullopt);
  detail::child_process child;
  auto const run = [&](std::string const& program, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program);
    child.start({.arguments = arguments,
                 .working_directory = folder.path(),
                 .output = folder.path() / "log",
                 .run_as = {}});
    REQUIRE(child.wait(std::chrono::seconds(10)));
    return child.succeeded();
  };
  CHECK(run("/bin/echo", {"a b", "c"}));
  CHECK(detail::file_text(folder.path() / "log") == "a b c\n");
  CHECK_FALSE(run("/bin/ls", {"/nonexistent"}));
}

TEST_CASE("a child that is still running ends with its object") {
  detail::temporary_folder const folder("/tmp", std::nullopt);
  pid_t pid = 0;
  {
    detail::child_process child;
    child.start({.arguments = {"/bin/sleep", "600"},
                 .working_directory = folder.path(),
                 .output = folder.path() / "log",
                 .run_as = {}});
    CHECK(child.running());
    pid = child.id();
    CHECK_FALSE(child.wait(std::chrono::milliseconds(0)));
  }
  CHECK(::kill(pid, 0) != 0);
}
