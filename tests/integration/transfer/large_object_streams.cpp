#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/large_object.hpp>
#include <pqscope/transfer/large_object_streambuf.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstddef>
#include <cstdint>
#include <istream>
#include <ostream>
#include <sstream>
#include <streambuf>
#include <string>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/memory.hpp"

using pqscope::export_large_object;
using pqscope::import_large_object;
using pqscope::large_object;
using pqscope::large_object_mode;
using pqscope::large_object_streambuf;
using pqscope::new_large_object;

namespace {

/// Bytes that follow from one another, made as they are read, and their checksum.
class source : public std::streambuf {
 public:
  explicit source(std::uint64_t size) : left_{size} {}
  std::uint64_t sum = 0xcbf29ce484222325U;

 protected:
  int_type underflow() override {
    std::size_t size = 0;
    for (; size < sizeof(block_) && left_ > 0; ++size, --left_) {
      state_ = state_ * 6364136223846793005U + 1442695040888963407U;
      block_[size] = static_cast<char>(state_ >> 56U);
      sum = (sum ^ static_cast<unsigned char>(block_[size])) * 0x00000100000001b3U;
    }
    setg(block_, block_, block_ + size);
    return size > 0 ? traits_type::to_int_type(*gptr()) : traits_type::eof();
  }

 private:
  std::uint64_t left_;
  std::uint64_t state_ = 1;
  char block_[4096] = {};
};

/// Keeps the checksum of what is written, and nothing else.
class sink : public std::streambuf {
 public:
  std::uint64_t sum = 0xcbf29ce484222325U;

 protected:
  int_type overflow(int_type next) override {
    add(traits_type::to_char_type(next));
    return next;
  }
  std::streamsize xsputn(char const* from, std::streamsize size) override {
    for (std::streamsize i = 0; i < size; ++i) {
      add(from[i]);
    }
    return size;
  }

 private:
  void add(char byte) { sum = (sum ^ static_cast<unsigned char>(byte)) * 0x00000100000001b3U; }
};

/// Fails after some bytes.
class broken_source : public std::streambuf {
 protected:
  int_type underflow() override {
    if (done_) {
      throw 1;
    }
    done_ = true;
    setg(block_, block_, block_ + sizeof(block_));
    return traits_type::to_int_type(*gptr());
  }

 private:
  bool done_ = false;
  char block_[100] = {};
};

}  // namespace

TEST_CASE("100 MB go into a large object and come back the same, in bounded memory") {
  pqscope::connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  constexpr std::uint64_t size = 100 * 1024 * 1024 + 1;
  large_object lo{tx, new_large_object{}};
  source bytes{size};
  std::istream from{&bytes};
  long const before = support::peak_memory();
  auto trips = conn.round_trips();
  CHECK(import_large_object(lo, from) == size);
  CHECK(conn.round_trips() - trips == 401);
  CHECK(lo.size() == static_cast<std::int64_t>(size));
  lo.seek(0);
  sink seen;
  std::ostream to{&seen};
  trips = conn.round_trips();
  CHECK(export_large_object(lo, to) == size);
  CHECK(conn.round_trips() - trips == 401);
  if (support::frees_memory) {
    CHECK(support::peak_memory() - before < 16 * 1024);
  }
  CHECK(seen.sum == bytes.sum);
  tx.rollback();
  support::ensure_usable(conn);
}

TEST_CASE("a file goes into a large object that a table refers to, and out again") {
  pqscope::connection conn{support::test_config()};
  std::istringstream file{"the content of a file"};
  std::ostringstream copy;
  std::string const name = "readme";
  pqscope::transaction s{conn};
  s.execute("CREATE TEMPORARY TABLE files (name text, content oid) ON COMMIT DROP");
  // [large_object]
  large_object lo{s, new_large_object{}};
  import_large_object(lo, file);  // from a std::istream, 256 KiB at once
  s.execute("INSERT INTO files (name, content) VALUES ($1, $2)", name, lo.id());

  auto const id = s.query<pqscope::oid_t>("SELECT content::bigint FROM files").one();
  large_object saved{s, id, large_object_mode::read};
  saved.seek(4);
  export_large_object(saved, copy);  // to a std::ostream
  // [large_object]
  CHECK(copy.str() == "content of a file");
  CHECK(saved.size() == 21);
  s.rollback();
  support::ensure_usable(conn);
}

TEST_CASE("a stream told to throw at its end is imported to its end") {
  pqscope::connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  large_object lo{tx, new_large_object{}};
  for (std::size_t const size : {std::size_t{5}, large_object::chunk_size}) {
    std::istringstream in{std::string(size, 'x')};
    in.exceptions(std::ios::failbit | std::ios::badbit | std::ios::eofbit);
    CHECK(import_large_object(lo, in) == size);
  }
  CHECK(lo.size() == static_cast<std::int64_t>(5 + large_object::chunk_size));
  tx.rollback();
  support::ensure_usable(conn);
}

