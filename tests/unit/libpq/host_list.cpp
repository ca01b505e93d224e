#include <pqscope/libpq/host_list.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <map>
#include <string>

namespace {

using pqscope::libpq::connection_handle;
using pqscope::libpq::host_list;

/// A connection that is started and never polled: it has its options, and no network.
host_list list_of(std::string const& conninfo) {
  connection_handle const connection{PQconnectStart(conninfo.c_str())};
  return host_list::of(connection);
}

std::map<std::string, std::string> parameters_of(host_list const& list) {
  std::map<std::string, std::string> named;
  for (auto const& each : list.parameters()) {
    named[each.keyword] = each.value;
  }
  return named;
}

}  // namespace

TEST_CASE("hosts and ports are listed side by side") {
  auto list = list_of("host=/nowhere/a,/nowhere/b port=5001,5002 connect_timeout=3");
  CHECK(list.timeout == std::chrono::seconds{3});
  auto parameters = parameters_of(list);
  CHECK(parameters["host"] == "/nowhere/a,/nowhere/b");
  CHECK(parameters["port"] == "5001,5002");
  CHECK(parameters.count("hostaddr") == 0);
  list.remove("/nowhere/a", "5001");
  parameters = parameters_of(list);
  CHECK(parameters["host"] == "/nowhere/b");
  CHECK(parameters["port"] == "5002");
  CHECK_FALSE(list.empty());
  list.remove("/nowhere/b", "5002");
  CHECK(list.empty());
}

TEST_CASE("one port counts for all hosts") {
  auto list = list_of("host=/nowhere/a,/nowhere/b,/nowhere/c port=6000");
  list.remove("/nowhere/b", "6000");
  auto parameters = parameters_of(list);
  CHECK(parameters["host"] == "/nowhere/a,/nowhere/c");
  CHECK(parameters["port"] == "6000,6000");
}

TEST_CASE("of the same host at two ports only the deaf one is left out") {
  auto list = list_of("host=/nowhere/a,/nowhere/a port=5001,5002");
  list.remove("/nowhere/a", "5002");
  CHECK(parameters_of(list)["port"] == "5001");
}

TEST_CASE("a host that is listed twice is left out once") {
  auto list = list_of("host=/nowhere/a,/nowhere/a port=5001");
  list.remove("/nowhere/a", "5001");
  CHECK_FALSE(list.empty());
  list.remove("/nowhere/a", "5001");
  CHECK(list.empty());
}

TEST_CASE("addresses without names are hosts") {
  auto list = list_of("hostaddr=127.0.0.2,127.0.0.3 port=1,2");
  list.remove("127.0.0.2", "1");
  auto parameters = parameters_of(list);
  CHECK(parameters["hostaddr"] == "127.0.0.3");
  CHECK(parameters.count("host") == 0);
}

TEST_CASE("addresses keep their names") {
  auto list = list_of("host=/nowhere/a,/nowhere/b hostaddr=127.0.0.2,127.0.0.3 port=1");
  list.remove("/nowhere/a", "1");
  auto parameters = parameters_of(list);
  CHECK(parameters["host"] == "/nowhere/b");
  CHECK(parameters["hostaddr"] == "127.0.0.3");
}

TEST_CASE("folders of unix sockets are hosts") {
  auto list = list_of("host=/nowhere/a,/nowhere/b port=1");
  list.remove("/nowhere/a", "1");
  CHECK(parameters_of(list)["host"] == "/nowhere/b");
}

TEST_CASE("a host nobody listed ends the list instead of going round for ever") {
  auto list = list_of("host=/nowhere/a,/nowhere/b port=1");
  list.remove("/nowhere/c", "1");
  CHECK(list.empty());
}

TEST_CASE("no connect_timeout, zero and negative ones are none") {
  CHECK(list_of("host=/nowhere/a").timeout <= std::chrono::seconds{0});
  CHECK(list_of("host=/nowhere/a connect_timeout=0").timeout <= std::chrono::seconds{0});
  CHECK(list_of("host=/nowhere/a connect_timeout=-1").timeout <= std::chrono::seconds{0});
}

TEST_CASE("connect_timeout is a number as libpq reads it, with white space and a sign") {
  CHECK(list_of("host=/nowhere/a connect_timeout=' 5 '").timeout == std::chrono::seconds{5});
  CHECK(list_of("host=/nowhere/a connect_timeout='\t+7\n'").timeout == std::chrono::seconds{7});
  CHECK(list_of("host=/nowhere/a connect_timeout=' 5 '").problem.empty());
}

TEST_CASE("a connect_timeout that is no number is a problem, in the words of libpq") {
  for (std::string const bad : {"abc", "3s", "+-3", "1.5", "99999999999", " "}) {
    CAPTURE(bad);
    auto const list = list_of("host=/nowhere/a connect_timeout='" + bad + "'");
    CHECK(list.problem ==
          "invalid integer value \"" + bad + "\" for connection option \"connect_timeout\"");
  }
}

TEST_CASE("a long list of hosts stays in order") {
  std::string hosts;
  for (int i = 0; i < 500; ++i) {
    hosts += std::string{i == 0 ? "" : ","} + "/nowhere/h" + std::to_string(i);
  }
  auto list = list_of("port=1 host=" + hosts);
  CHECK(parameters_of(list)["host"] == hosts);
  for (int i = 0; i < 499; ++i) {
    list.remove("/nowhere/h" + std::to_string(i), "1");
  }
  CHECK(parameters_of(list)["host"] == "/nowhere/h499");
}
