#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/copy_text.hpp>
#include <pqscope/with_session.hpp>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <istream>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <vector>

#include "integration/transfer/copy_table.hpp"
#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::copy_progress;
using pqscope::dynamic_sql;
using pqscope::session;
using pqscope::transaction;
using pqscope::with_session;
using support::copy_table;
using support::ensure_usable;

namespace {

struct source_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Lines `1,x…` of 1024 bytes, as many as wanted, made as they are read; then throws, if it is to.
class line_source : public std::streambuf {
 public:
  explicit line_source(std::size_t lines, bool throws = false) : left_{lines}, throws_{throws} {}
  std::size_t largest() const noexcept { return largest_; }

 protected:
  int_type underflow() override {
    if (left_ == 0) {
      if (throws_) {
        throw source_error("the stream gave up");
      }
      return traits_type::eof();
    }
    --left_;
    line_ = "1," + std::string(1021, 'x') + '\n';
    setg(line_.data(), line_.data(), line_.data() + line_.size());
    return traits_type::to_int_type(line_.front());
  }
  std::streamsize xsgetn(char* to, std::streamsize size) override {
    largest_ =
        static_cast<std::size_t>(size) > largest_ ? static_cast<std::size_t>(size) : largest_;
    return std::streambuf::xsgetn(to, size);
  }

 private:
  std::size_t left_;
  bool throws_;
  std::size_t largest_ = 0;
  std::string line_;
};

/// Takes so many bytes, and no more.
class full_sink : public std::streambuf {
 public:
  explicit full_sink(std::streamsize room) : room_{room} {}

 protected:
  std::streamsize xsputn(char const*, std::streamsize size) override {
    std::streamsize const taken = size < room_ ? size : room_;
    room_ -= taken;
    return taken;
  }

 private:
  std::streamsize room_;
};

}  // namespace