TEST_CASE("a large object is read and written as a standard stream") {
  pqscope::connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  large_object lo{tx, new_large_object{}};
  {
    large_object_streambuf buffer{lo};
    std::iostream stream{&buffer};
    stream << "first line\nsecond line " << 42 << '\n';
    CHECK(stream.tellp() == 26);
    stream.seekg(0);
    std::string line;
    CHECK(std::getline(stream, line));
    CHECK(line == "first line");
    CHECK(stream.tellg() == 11);
    stream.seekp(6);
    stream << "LINE";
    stream.seekg(-3, std::ios::end);
    int number = 0;
    CHECK(stream >> number);
    CHECK(number == 42);
    stream.clear();
    stream.seekp(0, std::ios::end);
    stream << "last, by the destructor";
  }
  lo.seek(0);
  std::ostringstream all;
  CHECK(export_large_object(lo, all) == 49);
  CHECK(all.str() == "first LINE\nsecond line 42\nlast, by the destructor");
  tx.rollback();
  support::ensure_usable(conn);
}

TEST_CASE("a stream of a large object can switch between reading and writing at its place") {
  pqscope::connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  large_object lo{tx, new_large_object{}};
  lo.write("0123456789");
  lo.seek(0);
  large_object_streambuf buffer{lo};
  CHECK(buffer.sbumpc() == '0');
  CHECK(buffer.sputc('x') == 'x');
  CHECK(buffer.sgetc() == '2');
  CHECK(buffer.pubsync() == 0);
  CHECK(lo.tell() == 2);
  lo.seek(0);
  CHECK(buffer.sgetn(std::string(10, ' ').data(), 10) == 10);
  CHECK(buffer.sgetc() == std::char_traits<char>::eof());
  tx.rollback();
  support::ensure_usable(conn);
}

TEST_CASE("what is longer than the buffer goes through a stream of a large object") {
  pqscope::connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  large_object lo{tx, new_large_object{}};
  large_object_streambuf buffer{lo};
  std::iostream stream{&buffer};
  std::string const text(3 * large_object::chunk_size + 5, 'y');
  stream << "x" << text << std::flush;
  stream.seekg(0);
  std::string read(text.size() + 1, ' ');
  CHECK(stream.read(read.data(), static_cast<std::streamsize>(read.size())));
  CHECK(read == "x" + text);
  CHECK(stream.get() == std::char_traits<char>::eof());
  tx.rollback();
  support::ensure_usable(conn);
}

TEST_CASE("what goes wrong makes a stream of a large object bad, or comes through") {
  pqscope::connection conn{support::test_config()};
  {
    pqscope::transaction tx{conn};
    large_object lo{tx, new_large_object{}};
    large_object reader{tx, lo.id(), large_object_mode::read};
    large_object_streambuf buffer{reader};
    std::ostream stream{&buffer};
    stream << "x" << std::flush;
    CHECK(stream.bad());
    std::ostream strict{&buffer};
    strict.exceptions(std::ios::badbit);
    CHECK_THROWS_AS(strict << "x" << std::flush, pqscope::usage_error);
    CHECK(tx.query<int>("SELECT 1").one() == 1);
    tx.rollback();
  }
  support::ensure_usable(conn);
}

TEST_CASE("the end of a stream that cannot be written any more is told to the observer") {
  pqscope::testing::recorder seen;
  pqscope::connection conn{support::test_config(), {.observer = &seen}};
  pqscope::transaction tx{conn};
  large_object lo{tx, new_large_object{}};
  {
    large_object_streambuf buffer{lo};
    std::ostream stream{&buffer};
    stream << "x";
    pqscope::unlink_large_object(tx, lo.id());
  }
  CHECK(seen.problems().size() == 1);
  tx.rollback();
  support::ensure_usable(conn);
}

TEST_CASE("the exception of what is imported, or exported to, leaves the transaction as it is") {
  pqscope::connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  large_object lo{tx, new_large_object{}};
  broken_source breaks;
  std::istream quiet{&breaks};
  CHECK_THROWS_AS(import_large_object(lo, quiet), std::ios_base::failure);
  broken_source breaks_too;
  std::istream loud{&breaks_too};
  loud.exceptions(std::ios::badbit);
  CHECK_THROWS_AS(import_large_object(lo, loud), int);
  lo.seek(0);
  std::ostream nowhere{nullptr};
  CHECK_THROWS_AS(export_large_object(lo, nowhere), std::ios_base::failure);
  CHECK(tx.query<int>("SELECT 1").one() == 1);
  std::istringstream nothing;
  CHECK(import_large_object(lo, nothing) == 0);
  tx.rollback();
  support::ensure_usable(conn);
}
