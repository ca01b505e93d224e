#include "round_trip.hpp"

using namespace round_trips;

namespace {

/// U+0001 to U+00FF in UTF-8, every character that is special anywhere among them.
std::string all_characters() {
  std::string all;
  for (unsigned c = 1; c < 256; ++c) {
    if (c < 0x80) {
      all += static_cast<char>(c);
    } else {
      all += static_cast<char>(0xc0U | c >> 6U);
      all += static_cast<char>(0x80U | (c & 0x3fU));
    }
  }
  return all;
}

}  // namespace

TEST_CASE("a string keeps every character, and the empty string is not NULL") {
  pqscope::connection db{support::test_config()};
  std::string const euro_and_beyond = "\xe2\x82\xac \xf0\x9f\x90\x98 \xef\xbf\xbd";
  for (std::string const& text :
       {std::string(), std::string(" "), all_characters(), euro_and_beyond, std::string("NULL"),
        std::string("\\"), std::string("a'b\"c"), std::string("$1"), std::string("\n\t\r")}) {
    round_trip(db, "text", text, text);
    round_trip(db, "varchar", text, text);
  }
  CHECK(db.query<int>("SELECT length($1)", all_characters()).one() == 255);
  null_round_trip<std::string>(db, "text");
  array_round_trip<std::string>(db, "text",
                                {"", "NULL", "null", " a ", "{}", "a,b", "\"", "\\", "'", "\n",
                                 all_characters(), euro_and_beyond});
  support::ensure_usable(db);
}

TEST_CASE("each character alone survives in a text and in an array of texts") {
  pqscope::connection db{support::test_config()};
  std::vector<std::string> characters;
  for (unsigned c = 1; c < 256; ++c) {
    characters.push_back(c < 0x80 ? std::string(1, static_cast<char>(c))
                                  : std::string{static_cast<char>(0xc0U | c >> 6U),
                                                static_cast<char>(0x80U | (c & 0x3fU))});
  }
  reads_as(db, "SELECT $1::text[]", characters, characters);
  auto const rows = db.query<int, std::string>(
      "SELECT ord::int, c FROM unnest($1) WITH ORDINALITY AS t (c, ord)", characters);
  REQUIRE(rows.size() == characters.size());
  for (auto const& [number, text] : rows) {
    CHECK(text == characters[static_cast<std::size_t>(number - 1)]);
  }
  support::ensure_usable(db);
}

TEST_CASE("a megabyte of text goes there and back, beside other parameters") {
  pqscope::connection db{support::test_config()};
  std::string large(1 << 20, 'x');
  large += "\xc3\xbc";
  round_trip(db, "text", large, large);
  auto const [a, text, b] =
      db.query<int, std::string, std::string>("SELECT $1::int, $2::text, $3::text", 1,
                                              std::string_view(large), "end")
          .one();
  CHECK(a == 1);
  CHECK(text == large);
  CHECK(b == "end");
  support::ensure_usable(db);
}

TEST_CASE("every kind of C++ text is a text parameter") {
  pqscope::connection db{support::test_config()};
  std::string const string = "a string";
  char const* const pointer = "a pointer";
  char array[32] = "an array";
  char* const writable = array;
  reads_as(db, "SELECT $1::text", string, string);
  reads_as(db, "SELECT $1::text", std::string("a pointer"), pointer);
  reads_as(db, "SELECT $1::text", std::string("an array"), array);
  reads_as(db, "SELECT $1::text", std::string("an array"), writable);
  reads_as(db, "SELECT $1::text", std::string("a literal"), "a literal");
  reads_as(db, "SELECT $1::text", std::string("string"), std::string_view(string).substr(2));
  reads_as(db, "SELECT $1::text", std::string("str"), std::string_view(string).substr(2, 3));
  reads_as(db, "SELECT $1::text", std::string(), std::string_view());
  reads_as(db, "SELECT $1::text", std::string(), "");
  char const* const null = nullptr;
  std::optional<std::string> const none;
  reads_as(db, "SELECT $1::text", none, null);
  reads_as(db, "SELECT $1::text", none, nullptr);
  reads_as(db, "SELECT $1::text", none, std::nullopt);
  reads_as(db, "SELECT $1::text", none, std::optional<std::string_view>());
  support::ensure_usable(db);
}

TEST_CASE("text with a NUL byte is refused before anything is sent") {
  pqscope::connection db{support::test_config()};
  auto const before = db.round_trips();
  std::string const text("a\0b", 3);
  CHECK_THROWS_AS(db.execute("SELECT $1", text), pqscope::usage_error);
  CHECK_THROWS_AS(db.execute("SELECT $1", std::string_view(text)), pqscope::usage_error);
  CHECK_THROWS_AS(db.execute("SELECT $1", std::vector<std::string>{"a", text}),
                  pqscope::usage_error);
  CHECK_THROWS_AS(db.execute("SELECT $1", std::optional<std::string>(text)), pqscope::usage_error);
  CHECK(db.round_trips() == before);
  support::ensure_usable(db);
}

TEST_CASE("bytes that are no UTF-8 are the server's error, and the connection stays usable") {
  pqscope::connection db{support::test_config()};
  CHECK_THROWS_AS(db.execute("SELECT $1::text", "\xff"), pqscope::server_error);
  support::ensure_usable(db);
}

TEST_CASE("texts are read in the client's encoding") {
  pqscope::connection db{support::test_config().with("client_encoding", "LATIN1")};
  reads_as(db, "SELECT $1::text", std::string("\xfc"), "\xfc");
  CHECK(db.query<int>("SELECT octet_length($1::text)", "\xfc").one() == 2);
  support::ensure_usable(db);
}
