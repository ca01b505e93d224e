#include <catch2/catch_test_macros.hpp>
#include <pqscope/events/pgoutput_decoder.hpp>
#include <pqscope/types/types.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "pgoutput_messages.hpp"

using pqscope::lsn;
using pqscope::replicated;
using pqscope::replication_change;
using pqscope::replication_kind;
using pgoutput_decoder = pqscope::detail::pgoutput_decoder<>;

namespace {

namespace oid = pqscope::oid;

/// A decoder in a transaction that knows the table "public"."t" (id bigint, name text).
struct in_transaction {
  pgoutput_decoder decoder;

  explicit in_transaction(char identity = 'd') {
    decode(pgoutput::begin(0x200, 7));
    decode(pgoutput::relation(1, "public", "t",
                              {{"id", oid::int8, true}, {"name", oid::text, identity == 'f'}},
                              identity));
  }
  replication_change decode(std::string const& message, std::uint64_t place = 0) {
    replication_change change;
    decoder.decode(message, lsn{place}, change);
    return change;
  }
  void refuses(std::string const& message) {
    pgoutput_decoder copy = decoder;
    replication_change change;
    CHECK_THROWS_AS(copy.decode(message, {}, change), pqscope::decode_error);
  }
};

struct user {
  std::int64_t id;
  std::optional<std::string> name;
};

}  // namespace

TEST_CASE("a transaction tells where and when it committed with each of its changes") {
  pgoutput_decoder decoder;
  replication_change change;
  decoder.decode(pgoutput::begin(0x200, 7, 1'000'000), lsn{0x100}, change);
  using namespace std::chrono_literals;
  auto const second = std::chrono::sys_days{std::chrono::January / 1 / 2000} + 1s;
  CHECK(change.kind == replication_kind::begin);
  CHECK(change.lsn == lsn{0x100});
  CHECK(change.commit_lsn == lsn{0x200});
  CHECK(change.commit_time == second);
  CHECK(change.xid == 7);
  CHECK(decoder.in_transaction());
  decoder.decode(pgoutput::relation(1, "s", "t", {{"id", oid::int4, true}}), {}, change);
  CHECK(change.kind == replication_kind::relation);
  CHECK(change.lsn == lsn{0x100});  // the server tells no place of it
  decoder.decode(pgoutput::insert(1, pgoutput::row({pgoutput::value("5")})), lsn{0x150}, change);
  CHECK(change.kind == replication_kind::insert);
  CHECK(change.lsn == lsn{0x150});
  CHECK(change.commit_lsn == lsn{0x200});
  CHECK(change.commit_time == second);
  CHECK(change.xid == 7);
  decoder.decode(pgoutput::commit(0x200, 0x230, 1'000'000), lsn{0x230}, change);
  CHECK(change.kind == replication_kind::commit);
  CHECK(change.lsn == lsn{0x230});
  CHECK(change.commit_lsn == lsn{0x200});
  CHECK(change.xid == 7);
  CHECK_FALSE(decoder.in_transaction());
}

TEST_CASE("a relation is described with its columns, and again when it has altered") {
  in_transaction in;
  replication_change const first =
      in.decode(pgoutput::insert(1, pgoutput::row({pgoutput::value("1"), pgoutput::value("ada")})));
  auto const& told = first.relation();
  CHECK(told.id == 1);
  CHECK(told.schema == "public");
  CHECK(told.name == "t");
  CHECK(told.identity == pqscope::replica_identity::primary_key);
  REQUIRE(told.columns.size() == 2);
  CHECK(told.columns[0].name == "id");
  CHECK(told.columns[0].type == oid::int8);
  CHECK(told.columns[0].is_key);
  CHECK_FALSE(told.columns[1].is_key);
  CHECK(told.find("name") == 1);
  CHECK_FALSE(told.find("Name"));
  in.decode(pgoutput::relation(1, "", "u", {{"id", oid::int8, true}}));
  replication_change const second =
      in.decode(pgoutput::insert(1, pgoutput::row({pgoutput::value("2")})));
  CHECK(second.relation().schema == "pg_catalog");
  CHECK(second.relation().name == "u");
  CHECK(first.relation().name == "t");
  CHECK(first.new_row().size() == 2);
}

