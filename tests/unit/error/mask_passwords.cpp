#include <catch2/catch_test_macros.hpp>

#include <string>
#include <string_view>

#include <pqscope/error/mask_passwords.hpp>

namespace {

std::string masked(std::string_view sql) {
  return pqscope::detail::mask_passwords(sql, 0).text;
}

int moved(std::string_view sql, int position) {
  return pqscope::detail::mask_passwords(sql, position).position;
}

}  // namespace

TEST_CASE("a password written as a literal is masked") {
  CHECK(masked("ALTER ROLE a PASSWORD 'secret' LOGIN") == "ALTER ROLE a PASSWORD '***' LOGIN");
  CHECK(masked("create role a encrypted password\n'it''s'") ==
        "create role a encrypted password\n'***'");
  CHECK(masked("ALTER ROLE a PASSWORD E'it\\'s' LOGIN") == "ALTER ROLE a PASSWORD E'***' LOGIN");
  CHECK(masked("ALTER ROLE a PASSWORD $$secret$$") == "ALTER ROLE a PASSWORD $$***$$");
  CHECK(masked("ALTER ROLE a PASSWORD $x$se$$cret$x$ LOGIN") ==
        "ALTER ROLE a PASSWORD $x$***$x$ LOGIN");
  CHECK(masked("OPTIONS (user 'u', password 'secret')") == "OPTIONS (user 'u', password '***')");
  CHECK(masked("UPDATE t SET \"password\" = 'secret'") == "UPDATE t SET \"password\" = '***'");
  CHECK(masked("ALTER ROLE a PASSWORD 'secret") == "ALTER ROLE a PASSWORD '***");
}

TEST_CASE("a password is masked in a literal of any kind, and behind comments") {
  CHECK(masked("ALTER ROLE a PASSWORD U&'s3cr'") == "ALTER ROLE a PASSWORD U&'***'");
  CHECK(masked("ALTER ROLE a PASSWORD u&'s3cr' UESCAPE '!'") ==
        "ALTER ROLE a PASSWORD u&'***' UESCAPE '!'");
  CHECK(masked("ALTER ROLE a PASSWORD N's3cr'") == "ALTER ROLE a PASSWORD N'***'");
  CHECK(masked("ALTER ROLE a PASSWORD /* c */ 's3cr'") == "ALTER ROLE a PASSWORD /* c */ '***'");
  CHECK(masked("ALTER ROLE a PASSWORD/* it's /* in */ it */'s3cr'") ==
        "ALTER ROLE a PASSWORD/* it's /* in */ it */'***'");
  CHECK(masked("/* it's */ ALTER ROLE a PASSWORD -- a's\n E's3cr'") ==
        "/* it's */ ALTER ROLE a PASSWORD -- a's\n E'***'");
  CHECK(masked("UPDATE \"it's\" SET password = /* c */ 's3cr'") ==
        "UPDATE \"it's\" SET password = /* c */ '***'");
  CHECK(masked("ALTER ROLE a PASSWORD /* 's3cr'") == "ALTER ROLE a PASSWORD /* 's3cr'");
}

TEST_CASE("a password is masked to its end, also where its quotes are not what they should be") {
  CHECK(masked("ALTER ROLE a PASSWORD 's3'\n 'cr' LOGIN") == "ALTER ROLE a PASSWORD '***' LOGIN");
  CHECK(masked("ALTER ROLE a PASSWORD 's3' -- c\n'cr'") == "ALTER ROLE a PASSWORD '***'");
  CHECK(masked("ALTER ROLE a PASSWORD 's3'cr' LOGIN") == "ALTER ROLE a PASSWORD '***' LOGIN");
  CHECK(masked("OPTIONS (password 'a', user 'b')") == "OPTIONS (password '***', user 'b')");
  CHECK(masked("SELECT password = 'a' AND b = 'c'") == "SELECT password = '***' AND b = 'c'");
  CHECK(masked("EXECUTE 'ALTER ROLE a PASSWORD ''s3''''cr'' LOGIN'") ==
        "EXECUTE 'ALTER ROLE a PASSWORD ''***'' LOGIN'");
}

TEST_CASE("a password in a connection string is masked") {
  CHECK(masked("SELECT E'it\\'s', f('password=--se/*cret user=u')") ==
        "SELECT E'it\\'s', f('password=*** user=u')");
  CHECK(masked("CONNECTION 'host=h password=secret dbname=d'") ==
        "CONNECTION 'host=h password=*** dbname=d'");
  CHECK(masked("CONNECTION 'password=''se cret'' dbname=d'") ==
        "CONNECTION 'password=''***'' dbname=d'");
  CHECK(masked("SELECT dblink_connect('postgresql://u:secret@h/d')") ==
        "SELECT dblink_connect('postgresql://u:***@h/d')");
}

TEST_CASE("a text without a password stays as it is") {
  for (std::string_view const sql :
       {"SELECT 1", "", "UPDATE t SET password=$1 WHERE id = $2", "SELECT password FROM t",
        "ALTER ROLE a PASSWORD NULL", "SELECT 'http://h:80/x'", "UPDATE t SET password = other",
        "SELECT 'é', nam", "ALTER ROLE a PASSWORD", "UPDATE t SET password = $1, b = $2"}) {
    CHECK(masked(sql) == sql);
  }
}

TEST_CASE("a position behind a masked password moves along, one within it goes to its start") {
  std::string const sql = "ALTER ROLE a PASSWORD 'sécret' LOGN";
  CHECK(moved(sql, 0) == 0);
  CHECK(moved(sql, 7) == 7);
  CHECK(moved(sql, 23) == 23);
  CHECK(moved(sql, 24) == 24);
  CHECK(moved(sql, 27) == 24);
  CHECK(moved(sql, 32) == 29);
  CHECK(moved("PASSWORD 'a' LOGN", 14) == 16);
}
