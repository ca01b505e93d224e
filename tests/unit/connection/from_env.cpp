#include <pqscope/connection/config.hpp>

#include <catch2/catch_test_macros.hpp>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using pqscope::config;

namespace {

using variables = std::vector<std::pair<std::string, std::string>>;

std::string const awkward = R"(p@ss/w:rd?#%'\)";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// A `.env` file that is gone with the object.
class env_file {
 public:
  explicit env_file(std::string_view text) {
    int const descriptor = ::mkstemp(path_.data());
    REQUIRE(descriptor >= 0);
    ::close(descriptor);
    std::ofstream{path_, std::ios::binary} << text;
  }
  env_file(env_file const&) = delete;
  env_file& operator=(env_file const&) = delete;
  ~env_file() { std::remove(path_.c_str()); }
  std::string const& path() const { return path_; }

 private:
  std::string path_ = "/tmp/pqscope-env-XXXXXX";
};

pqscope::config_error error_of(pqscope::env_options const& options) {
  try {
    static_cast<void>(config::from_env(options));
  } catch (pqscope::config_error const& error) {
    return error;
  }
  throw std::runtime_error("no config_error was thrown");
}

}  // namespace

TEST_CASE("the five variables make a config") {
  auto const c = config::from_env({.variables = variables{{"DB_HOST", "h"},
                                                          {"DB_PORT", "5433"},
                                                          {"DB_USER", "u"},
                                                          {"DB_PASSWORD", awkward},
                                                          {"DB_NAME", "d"},
                                                          {"HOST", "other"},
                                                          {"XDB_HOST", "other"}}});
  CHECK(c == config{.host = "h", .port = 5433, .dbname = "d", .user = "u", .password = awkward});
}

TEST_CASE("nothing set is nothing set") {
  CHECK(config::from_env({.variables = variables{}}) == config{});
  CHECK(config::from_env({.variables = variables{{"DB_USER", ""}}}) == config{.user = ""});
}

TEST_CASE("the process's environment is the default") {
  CHECK_NOTHROW(config::from_env());
  CHECK(config::from_env({.prefix = "PQSCOPE_TEST_NOTHING_"}) == config{});
}

TEST_CASE("a prefix and any keyword of libpq") {
  auto const c = config::from_env({.prefix = "APP_DB_",
                                   .variables = variables{{"APP_DB_HOST", "a,b"},
                                                          {"APP_DB_PORT", "1,2"},
                                                          {"APP_DB_SSLMODE", "require"},
                                                          {"app_db_application_name", "x"},
                                                          {"DB_HOST", "no"}}});
  CHECK(c == config{.host = "a,b",
                    .extra = {{"port", "1,2"}, {"sslmode", "require"}, {"application_name", "x"}}});
}

TEST_CASE("explicit wins over environment, environment over file, file over default") {
  env_file const file{"DB_HOST=file\nDB_USER=file\nDB_NAME=file\n"};
  auto const c = config::from_env(
      {.env_file = file.path(),
       .overrides = {.host = "explicit"},
       .defaults = {.host = "default", .port = 1, .dbname = "default", .user = "default"},
       .variables = variables{{"DB_HOST", "environment"}, {"db_user", "environment"}}});
  CHECK(c == config{.host = "explicit", .port = 1, .dbname = "file", .user = "environment"});
}

TEST_CASE("what is overridden is not looked at") {
  CHECK(config::from_env({.overrides = {.port = 1}, .variables = variables{{"DB_PORT", "bad"}}}) ==
        config{.port = 1});
}

TEST_CASE("a file with comments, quotes, references and several lines") {
  env_file const file{
      "\xEF\xBB\xBF# settings\r\n"
      "export DB_HOST = 'db.example' # here\r\n"
      "DB_PORT=${PORT:-5433}\r\n"
      "DB_USER=${OWNER}_app\r\n"
      "DB_PASSWORD=\"p@ss/w:rd?#%'\\\\\"\r\n"
      "DB_OPTIONS='-c a=1\n-c b=2'\r\n"
      "DB_NAME\r\n"
      "DEBUG=yes\r\n"};
  auto const c =
      config::from_env({.env_file = file.path(), .variables = variables{{"OWNER", "ada"}}});
  CHECK(c == config{.host = "db.example",
                    .port = 5433,
                    .user = "ada_app",
                    .password = awkward,
                    .extra = {{"options", "-c a=1\n-c b=2"}}});
}

TEST_CASE("a missing file is fine unless required") {
  CHECK(config::from_env({.env_file = "/nonexistent/.env", .variables = variables{}}) == config{});
  auto const error = error_of(
      {.env_file = "/nonexistent/.env", .require_env_file = true, .variables = variables{}});
  CHECK(contains(error.what(), "/nonexistent/.env"));
}