TEST_CASE("a row is read by names and places, as values, tuples and structs") {
  in_transaction in;
  replication_change const change = in.decode(
      pgoutput::insert(1, pgoutput::row({pgoutput::value("12"), pgoutput::value("ada")})));
  auto const row = change.new_row();
  REQUIRE(row);
  CHECK(row.get<std::int64_t>("id") == 12);
  CHECK(row.get<std::string_view>(1) == "ada");
  CHECK(row["name"].text() == "ada");
  CHECK(row[0].text() == "12");
  CHECK(row[0].name() == "id");
  CHECK(row[0].state() == replicated::text);
  CHECK(row.get<std::string>("id") == "12");  // any type's text
  CHECK(change.as<user>().id == 12);
  CHECK(change.as<user>().name == "ada");
  CHECK(change.as<std::tuple<std::int64_t, std::string>>() ==
        std::tuple{std::int64_t{12}, std::string{"ada"}});
  CHECK_FALSE(change.old_row());
  CHECK(change.old_row().size() == 0);
  CHECK_THROWS_AS(row.get<int>("id"), pqscope::type_mismatch);
  CHECK_THROWS_AS(row.get<int>("other"), pqscope::usage_error);
  CHECK_THROWS_AS(row.at(2), pqscope::usage_error);
  CHECK_THROWS_AS(change.old_row().at(0), pqscope::usage_error);
  CHECK_THROWS_AS(change.as<std::tuple<std::int64_t>>(), pqscope::type_mismatch);
}

TEST_CASE("a struct may leave columns out, and none of its fields may be without one") {
  struct only_name {
    std::string name;
  };
  struct more {
    std::int64_t id;
    std::string nickname;
  };
  in_transaction in;
  replication_change const change = in.decode(
      pgoutput::insert(1, pgoutput::row({pgoutput::value("12"), pgoutput::value("ada")})));
  CHECK(change.as<only_name>().name == "ada");
  try {
    change.as<more>();
    FAIL("nothing is thrown");
  } catch (pqscope::type_mismatch const& failure) {
    CHECK(std::string{failure.what()}.find("\"nickname\"") != std::string::npos);
    CHECK(std::string{failure.what()}.find("\"public\".\"t\"") != std::string::npos);
  }
}

TEST_CASE("NULL, binary values and values that are none") {
  in_transaction in;
  replication_change const change = in.decode(pgoutput::insert(
      1, pgoutput::row({pgoutput::value(support::wire::int64(5), 'b'), pgoutput::null()})));
  auto const row = change.new_row();
  CHECK(row[0].state() == replicated::binary);
  CHECK(row.get<std::int64_t>("id") == 5);
  CHECK(row[0].bytes() == support::wire::int64(5));
  CHECK_THROWS_AS(row[0].text(), pqscope::decode_error);
  CHECK_THROWS_AS(row.get<std::string>("id"), pqscope::type_mismatch);
  CHECK(row[1].is_null());
  CHECK_FALSE(row.get<std::optional<std::string>>("name"));
  CHECK_THROWS_AS(row.get<std::string>("name"), pqscope::unexpected_null);
  CHECK_THROWS_AS(row[1].text(), pqscope::unexpected_null);
  replication_change const wrong = in.decode(
      pgoutput::insert(1, pgoutput::row({pgoutput::value("twelve"), pgoutput::value("ada")})));
  try {
    wrong.as<user>();
    FAIL("nothing is thrown");
  } catch (pqscope::decode_error const& failure) {
    CHECK(failure.column() == "id");
    CHECK(std::string{failure.what()}.find("twelve") == std::string::npos);
  }
}

TEST_CASE("an update tells the old key, the whole old row, or none") {
  in_transaction in;
  std::string const now = pgoutput::row({pgoutput::value("2"), pgoutput::unchanged()});
  replication_change const plain = in.decode(pgoutput::update(1, '\0', {}, now));
  CHECK(plain.kind == replication_kind::update);
  CHECK_FALSE(plain.old_row());
  CHECK(plain.new_row()[1].state() == replicated::unchanged);
  CHECK_FALSE(plain.new_row()[1].is_sent());
  CHECK_THROWS_AS(plain.new_row().get<std::optional<std::string>>("name"), pqscope::decode_error);
  CHECK(plain.new_row().get<std::int64_t>("id") == 2);

  replication_change const key = in.decode(
      pgoutput::update(1, 'K', pgoutput::row({pgoutput::value("1"), pgoutput::null()}), now));
  CHECK(key.old_is_key());
  CHECK(key.old_row().get<std::int64_t>("id") == 1);
  CHECK(key.old_row()[1].state() == replicated::left_out);
  CHECK_FALSE(key.old_row()[1].is_null());
  CHECK_THROWS_AS(key.old_row().get<std::optional<std::string>>("name"), pqscope::decode_error);
  CHECK(key.new_row()[1].state() == replicated::unchanged);

  in_transaction full{'f'};
  replication_change const whole = full.decode(
      pgoutput::update(1, 'O', pgoutput::row({pgoutput::value("1"), pgoutput::value("ada")}), now));
  CHECK_FALSE(whole.old_is_key());
  CHECK(whole.old_row().get<std::string>("name") == "ada");
  CHECK(whole.new_row().get<std::string>("name") == "ada");  // it has not changed
  CHECK(whole.as<user>().id == 2);
}

