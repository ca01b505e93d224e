#include <pqscope/connection/environment.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using pqscope::environment;
using variables = std::vector<std::pair<std::string, std::string>>;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("the environment of the process is read by default") {
  char const* const path = std::getenv("PATH");
  REQUIRE(path != nullptr);
  environment env;
  CHECK(env.get<std::string>("PATH") == std::string{path});
  CHECK_FALSE(env.get<std::string>("PQSCOPE_TEST_VARIABLE_THAT_IS_NOT_SET"));
  CHECK_NOTHROW(env.check());
}

TEST_CASE("booleans have many spellings in any case") {
  for (char const* yes : {"1", "true", "TRUE", "True", "yes", "Yes", "on", "ON", "t", "T", "y"}) {
    INFO(yes);
    environment env{variables{{"DEBUG", yes}}};
    CHECK(env.get<bool>("DEBUG") == true);
  }
  for (char const* no : {"0", "false", "FALSE", "no", "NO", "off", "Off", "f", "F", "n", "N"}) {
    INFO(no);
    environment env{variables{{"DEBUG", no}}};
    CHECK(env.get<bool>("DEBUG") == false);
  }
  for (char const* bad : {"", "2", "maybe", "truee", "tru", "-1", "10", " ", "null"}) {
    INFO(bad);
    environment env{variables{{"DEBUG", bad}}};
    CHECK_FALSE(env.get<bool>("DEBUG"));
    CHECK_THROWS_AS(env.check(), pqscope::config_error);
  }
}

TEST_CASE("integers are decimal and in range") {
  auto const read = [](char const* text) {
    environment env{variables{{"N", text}}};
    return std::pair{env.get<int>("N"), env.problems().size()};
  };
  CHECK(read("0").first == 0);
  CHECK(read("42").first == 42);
  CHECK(read("-7").first == -7);
  CHECK(read("+7").first == 7);
  CHECK(read(" 8\t").first == 8);
  CHECK(read("007").first == 7);
  CHECK(read("2147483647").first == std::numeric_limits<int>::max());
  CHECK(read("-2147483648").first == std::numeric_limits<int>::min());
  for (char const* bad : {"", " ", "abc", "1.5", "1e3", "0x10", "1 2", "--1", "+-1", "+",
                          "2147483648", "99999999999999999999"}) {
    INFO(bad);
    CHECK_FALSE(read(bad).first);
    CHECK(read(bad).second == 1);
  }
  environment env{variables{{"N", "-1"}, {"M", "9223372036854775807"}}};
  CHECK_FALSE(env.get<unsigned>("N"));
  CHECK(env.get<std::int64_t>("M") == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("a fallback stands in for what is not set, not for what is bad") {
  environment env{variables{{"BAD", "x"}, {"EMPTY", ""}}};
  CHECK(env.get<int>("NONE", 5) == 5);
  CHECK(env.get<std::string>("NONE", "text") == "text");
  CHECK(env.get<std::string>("EMPTY", "text").empty());
  CHECK(env.problems().empty());
  CHECK(env.get<int>("BAD", 5) == 5);
  CHECK(env.problems().size() == 1);
}

TEST_CASE("all problems come in one error that names the keys") {
  environment env{variables{{"DEBUG", "perhaps"}, {"WORKERS", "many"}}};
  env.get<bool>("DEBUG");
  env.get<int>("WORKERS");
  CHECK(env.require<std::string>("API_HOST").empty());
  try {
    env.check();
    FAIL("accepted");
  } catch (pqscope::config_error const& error) {
    CHECK(error.problems().size() == 3);
    CHECK(contains(error.what(), "DEBUG: \"perhaps\" is not a boolean"));
    CHECK(contains(error.what(), "WORKERS: \"many\" is not an integer"));
    CHECK(contains(error.what(), "API_HOST: is not set"));
    CHECK(error.where().line() != 0);
  }
}

TEST_CASE("the value of a variable that sounds secret is not shown") {
  for (char const* name : {"DB_PASSWORD", "api_token", "MY_SECRET", "SSL_KEY", "DATABASE_URL"}) {
    INFO(name);
    environment env{variables{{name, "hidden"}}};
    env.get<int>(name);
    REQUIRE(env.problems().size() == 1);
    CHECK(contains(env.problems()[0], name));
    CHECK_FALSE(contains(env.problems()[0], "hidden"));
  }
}

TEST_CASE("names are found in any case, the exact one first") {
  environment env{variables{{"db_host", "lower"}, {"DB_HOST", "upper"}, {"Db_Port", "1"}}};
  CHECK(env.get<std::string>("DB_HOST") == "upper");
  CHECK(env.get<std::string>("db_host") == "lower");
  CHECK(env.get<int>("DB_PORT") == 1);
}

TEST_CASE("a variable of the process wins over a file's, whatever its case") {
  environment env{variables{{"db_host", "process"}}};
  env.add_text("DB_HOST=file\nDB_USER=file\n", "a").add_text("DB_USER=second\nX=second", "b");
  CHECK(env.get<std::string>("DB_HOST") == "process");
  CHECK(env.get<std::string>("DB_USER") == "file");
  CHECK(env.get<std::string>("X") == "second");
}

TEST_CASE("the last of a file's repeated keys counts") {
  environment env{variables{}};
  env.add_text("A=1\nA=2", ".env");
  CHECK(env.get<int>("A") == 2);
  env.add_text("B=1\nB\nC=${B:-unset}", ".env");
  CHECK_FALSE(env.find("B"));
  CHECK(env.get<std::string>("C") == "unset");
}

TEST_CASE("references take the process's value, else the file's earlier one") {
  environment env{variables{{"HOME_DIR", "/process"}}};
  env.add_text("HOME_DIR=/file\nBASE=/base\nA=${HOME_DIR}/x\nB='${BASE}/y'\nC=${LATER:-d}\nLATER=1",
               ".env");
  CHECK(env.get<std::string>("A") == "/process/x");
  CHECK(env.get<std::string>("B") == "/base/y");
  CHECK(env.get<std::string>("C") == "d");
}

TEST_CASE("a bad value from a file is reported with its line") {
  environment env{variables{}};
  env.add_text("# comment\nWORKERS=many\nX='open", "settings.env");
  env.get<int>("WORKERS");
  REQUIRE(env.problems().size() == 2);
  CHECK(contains(env.problems()[0], "line 3 of settings.env"));
  CHECK(contains(env.problems()[1], "line 2 of settings.env"));
}

TEST_CASE("a missing file is fine unless it is required") {
  environment env{variables{}};
  env.add_file("/nonexistent/folder/.env");
  CHECK_NOTHROW(env.check());
  env.add_file("/nonexistent/folder/.env", true);
  CHECK_THROWS_AS(env.check(), pqscope::config_error);
}

TEST_CASE("a folder in the file's place is a problem") {
  environment env{variables{}};
  env.add_file("/");
  REQUIRE(env.problems().size() == 1);
  CHECK(contains(env.problems()[0], "/: "));
}
