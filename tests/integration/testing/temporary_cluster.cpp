#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <pqscope/testing/harness_error.hpp>
#include <pqscope/testing/sockets.hpp>
#include <pqscope/testing/temporary_cluster.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "support/database.hpp"
#include "support/eventually.hpp"
#include "support/raw_connection.hpp"

using pqscope::testing::harness_error;
using pqscope::testing::shutdown_mode;
using pqscope::testing::temporary_cluster;
using support::eventually;
using support::raw_connection;
using support::witness;

namespace {

bool reachable(std::string const& folder) {
  return static_cast<bool>(pqscope::testing::detail::connect_to(folder, 5432));
}

}  // namespace

TEST_CASE("a temporary cluster answers, survives restarts, and leaves nothing behind") {
  std::string folder;
  {
    temporary_cluster cluster;
    folder = cluster.socket_directory();
    CHECK(cluster.running());
    witness outside(cluster.url());
    CHECK(outside.text("SELECT current_user || ' ' || current_database()") == "postgres postgres");
    CHECK(outside.text("SHOW server_encoding") == "UTF8");
    CHECK(outside.text("SHOW listen_addresses").empty());
    CHECK(outside.text("SHOW data_directory") == cluster.data_directory().string());
    CHECK(cluster.log().find("ready to accept connections") != std::string::npos);
    CHECK_THROWS_AS(cluster.tcp_config(), harness_error);
    outside.execute("CREATE TABLE kept AS SELECT 1 AS n");

    cluster.restart();
    CHECK(witness(cluster.url()).text("SELECT n FROM kept") == "1");
    witness(cluster.url()).execute("INSERT INTO kept VALUES (2)");
    cluster.restart(shutdown_mode::immediate);
    CHECK(witness(cluster.url()).text("SELECT count(*) FROM kept") == "2");

    cluster.stop();
    CHECK_FALSE(cluster.running());
    CHECK_FALSE(raw_connection(cluster.url()).ok());
    cluster.stop();
    cluster.start();
    cluster.start();
    CHECK(raw_connection(cluster.url()).ok());
  }
  CHECK_FALSE(reachable(folder));
  CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE("settings, TCP, superuser, password and hba lines are as wished") {
  temporary_cluster const cluster{
      {.superuser = "first user",
       .password = "p@ss/w:rd?#%'\\",
       .auth = "scram-sha-256",
       .hba = {"host template1 all all trust"},
       .settings = {{"work_mem", "3MB"}, {"application_name", "it's"}, {"fsync", "on"}},
       .tcp = true}};
  auto wrong = cluster.tcp_config();
  wrong.password = "wrong";
  CHECK(raw_connection(wrong.url()).error().find("password authentication failed") !=
        std::string::npos);
  wrong.dbname = "template1";
  CHECK(raw_connection(wrong.url()).ok());
  for (std::string const& url : {cluster.url(), cluster.tcp_url()}) {
    witness outside(url);
    CHECK(outside.text("SELECT current_user") == "first user");
    CHECK(outside.text("SHOW work_mem") == "3MB");
    CHECK(outside.text("SELECT reset_val FROM pg_settings WHERE name = 'application_name'") ==
          "it's");
    CHECK(outside.text("SHOW fsync") == "on");
  }
}

TEST_CASE("a server that does not start is an error with the end of its log") {
  std::string folder;
  try {
    temporary_cluster const cluster{{.settings = {{"work_mem", "much"}}}};
    FAIL("no exception");
  } catch (harness_error const& error) {
    CHECK(std::string(error.what()).find("invalid value for parameter \"work_mem\"") !=
          std::string::npos);
  }
}

TEST_CASE("initdb's complaint reaches the caller") {
  try {
    temporary_cluster const cluster{{.initdb_arguments = {"--no-such-option"}}};
    FAIL("no exception");
  } catch (harness_error const& error) {
    CHECK(std::string(error.what()).find("no-such-option") != std::string::npos);
  }
}

TEST_CASE("a temporary cluster is stopped and removed by an exception too") {
  std::string folder;
  try {
    temporary_cluster const cluster;
    folder = cluster.socket_directory();
    throw std::runtime_error("the test failed");
  } catch (std::runtime_error const&) {
  }
  CHECK_FALSE(reachable(folder));
  CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE("a forked child neither stops the server nor removes its folder") {
  std::optional<temporary_cluster> cluster(std::in_place);
  pid_t const child = ::fork();
  if (child == 0) {
    cluster.reset();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(cluster->running());
  CHECK(witness(cluster->url()).text("SELECT 1") == "1");
}

TEST_CASE("a server started by a thread outlives it") {
  temporary_cluster cluster;
  std::thread([&cluster] { cluster.restart(shutdown_mode::immediate); }).join();
  CHECK(witness(cluster.url()).text("SELECT 1") == "1");
}

#if defined(__linux__)
TEST_CASE("a server stops when the process that started it is killed") {
  auto ends = pqscope::testing::detail::make_pipe();
  pid_t const child = ::fork();
  if (child == 0) {
    try {
      temporary_cluster const cluster;
      std::string const folder = cluster.socket_directory();
      [[maybe_unused]] ssize_t const written =
          ::write(ends.write.get(), folder.data(), folder.size());
      ::pause();
    } catch (...) {
    }
    ::_exit(1);
  }
  ends.write.close();
  char name[256];
  ssize_t const size = ::read(ends.read.get(), name, sizeof name);
  REQUIRE(size > 0);
  std::string const folder(name, static_cast<std::size_t>(size));
  CHECK(reachable(folder));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(eventually([&] { return !reachable(folder); }, std::chrono::seconds(20)));
  // Nobody removes what a killed process leaves, and the server may still be writing to it.
  CHECK(eventually([&] {
    std::error_code failure;
    std::filesystem::remove_all(folder, failure);
    return !failure;
  }));
}
#endif