TEST_CASE("CSV goes into a table and out again, header and all") {
  connection conn{support::test_config()};
  copy_table t{"a int, b text"};
  // [copy_csv]
  std::istringstream in{"a;b\n1;one\n2;\"two; \"\"2\"\"\"\n3;NULL\n"};
  std::uint64_t const copied =
      conn.copy_in_csv(t.target(), in, {.header = true, .delimiter = ';', .null = "NULL"});
  // [copy_csv]
  CHECK(copied == 3);
  CHECK(t.rows() == std::vector<std::string>{"(1,one)", R"raw((2,"two; ""2"""))raw", "(3,)"});
  std::ostringstream out;
  CHECK(conn.copy_out_csv(dynamic_sql{"SELECT * FROM " + t.name() + ";"}, out,
                          {.header = true, .delimiter = ';', .null = "NULL"}) == 3);
  CHECK(out.str() == "a;b\n1;one\n2;\"two; \"\"2\"\"\"\n3;NULL\n");
  std::ostringstream quoted;
  CHECK(conn.copy_out_csv("SELECT 'it''s'", quoted, {.quote = '\''}) == 1);
  CHECK(quoted.str() == "'it''s'\n");
  ensure_usable(conn);
}

TEST_CASE("only the columns that are named are copied from a stream") {
  connection conn{support::test_config()};
  copy_table t{"a int, b text, \"C c\" text DEFAULT 'c'"};
  std::istringstream csv{"x,1\n,2\n"};
  CHECK(conn.copy_in_csv(t.target(), csv, {.columns = {"C c", "a"}}) == 2);
  std::istringstream text{"y|3\n"};
  CHECK(conn.copy_in_text(t.target(), text, {.delimiter = '|', .columns = {"b", "a"}}) == 1);
  CHECK(t.rows() == std::vector<std::string>{"(1,,x)", "(2,,)", "(3,y,c)"});
  std::istringstream none;
  CHECK(conn.copy_in_csv(t.target(), none) == 0);
  none.setstate(std::ios_base::eofbit);
  CHECK(conn.copy_in_csv(t.target(), none) == 0);
  ensure_usable(conn);
}

TEST_CASE("all characters make the round trip through CSV and text") {
  connection conn{support::test_config()};
  copy_table t{"i int, s text"};
  conn.execute(dynamic_sql{"INSERT INTO " + t.name() +
                           " SELECT i, chr(i) || 'x' || chr(i) FROM generate_series(1, 255) i "
                           "UNION ALL SELECT 0, '' UNION ALL SELECT -1, NULL"});
  std::string const sum = "md5(string_agg(i || coalesce(s, 'null'), ',' ORDER BY i)) || count(*)";
  std::string const before = t.text(sum);
  auto const query = dynamic_sql{"SELECT * FROM " + t.name()};
  auto const empty = dynamic_sql{"TRUNCATE " + t.name()};
  std::stringstream csv;
  CHECK(conn.copy_out_csv(query, csv) == 257);
  conn.execute(empty);
  CHECK(conn.copy_in_csv(t.target(), csv) == 257);
  CHECK(t.text(sum) == before);
  std::stringstream text;
  CHECK(conn.copy_out_text(query, text) == 257);
  conn.execute(empty);
  CHECK(conn.copy_in_text(t.target(), text) == 257);
  CHECK(t.text(sum) == before);
  std::stringstream odd;
  CHECK(conn.copy_out_text(query, odd, {.delimiter = '|', .null = "ni'l"}) == 257);
  conn.execute(empty);
  CHECK(conn.copy_in_text(t.target(), odd, {.delimiter = '|', .null = "ni'l"}) == 257);
  CHECK(t.text(sum) == before);
  ensure_usable(conn);
}

TEST_CASE("100 MB go through in blocks of 64 KiB") {
  connection conn{support::test_config()};
  copy_table t{"a int, b text"};
  std::size_t const lines = (100 << 20) / 1024;
  line_source lazy{lines};
  std::istream in{&lazy};
  std::uint64_t bytes = 0;
  std::size_t blocks = 0;
  CHECK(conn.copy_in_csv(t.target(), in, {.on_progress = [&](copy_progress const& now) {
                           CHECK(now.bytes - bytes <= 64 * 1024);
                           bytes = now.bytes;
                           ++blocks;
                         }}) == lines);
  CHECK(lazy.largest() == 64 * 1024);
  CHECK(bytes == lines * 1024);
  CHECK(blocks == bytes / (64 * 1024));
  full_sink sink{std::streamsize{1} << 40};
  std::ostream out{&sink};
  CHECK(conn.copy_out_csv(dynamic_sql{"SELECT * FROM " + t.name()}, out) == lines);
  ensure_usable(conn);
}

TEST_CASE("a stream that throws wins, inserts nothing, and the transaction goes on") {
  connection conn{support::test_config()};
  copy_table t{"a int, b text"};
  for (std::size_t const lines : {std::size_t{0}, std::size_t{1000}}) {
    line_source broken{lines, true};
    std::istream in{&broken};
    CHECK_THROWS_AS(conn.copy_in_csv(t.target(), in), source_error);
    ensure_usable(conn);
    transaction tx{conn};
    CHECK_THROWS_AS(tx.copy_in_csv(t.target(), in), source_error);
    std::istringstream good{"1,kept\n"};
    tx.copy_in_csv(t.target(), good);
    tx.commit();
  }
  CHECK(t.rows() == std::vector<std::string>{"(1,kept)", "(1,kept)"});
  std::ifstream missing{"/no/such/file"};
  auto const before = conn.round_trips();
  CHECK_THROWS_AS(conn.copy_in_csv(t.target(), missing), std::ios_base::failure);
  CHECK(conn.round_trips() == before);
  ensure_usable(conn);
}

TEST_CASE("a stream told to throw at its end is read to its end") {
  connection conn{support::test_config()};
  copy_table t{"a int, b text"};
  std::istringstream in{"1,x\n"};
  in.exceptions(std::ios_base::failbit | std::ios_base::badbit | std::ios_base::eofbit);
  CHECK(conn.copy_in_csv(t.target(), in) == 1);
  ensure_usable(conn);
}

TEST_CASE("a stream that takes no more ends copying out, and the transaction goes on") {
  connection conn{support::test_config()};
  with_session(conn, [](session& s) {
    full_sink full{100'000};
    std::ostream out{&full};
    CHECK_THROWS_AS(
        s.copy_out_csv("SELECT repeat('x', 1000) FROM generate_series(1, 1000000)", out),
        std::ios_base::failure);
    full_sink strict{0};
    std::ostream loud{&strict};
    loud.exceptions(std::ios_base::badbit);
    CHECK_THROWS_AS(s.copy_out_csv("SELECT 1", loud), std::ios_base::failure);
    CHECK(s.query<int>("SELECT 1").one() == 1);
    std::ostringstream good;
    CHECK(s.copy_out_text("SELECT 1, NULL", good) == 1);
    CHECK(good.str() == "1\t\\N\n");
  });
  ensure_usable(conn);
}

TEST_CASE("a line of CSV the server refuses is named") {
  connection conn{support::test_config()};
  copy_table t{"a int, b text"};
  std::istringstream in{"1,x\n2,y\nthree,z\n4,w\n"};
  try {
    conn.copy_in_csv(t.target(), in);
    FAIL("the line was taken");
  } catch (pqscope::server_error const& refused) {
    CHECK(refused.sqlstate() == "22P02");
    CHECK(refused.context().find("line 3, column a") != std::string_view::npos);
  }
  CHECK(t.number("count(*)") == 0);
  ensure_usable(conn);
}

TEST_CASE("options that make no sense are refused") {
  connection conn{support::test_config()};
  copy_table t{"a int, b text"};
  std::istringstream in{"1,x\n"};
  CHECK_THROWS_AS(conn.copy_in_csv(t.target(), in, {.delimiter = '\0'}), pqscope::usage_error);
  CHECK_THROWS_AS(conn.copy_in_csv(t.target(), in, {.delimiter = '\n'}), pqscope::server_error);
  CHECK(conn.copy_in_csv(t.target(), in) == 0);  // what was read of it is gone
  ensure_usable(conn);
}
