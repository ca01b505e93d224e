#include <pqscope/libpq/verbose_error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <string>

using pqscope::libpq::brief_line;

namespace {

struct verbose_line {
  char const* verbose;   ///< as libpq writes it with PQERRORS_VERBOSE
  char const* brief;     ///< and with PQERRORS_DEFAULT
  char const* sqlstate;  ///< empty: there is none in it
};

constexpr verbose_line lines[] = {
    {R"(connection to server at "127.0.0.1", port 5432 failed: FATAL:  3D000: database "x" does )"
     "not exist",
     R"(connection to server at "127.0.0.1", port 5432 failed: FATAL:  database "x" does not exist)",
     "3D000"},
    {R"(connection to server on socket "/tmp/.s.PGSQL.5432" failed: FATAL:  28000: no "x")",
     R"(connection to server on socket "/tmp/.s.PGSQL.5432" failed: FATAL:  no "x")", "28000"},
    {"FATAL:  57P03: the database system is starting up",
     "FATAL:  the database system is starting up", "57P03"},
    {"PANIC:  XX000: could not do it", "PANIC:  could not do it", "XX000"},
    {"ERROR:  P0001: a function's own", "ERROR:  a function's own", "P0001"},
    {"FATAL:  28P01: Passwort-Authentifizierung für Benutzer »x« fehlgeschlagen",
     "FATAL:  Passwort-Authentifizierung für Benutzer »x« fehlgeschlagen", "28P01"},
    {"ВАЖНО:  53300: извините, уже слишком много клиентов",
     "ВАЖНО:  извините, уже слишком много клиентов", "53300"},
    {"FATAL:  53300: too many:  3 of 2: no more", "FATAL:  too many:  3 of 2: no more", "53300"},
    {"FATAL:  XX000: first:  42601: second", "FATAL:  first:  42601: second", "XX000"},
    {"FATAL:  57P03: ", "FATAL:  ", "57P03"},
    {"FATAL:  57P03:", "FATAL:  ", "57P03"},
    // From poolers, which send no SQLSTATE, and from libpq itself.
    {"FATAL:  no such database: x", "FATAL:  no such database: x", ""},
    {"FATAL:  password authentication failed", "FATAL:  password authentication failed", ""},
    {"ERROR:  query_wait_timeout", "ERROR:  query_wait_timeout", ""},
    {R"(connection to server at "127.0.0.1", port 1 failed: Connection refused)",
     R"(connection to server at "127.0.0.1", port 1 failed: Connection refused)", ""},
    {"\tIs the server running on that host and accepting TCP/IP connections?",
     "\tIs the server running on that host and accepting TCP/IP connections?", ""},
    {R"(could not translate host name "28P01: x" to address: Name or service not known)",
     R"(could not translate host name "28P01: x" to address: Name or service not known)", ""},
    {"DETAIL:  the reason", "DETAIL:  the reason", ""},
    {"HINT:  Set a: b", "HINT:  Set a: b", ""},
    {"DÉTAIL : la raison", "DÉTAIL : la raison", ""},
    {"FATAL:  28p01: not upper case", "FATAL:  28p01: not upper case", ""},
    {"FATAL:  28P0: too short", "FATAL:  28P0: too short", ""},
    {"FATAL:  28P011: too long", "FATAL:  28P011: too long", ""},
    {"FATAL:  28P01", "FATAL:  28P01", ""},
    {"FATAL:  28P", "FATAL:  28P", ""},
    {"FATAL:  ", "FATAL:  ", ""},
    {"", "", ""},
    // Where in the server's source, left out.
    {"LOCATION:  auth_failed, auth.c:335", "", ""},
    {"LOCATION:  InitPostgres, postinit.c:948", "", ""},
    {"EMPLACEMENT : InitPostgres, postinit.c : 948", "", ""},
    {"LOCATION:  InitPostgres, postinit.c: 948", "", ""},
    {"FATAL:  ERROR: not a code", "FATAL:  ERROR: not a code", ""},
    {"FATAL:  the file is odd, x.c:12", "FATAL:  the file is odd, x.c:12", ""},
    {"ORT:  auth_failed, auth.c:335", "", ""},
    {"UBICACIÓN:  auth_failed, auth.c:335", "", ""},
    {"ПОЛОЖЕНИЕ:  auth_failed, auth.c:335", "", ""},
    {"위치:  auth_failed, auth.c:335", "", ""},
    {"位置:  auth_failed, auth.c:335", "", ""},
    // Much like it, and kept.
    {"auth_failed, auth.c:335", "auth_failed, auth.c:335", ""},
    {"LOCATION:  auth_failed, auth.c:", "LOCATION:  auth_failed, auth.c:", ""},
    {"LOCATION:  auth_failed, auth.c:3x", "LOCATION:  auth_failed, auth.c:3x", ""},
    {"HINT:  See the file, at port:335", "HINT:  See the file, at port:335", ""},
};

}  // namespace

TEST_CASE("libpq's verbose lines become those it writes by default, and tell their SQLSTATE") {
  for (auto const& each : lines) {
    std::string sqlstate;
    CAPTURE(each.verbose);
    CHECK(brief_line(each.verbose, sqlstate) == each.brief);
    CHECK(sqlstate == each.sqlstate);
  }
}

TEST_CASE("a line without a SQLSTATE leaves that of an earlier one") {
  std::string sqlstate;
  CHECK(brief_line("FATAL:  28P01: no", sqlstate) == "FATAL:  no");
  CHECK(brief_line("DETAIL:  why", sqlstate) == "DETAIL:  why");
  CHECK(brief_line("LOCATION:  auth_failed, auth.c:335", sqlstate).empty());
  CHECK(sqlstate == "28P01");
  CHECK(brief_line("FATAL:  3D000: none", sqlstate) == "FATAL:  none");
  CHECK(sqlstate == "3D000");
}
