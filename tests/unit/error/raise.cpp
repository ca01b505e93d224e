#include <catch2/catch_test_macros.hpp>

#include <cxxabi.h>
#include <cstdlib>
#include <memory>
#include <source_location>
#include <string>
#include <typeinfo>

#include <pqscope/error/condition_names.hpp>
#include <pqscope/error/raise.hpp>

using namespace pqscope;

namespace {

diagnostics fields(std::string const& sqlstate) {
  diagnostics made;
  made.severity = "ERROR";
  made.sqlstate = sqlstate;
  made.message = "no";
  return made;
}

std::string name_of(std::type_info const& type) {
  std::unique_ptr<char, void (*)(void*)> const name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, nullptr), std::free);
  return name.get();
}

std::string thrown_for(std::string const& sqlstate) {
  try {
    throw_server_error(fields(sqlstate), "SELECT 1");
  } catch (server_error const& failure) {
    CHECK(failure.sqlstate() == sqlstate);
    CHECK(failure.sql() == "SELECT 1");
    return name_of(typeid(failure));
  }
}

bool has_exception(std::string_view sqlstate) {
  return detail::find_raise_entry(sqlstate) != nullptr;
}

}  // namespace

TEST_CASE("every code is thrown as its own exception, else as that of its class") {
  for (auto const& entry : detail::condition_entries) {
    std::string const code = entry.sqlstate;
    std::string const of_class = code.substr(0, 2) + "000";
    std::string const expected = has_exception(code)       ? entry.name
                                 : has_exception(of_class) ? std::string(condition_name(of_class))
                                                           : "server_error";
    INFO(code);
    CHECK(thrown_for(code) == "pqscope::" + expected);
  }
}

TEST_CASE("every class of errors has an exception") {
  for (auto const& entry : detail::condition_entries) {
    std::string const code = entry.sqlstate;
    bool const an_error = code.substr(0, 2) > "02";
    INFO(code);
    CHECK(has_exception(code.substr(0, 2) + "000") == an_error);
  }
}

TEST_CASE("every exception is caught as that of its class") {
  for (auto const& entry : detail::raise_entries) {
    std::string const code = entry.sqlstate;
    INFO(code);
    if (code.starts_with("23")) {
      CHECK_THROWS_AS(throw_server_error(fields(code), ""), integrity_constraint_violation);
    } else if (code.starts_with("42")) {
      CHECK_THROWS_AS(throw_server_error(fields(code), ""), syntax_error_or_access_rule_violation);
    } else {
      CHECK_THROWS_AS(throw_server_error(fields(code), ""), server_error);
    }
  }
}

TEST_CASE("a code that is not on the list is thrown as its class, or as a server error") {
  CHECK(thrown_for("23ABC") == "pqscope::integrity_constraint_violation");
  CHECK(thrown_for("ZZ123") == "pqscope::server_error");
  CHECK(thrown_for("") == "pqscope::server_error");
  CHECK(thrown_for("23") == "pqscope::server_error");
  CHECK(thrown_for("P0003") == "pqscope::plpgsql_error");
}

TEST_CASE("what is thrown has the call site and the state of the connection") {
  auto const here = std::source_location::current();
  try {
    throw_server_error(fields("23505"), "SELECT 1", here, false);
  } catch (unique_violation const& failure) {
    CHECK(failure.where().line() == here.line());
    CHECK_FALSE(failure.connection_usable());
  }
}

TEST_CASE("an error kept as a plain server error is thrown again as its own class") {
  server_error const kept = unique_violation(fields("23505"), "SELECT 1");
  try {
    throw_server_error(kept);
  } catch (unique_violation const& failure) {
    CHECK(std::string(failure.what()) == kept.what());
    CHECK(&failure.message() == &kept.message());
  }
}