TEST_CASE("every problem of the environment and the file comes in one error without a secret") {
  env_file const file{
      "DB_PASSWORD=hidden\n"
      "what is this\n"
      "DB_CONNECT_TIMEOUT=3\n"
      "DB_SSLPASSWORD=\"hidden\n"
      "DB_HOTS=x\n"};
  auto const error = error_of({.env_file = file.path(),
                               .unknown_keys = pqscope::unknown_keys::forbid,
                               .variables = variables{{"DB_PORT", "70000"}, {"DB_COLOUR", "red"}}});
  std::string const what = error.what();
  CHECK(error.problems().size() == 5);
  CHECK(contains(what, "line 2 of"));
  CHECK(contains(what, "line 4 of"));
  CHECK(contains(what, "DB_SSLPASSWORD"));
  CHECK(contains(what, "DB_PORT: \"70000\" is not a port number"));
  CHECK(contains(what, "DB_HOTS: unknown key (line 5 of"));
  CHECK(contains(what, "DB_COLOUR: unknown key"));
  CHECK_FALSE(contains(what, "hidden"));
  CHECK_FALSE(contains(what, "red"));
  CHECK(error.where().line() != 0);
}

TEST_CASE("bad ports are named") {
  for (char const* bad : {"0", "65536", "abc", "", " ", "-1", "1;2", "tcp://10.0.0.1:5432"}) {
    INFO(bad);
    auto const error = error_of({.variables = variables{{"DB_PORT", bad}}});
    CHECK(contains(error.what(), "DB_PORT"));
    CHECK(contains(error.what(), bad));
  }
  CHECK(contains(error_of({.variables = variables{{"DB_HOST", "a"}, {"DB_PORT", "1,"}}}).what(),
                 "2 ports for 1 host"));
}

TEST_CASE("unknown keys are ignored, warned about or forbidden") {
  variables const given{{"DB_HOST", "h"}, {"DB_POOL", "5"}, {"OTHER", "x"}, {"DB_DATABASE", "d"}};
  CHECK(config::from_env({.variables = given}).host == "h");
  std::vector<std::string> warnings;
  CHECK(
      config::from_env(
          {.unknown_keys = pqscope::unknown_keys::warn, .warnings = &warnings, .variables = given})
          .dbname == "d");
  CHECK(warnings == std::vector<std::string>{"DB_POOL: unknown key"});
  auto const error = error_of({.unknown_keys = pqscope::unknown_keys::forbid, .variables = given});
  CHECK(error.problems() == std::vector<std::string>{"DB_POOL: unknown key"});
  CHECK(
      config::from_env(
          {.unknown_keys = pqscope::unknown_keys::forbid, .known = {"db_pool"}, .variables = given})
          .host == "h");
}

TEST_CASE("without a prefix only a file's keys can be unknown") {
  env_file const file{"HOST=h\nCOLOUR=red\n"};
  auto const error = error_of({.prefix = "",
                               .env_file = file.path(),
                               .unknown_keys = pqscope::unknown_keys::forbid,
                               .variables = variables{{"PATH", "/bin"}}});
  CHECK(error.problems().size() == 1);
  CHECK(contains(error.what(), "COLOUR"));
}

TEST_CASE("the names of the database are one key") {
  CHECK(config::from_env({.variables = variables{{"DB_DBNAME", "d"}}}).dbname == "d");
  CHECK(config::from_env({.variables = variables{{"DB_NAME", "d"}, {"DB_DATABASE", "d"}}}).dbname ==
        "d");
  auto const error = error_of({.variables = variables{{"DB_NAME", "d"}, {"DB_DATABASE", "e"}}});
  CHECK(contains(error.what(), "DB_NAME and DB_DATABASE"));
  env_file const file{"DB_NAME=file\n"};
  CHECK(config::from_env(
            {.env_file = file.path(), .variables = variables{{"DB_DATABASE", "process"}}})
            .dbname == "process");
}

TEST_CASE("a variable with a URL lies under the single variables") {
  auto const c =
      config::from_env({.url_variable = "DATABASE_URL",
                        .variables = variables{{"DATABASE_URL", "postgresql+asyncpg://u:p@h:1/d"},
                                               {"DB_HOST", "other"}}});
  CHECK(c == config{.host = "other", .port = 1, .dbname = "d", .user = "u", .password = "p"});
  auto const error =
      error_of({.url_variable = "DATABASE_URL",
                .variables = variables{{"DATABASE_URL", "postgres://u:hidden@h:x"}}});
  CHECK(contains(error.what(), "DATABASE_URL: "));
  CHECK_FALSE(contains(error.what(), "hidden"));
}

TEST_CASE("a callable password among the overrides wins over the variable") {
  auto const c = config::from_env({.overrides = {.password = [] { return std::string{"asked"}; }},
                                   .variables = variables{{"DB_PASSWORD", "variable"}}});
  REQUIRE(c.password);
  CHECK(c.password->get() == "asked");
}
