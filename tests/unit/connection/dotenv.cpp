#include <pqscope/connection/dotenv.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using pqscope::detail::dotenv_reader;

/// The keys and values of `text` as `key=[value]` or `key`, then problems as `!line`.
std::string summary(std::string_view text) {
  std::string all;
  auto const document = dotenv_reader::read(text);
  for (auto const& entry : document.entries) {
    all += all.empty() ? "" : " ";
    all += entry.key + (entry.value ? "=[" + *entry.value + "]" : "");
  }
  for (auto const& problem : document.problems) {
    all += all.empty() ? "!" : " !";
    all += std::to_string(problem.line);
  }
  return all;
}

struct sample {
  std::string_view text;
  std::string_view expected;
};

void check(std::vector<sample> const& samples) {
  for (auto const& [text, expected] : samples) {
    INFO(text);
    CHECK(summary(text) == expected);
  }
}

}  // namespace

TEST_CASE("bare values are trimmed and end at a comment after white space") {
  check({{"", ""},
         {"\n \n", ""},
         {"a=b", "a=[b]"},
         {" a = b ", "a=[b]"},
         {"a=b c", "a=[b c]"},
         {"a=b  c\t", "a=[b  c]"},
         {"a=", "a=[]"},
         {"a=\nb=c", "a=[] b=[c]"},
         {"a==b", "a=[=b]"},
         {"a=b=c", "a=[b=c]"},
         {"a=b#c", "a=[b#c]"},
         {"a=b# c", "a=[b# c]"},
         {"a=b #c", "a=[b]"},
         {"a=b\t#c", "a=[b]"},
         {"a=b #c #d", "a=[b]"},
         {"a=#b", "a=[#b]"},
         {"a= #b", "a=[]"},
         {"a=b\\nc\\", "a=[b\\nc\\]"},
         {"a=it's", "a=[it's]"},
         {"a=x\"y", "a=[x\"y]"},
         {"a=\xC3\xA0", "a=[\xC3\xA0]"},
         {"a=1\na=2", "a=[1] a=[2]"}});
}

TEST_CASE("comments and empty lines are skipped") {
  check({{"# a=b", ""}, {"  # x\n\na=b\n#", "a=[b]"}, {"#\"\na=b", "a=[b]"}});
}

TEST_CASE("export and quoted keys are understood") {
  check({{"export a=b", "a=[b]"},
         {" export\ta = b", "a=[b]"},
         {"export export_a=1", "export_a=[1]"},
         {"export=1", "export=[1]"},
         {"exported=1", "exported=[1]"},
         {"'a'=b", "a=[b]"},
         {"export 'a b' = c", "a b=[c]"},
         {"\"a\"=b", "\"a\"=[b]"}});
}

TEST_CASE("a key without an equals sign has no value") {
  check({{"a", "a"}, {"a\nb=c", "a b=[c]"}, {"export a", "a"}, {"a # x", "a"}, {"a#b=c", "a"}});
}

TEST_CASE("quoted values keep their space and know their escapes") {
  check({{"a='b c '", "a=[b c ]"},
         {"a=\"b c \"", "a=[b c ]"},
         {"a=''", "a=[]"},
         {"a=\"\"", "a=[]"},
         {"a='x' # c", "a=[x]"},
         {"a='x'#c", "a=[x]"},
         {"a='x#y' ", "a=[x#y]"},
         {R"(a='it\'s')", "a=[it's]"},
         {R"(a='b\\')", R"(a=[b\])"},
         {R"(a='b\nc\"d')", R"(a=[b\nc\"d])"},
         {R"(a="q\"q\'q\\")", R"(a=[q"q'q\])"},
         {R"(a="\a\b\f\n\r\t\v")", "a=[\a\b\f\n\r\t\v]"},
         {R"(a="\x41\q$")", R"(a=[\x41\q$])"},
         {R"(a='p@ss/w:rd?#%\'\\')", R"(a=[p@ss/w:rd?#%'\])"},
         {R"(a="p@ss/w:rd?#%'\\")", R"(a=[p@ss/w:rd?#%'\])"},
         {"a='x\\\\'\nb='y'", "a=[x\\] b=[y]"}});
}

TEST_CASE("quoted values go over several lines") {
  check({{"a=\"b\nc\"\nd=e", "a=[b\nc] d=[e]"},
         {"a='b\n\nc' # x\nd=e", "a=[b\n\nc] d=[e]"},
         {"a='b\r\nc'\r\nd=e", "a=[b\r\nc] d=[e]"}});
}

TEST_CASE("all line ends and a byte order mark are understood") {
  check({{"a=b\r\nc=d\r\n", "a=[b] c=[d]"},
         {"a=b\rc=d", "a=[b] c=[d]"},
         {"a='b'\r\nc=\"d\" \r\n", "a=[b] c=[d]"},
         {"\xEF\xBB\xBF"
          "a=b",
          "a=[b]"},
         {"a\r\nb\r\n", "a b"}});
}

TEST_CASE("bad lines are reported by number and the others are read") {
  check({{"a b", "!1"},
         {"a: b\nc=d", "c=[d] !1"},
         {"=x\ny=z", "y=[z] !1"},
         {"''=b", "!1"},
         {"'a=b\nc=d", "c=[d] !1"},
         {"export =x", "!1"},
         {"a='x' y", "!1"},
         {"a=\"x\"\"y\"\nb=c\n\nx y", "b=[c] !1 !4"},
         {"a=1\r\nb b\r\n\r\nc c\r\n", "a=[1] !2 !4"},
         {"a='1\n2' x\nb b", "!1 !3"}});
}

TEST_CASE("a quote that is not closed is reported where it begins, by key and without the value") {
  auto const document = dotenv_reader::read("x=1\n\nDB_PASSWORD=\"hidden\ny=2\nz='hidden");
  REQUIRE(document.problems.size() == 2);
  CHECK(document.problems[0].line == 3);
  CHECK(document.problems[0].text == "DB_PASSWORD: the double quote is not closed");
  CHECK(document.problems[1].line == 5);
  CHECK(document.problems[1].text == "z: the single quote is not closed");
  REQUIRE(document.entries.size() == 2);
  CHECK(document.entries[1].key == "y");
  CHECK(document.entries[1].line == 4);
}

TEST_CASE("variables are expanded with their defaults") {
  std::string const set = "value";
  std::string const empty;
  auto const expand = [&](std::string_view text) {
    return pqscope::detail::expand_variables(
        text, [&](std::string_view name) -> std::string const* {
          return name == "SET" ? &set : name == "EMPTY" ? &empty : nullptr;
        });
  };
  for (auto const& [text, expected] : std::vector<sample>{{"", ""},
                                                          {"plain", "plain"},
                                                          {"${SET}", "value"},
                                                          {"a${SET}b${SET}c", "avaluebvaluec"},
                                                          {"${SET:-x}", "value"},
                                                          {"${NONE}", ""},
                                                          {"${NONE:-x y}", "x y"},
                                                          {"${NONE:-}", ""},
                                                          {"${EMPTY:-x}", ""},
                                                          {"${NONE:-${SET}}", "${SET}"},
                                                          {"${NONE:x}", "${NONE:x}"},
                                                          {"${NONE-x}", ""},
                                                          {"${a:b${SET}", "${a:bvalue"},
                                                          {"$SET $ $$ ${", "$SET $ $$ ${"},
                                                          {"${SET", "${SET"},
                                                          {"\\${SET}", "\\value"},
                                                          {"${}", ""}}) {
    INFO(text);
    CHECK(expand(text) == expected);
  }
}