TEST_CASE("a delete tells the key, or the whole row") {
  in_transaction in;
  replication_change const key =
      in.decode(pgoutput::erase(1, 'K', pgoutput::row({pgoutput::value("1"), pgoutput::null()})));
  CHECK(key.kind == replication_kind::delete_);
  CHECK(key.old_is_key());
  CHECK_FALSE(key.new_row());
  struct only_id {
    std::int64_t id;
  };
  CHECK(key.as<only_id>().id == 1);
  CHECK_THROWS_AS(key.as<user>(), pqscope::decode_error);
  in_transaction full{'f'};
  replication_change const whole =
      full.decode(pgoutput::erase(1, 'O', pgoutput::row({pgoutput::value("1"), pgoutput::null()})));
  CHECK(whole.as<user>().id == 1);
  CHECK_FALSE(whole.as<user>().name);
}

TEST_CASE("a truncate names all tables, and what was said with it") {
  in_transaction in;
  in.decode(pgoutput::relation(2, "public", "u", {{"id", oid::int8, true}}));
  replication_change const both = in.decode(pgoutput::truncate({2, 1}, 3));
  CHECK(both.kind == replication_kind::truncate);
  REQUIRE(both.relations().size() == 2);
  CHECK(both.relations()[0]->name == "u");
  CHECK(both.relations()[1]->name == "t");
  CHECK(both.cascade);
  CHECK(both.restart_identity);
  replication_change const one = in.decode(pgoutput::truncate({1}, 0));
  CHECK(one.relation().name == "t");
  CHECK_FALSE(one.cascade);
  CHECK_FALSE(one.restart_identity);
}

TEST_CASE("logical messages, origins and names of types") {
  in_transaction in;
  replication_change const inside =
      in.decode(pgoutput::message(true, 0x180, "app", std::string_view{"a\0b", 3}), 0x180);
  CHECK(inside.kind == replication_kind::message);
  CHECK(inside.is_transactional);
  CHECK(inside.xid == 7);
  CHECK(inside.lsn == lsn{0x180});
  CHECK(inside.prefix() == "app");
  CHECK(inside.content() == std::string_view{"a\0b", 3});
  CHECK_THROWS_AS(inside.relation(), pqscope::usage_error);
  CHECK(inside.relations().empty());
  replication_change const origin = in.decode(pgoutput::origin(0x99, "there"));
  CHECK(origin.kind == replication_kind::origin);
  CHECK(origin.origin() == "there");
  CHECK(origin.origin_lsn() == lsn{0x99});
  CHECK(origin.prefix().empty());
  in.decode(pgoutput::commit(0x200, 0x230));
  replication_change const outside = in.decode(pgoutput::message(false, 0x300, "app", ""), 0x300);
  CHECK_FALSE(outside.is_transactional);
  CHECK(outside.xid == 0);
  CHECK(outside.lsn == lsn{0x300});
  CHECK(outside.commit_lsn.is_none());
}

TEST_CASE("domains are read as what is below them") {
  in_transaction in;
  replication_change const told = in.decode(pgoutput::type(20000, "", "int4"));
  CHECK(told.kind == replication_kind::type);
  CHECK(told.type_id() == 20000);
  CHECK(told.type_name() == "int4");
  CHECK(told.type_schema() == "pg_catalog");
  in.decode(pgoutput::type(20001, "", "_timestamptz"));
  in.decode(pgoutput::type(20002, "app", "int4"));
  in.decode(pgoutput::type(20003, "", "numeric"));
  replication_change const table = in.decode(pgoutput::relation(
      3, "app", "d", {{"a", 20000}, {"b", 20001}, {"c", 20002}, {"d", 20003}, {"e", 20004}}));
  auto const& columns = table.relation().columns;
  CHECK(columns[0].type == 20000);
  CHECK(columns[0].reads_as == oid::int4);
  CHECK(columns[1].reads_as == oid::timestamptz_array);
  CHECK(columns[2].reads_as == 20002);
  CHECK(columns[3].reads_as == oid::numeric);
  CHECK(columns[4].reads_as == 20004);
}

TEST_CASE("blocks of a transaction that has not ended") {
  pgoutput_decoder decoder;
  replication_change change;
  decoder.decode('S' + support::wire::int32(9) + '\1', {}, change);
  CHECK(change.kind == replication_kind::stream_start);
  CHECK(change.xid == 9);
  CHECK(change.is_first_block);
  CHECK(decoder.in_transaction());
  decoder.decode(pgoutput::relation(1, "s", "t", {{"id", oid::int4, true}}, 'd', 9), {}, change);
  decoder.decode(pgoutput::insert(1, pgoutput::row({pgoutput::value("5")}), 10), lsn{0x150},
                 change);
  CHECK(change.kind == replication_kind::insert);
  CHECK(change.xid == 10);
  CHECK(change.commit_lsn.is_none());
  CHECK(change.new_row().get<int>("id") == 5);
  decoder.decode("E", {}, change);
  CHECK(change.kind == replication_kind::stream_stop);
  CHECK_FALSE(decoder.in_transaction());
  decoder.decode('A' + support::wire::int32(9) + support::wire::int32(10), {}, change);
  CHECK(change.kind == replication_kind::stream_abort);
  CHECK(change.xid == 9);
  CHECK(change.subxid == 10);
  decoder.decode('c' + support::wire::int32(9) + '\0' + support::wire::int64(0x200) +
                     support::wire::int64(0x230) + support::wire::int64(0),
                 {}, change);
  CHECK(change.kind == replication_kind::stream_commit);
  CHECK(change.lsn == lsn{0x230});
  CHECK(change.commit_lsn == lsn{0x200});
}

TEST_CASE("a change is a value: copies and moved ones read the same") {
  in_transaction in;
  replication_change change = in.decode(
      pgoutput::insert(1, pgoutput::row({pgoutput::value("12"), pgoutput::value("ada")})));
  replication_change const copy = change;
  replication_change const moved = std::move(change);
  in.decode(pgoutput::relation(1, "public", "other", {}));
  in.decoder.reset();
  CHECK(copy.as<user>().name == "ada");
  CHECK(moved.as<user>().name == "ada");
  CHECK(copy.relation().name == "t");
}

TEST_CASE("bytes that are no message are a decode_error, wherever they end") {
  in_transaction in;
  std::string const row = pgoutput::row({pgoutput::value("1"), pgoutput::value("ada")});
  std::vector<std::string> const good{
      pgoutput::commit(1, 2),
      pgoutput::relation(5, "s", "t", {{"id", oid::int8, true}}),
      pgoutput::insert(1, row),
      pgoutput::update(1, 'K', row, row),
      pgoutput::update(1, '\0', {}, row),
      pgoutput::erase(1, 'O', row),
      pgoutput::truncate({1, 1}, 0),
      pgoutput::message(true, 1, "p", "content"),
      pgoutput::type(20000, "s", "t"),
      pgoutput::origin(1, "o"),
  };
  for (std::string const& each : good) {
    INFO(each);
    for (std::size_t size = 0; size < each.size(); ++size) {
      in.refuses(each.substr(0, size));
    }
    in.refuses(each + 'x');
  }
  in.refuses("Z");
  in.refuses(pgoutput::begin(1, 2));                        // within a transaction
  in.refuses("E");                                          // of no block
  in.refuses(std::string{"S\0\0\0\1\1", 6});                // within a transaction
  in.refuses(pgoutput::insert(77, row));                    // an unknown table
  in.refuses(pgoutput::truncate({1, 77}, 0));               // the same
  in.refuses(pgoutput::message(false, 1, "p", "content"));  // within a transaction
  in.refuses(pgoutput::insert(1, pgoutput::row({pgoutput::value("1")})));
  in.refuses(pgoutput::insert(1, pgoutput::row({pgoutput::value("1"), "x"})));
  in.refuses(pgoutput::erase(1, 'N', row));
  in.refuses(pgoutput::update(1, 'X', row, row));
  in.refuses(pgoutput::relation(5, "s", "t", {}, 'x'));
  pgoutput_decoder fresh;
  replication_change change;
  CHECK_THROWS_AS(fresh.decode(pgoutput::commit(1, 2), {}, change), pqscope::decode_error);
}
