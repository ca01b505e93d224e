#include <catch2/catch_test_macros.hpp>
#include <pqscope/testing/recorder.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "integration/mapping/shop.hpp"
#include "support/ensure_usable.hpp"

using pqscope::asc;
using pqscope::col;
using pqscope::count;
using pqscope::desc;
using pqscope::jsonb;
using pqscope::numeric;
using shop::customer;
using shop::plain;
using shop::purchase;
using shop::seat;
using support::ensure_usable;
using support::shop_tables;

namespace {

/// Three customers, the second referred by the first, and two purchases of the first.
void fill(pqscope::connection& db) {
  auto const ada =
      db.insert(customer{.username = "ada",
                         .email = "ada@example.org",
                         .tags = {"a", "b"},
                         .details = jsonb{R"({"age": 36, "city": {"name": "Paris"}})"}});
  auto const bob =
      db.insert(customer{.username = "bob", .referrer_id = ada.id, .details = jsonb{"{}"}});
  auto const eve =
      db.insert(customer{.username = "Eve", .tags = {"b"}, .details = jsonb{"[1, 2]"}});
  REQUIRE(ada.id == 1);
  REQUIRE(bob.id == 2);
  REQUIRE(eve.id == 3);
  db.insert(purchase{.customer_id = ada.id, .price = numeric{"9.50"}, .amount = 2});
  db.insert(purchase{.customer_id = ada.id,
                     .price = numeric{"1.25"},
                     .amount = 4,
                     .state = shop::state::paid,
                     .note = "gift"});
}

std::vector<std::string> names(std::vector<customer> const& found) {
  std::vector<std::string> all;
  for (customer const& each : found) {
    all.push_back(each.username);
  }
  return all;
}

using list = std::vector<std::string>;

/// Of a table without a mapping.
struct tally {
  int id{};
  std::optional<int> number{};
};

struct counted {
  int uses = 0;
};
/// Of the same table; what is no column need not be what a column can be.
struct counted_tally : counted {
  int id{};
  std::optional<int> number{};
  char scratch[4] = "abc";
  unsigned flags : 3 = 5;
};

}  // namespace

template <>
inline constexpr auto pqscope::mapping<counted_tally> =
    pqscope::table("tally", pqscope::column<&counted_tally::id>().primary_key(),
                   pqscope::column<&counted_tally::number>());

TEST_CASE("an inserted struct comes back with what the server made") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  fill(db);
  purchase const bought = db.get<purchase>(1).value();
  REQUIRE(bought.id == 1);
  REQUIRE(bought.price == numeric{"9.50"});
  REQUIRE(bought.total == 4);
  REQUIRE(bought.state == shop::state::open);
  REQUIRE(bought.note == "none");
  REQUIRE(db.get<purchase>(2)->note == "gift");
  REQUIRE(db.insert(customer{.id = 70, .username = "kim", .details = jsonb{"{}"}}).id == 70);
  ensure_usable(db);
}

TEST_CASE("rows are found by conditions, in an order, page by page") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  fill(db);
  auto const all = db.select<customer>();
  REQUIRE(names(all.order_by(desc(col<&customer::id>)).all()) == list{"Eve", "bob", "ada"});
  REQUIRE(names(all.order_by(col<&customer::id>).limit(1).offset(1).all()) == list{"bob"});
  REQUIRE(all.order_by(col<&customer::id>).first()->username == "ada");
  REQUIRE(db.find<customer>(col<&customer::username> == "ada").one().email == "ada@example.org");
  REQUIRE_FALSE(db.find<customer>(col<&customer::username> == "no").first());
  REQUIRE_FALSE(db.find<customer>(col<&customer::username> == "no").one_or_none());
  REQUIRE_THROWS_AS(db.find<customer>(col<&customer::username> == "no").one(), pqscope::no_rows);
  REQUIRE_THROWS_AS(all.one(), pqscope::too_many_rows);
  REQUIRE(names(db.find<customer>(col<&customer::id> > 1 && col<&customer::email>.is_null() &&
                                  !(col<&customer::username> == "bob"))
                    .all()) == list{"Eve"});
  REQUIRE(db.count<customer>() == 3);
  REQUIRE(db.count<customer>(col<&customer::id> <= 2) == 2);
  REQUIRE(all.limit(2).count() == 2);
  REQUIRE(db.exists<customer>(col<&customer::username> == "bob"));
  REQUIRE_FALSE(db.exists<customer>(col<&customer::username> == "no"));
  std::vector<std::string> seen;
  for (customer const& each :
       all.order_by(asc(col<&customer::email>).nulls_first(), col<&customer::id>).rows()) {
    seen.push_back(each.username);
  }
  REQUIRE(seen == list{"bob", "Eve", "ada"});
  ensure_usable(db);
}

TEST_CASE("a range of values travels as one array, whatever its length") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  fill(db);
  auto const by_id = [&](auto const& ids) {
    return names(db.find<customer>(col<&customer::id>.in(ids)).order_by(col<&customer::id>).all());
  };
  REQUIRE(by_id(std::vector<int>{1, 3, 99}) == list{"ada", "Eve"});
  REQUIRE(by_id(std::vector<std::int64_t>{}).empty());
  REQUIRE(names(db.find<customer>(col<&customer::username>.in({"bob", "x"})).all()) == list{"bob"});
  REQUIRE(db.count<customer>(col<&customer::username>.not_in(list{"bob", "x"})) == 2);
  REQUIRE(db.count<purchase>(col<&purchase::state>.in({shop::state::paid})) == 1);
  REQUIRE(db.count<purchase>(col<&purchase::state> == shop::state::open) == 1);
  ensure_usable(db);
}

TEST_CASE("texts, arrays and JSON are asked with their operators") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  fill(db);
  auto const who = [&](auto const& condition) {
    return names(db.find<customer>(condition).order_by(col<&customer::id>).all());
  };
  REQUIRE(who(col<&customer::username>.like("%b%")) == list{"bob"});
  REQUIRE(who(col<&customer::username>.ilike("e%")) == list{"Eve"});
  REQUIRE(who(col<&customer::username>.not_like("%b%")) == list{"ada", "Eve"});
  REQUIRE(who(col<&customer::username>.matches("^[A-Z]")) == list{"Eve"});
  REQUIRE(who(lower(col<&customer::username>) == "eve") == list{"Eve"});
  REQUIRE(who(coalesce(col<&customer::email>, "none") == "none") == list{"bob", "Eve"});
  REQUIRE(who(col<&customer::email>.is_distinct_from("x") &&
              col<&customer::referrer_id>.is_not_distinct_from(std::optional<std::int64_t>{})) ==
          list{"ada", "Eve"});
  REQUIRE(who(col<&customer::tags>.contains(list{"a"})) == list{"ada"});
  REQUIRE(who(col<&customer::tags>.overlaps(list{"b", "c"})) == list{"ada", "Eve"});
  REQUIRE(who(col<&customer::tags>.contained_in(list{"b", "c"})) == list{"bob", "Eve"});
  REQUIRE(who(col<&customer::tags>.has("b")) == list{"ada", "Eve"});
  REQUIRE(who(cardinality(col<&customer::tags>) == 2) == list{"ada"});
  REQUIRE(who(col<&customer::details>.get("city").get_text("name") == "Paris") == list{"ada"});
  REQUIRE(who(col<&customer::details>.get_text(1) == "2") == list{"Eve"});
  REQUIRE(who(col<&customer::details>.contains(jsonb{R"({"age": 36})"})) == list{"ada"});
  REQUIRE(who(col<&customer::details>.has_key("age")) == list{"ada"});
  REQUIRE(who(col<&customer::id>.between(2, 3)) == list{"bob", "Eve"});
  ensure_usable(db);
}

TEST_CASE("joins over references give tuples of structs") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  fill(db);
  auto const bought = db.select<purchase>()
                          .join<&purchase::customer_id>()
                          .where(col<&customer::username> == "ada")
                          .order_by(desc(col<&purchase::amount>))
                          .all();
  REQUIRE(bought.size() == 2);
  REQUIRE(std::get<purchase>(bought[0]).amount == 4);
  REQUIRE(std::get<customer>(bought[1]).username == "ada");

  auto const everybody = db.select<customer>()
                             .left_join<&purchase::customer_id>()
                             .order_by(col<&customer::id>, col<&purchase::id>)
                             .all();
  REQUIRE(everybody.size() == 4);
  auto const& [eve, nothing] = everybody[3];
  REQUIRE(eve.username == "Eve");
  REQUIRE_FALSE(nothing);
  REQUIRE(std::get<1>(everybody[0])->note == "none");

  auto const referred = db.select<customer>().join<&customer::referrer_id>().one();
  REQUIRE(std::get<0>(referred).username == "bob");
  REQUIRE(std::get<1>(referred).username == "ada");
  REQUIRE(db.select<customer>()
              .left_join<&customer::referrer_id>()
              .where(col<&customer::username, 1> == "ada")
              .count() == 1);
  ensure_usable(db);
}

TEST_CASE("groups give tuples of values") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  fill(db);
  auto const groups = db.select<purchase>()
                          .join<&purchase::customer_id>()
                          .group_by(col<&customer::username>)
                          .having(count() > 1)
                          .values(col<&customer::username>, count(), sum(col<&purchase::amount>),
                                  max(col<&purchase::price>), avg(col<&purchase::amount>))
                          .all();
  REQUIRE(groups.size() == 1);
  REQUIRE(groups[0] == std::tuple<std::string, std::int64_t, std::optional<std::int64_t>,
                                  std::optional<numeric>, std::optional<numeric>>{
                           "ada", 2, 6, numeric{"9.50"}, numeric{"3.0000000000000000"}});
  REQUIRE(db.select<customer>().values(col<&customer::email>).distinct().count() == 2);
  REQUIRE(db.select<customer>().values(max(col<&customer::id>)).one() == 3);
  REQUIRE(db.select<customer>()
              .left_join<&purchase::customer_id>()
              .where(col<&customer::username> == "bob")
              .values(col<&customer::id>, col<&purchase::amount>)
              .one() == std::tuple<std::int64_t, std::optional<int>>{2, std::nullopt});
  REQUIRE_FALSE(db.find<customer>(col<&customer::id> > 9).values(max(col<&customer::id>)).one());
  REQUIRE(db.select<purchase>()
              .order_by(col<&purchase::id>)
              .values(col<&purchase::amount> * 10 + 1)
              .all() == std::vector<int>{21, 41});
  ensure_usable(db);
}

TEST_CASE("rows are changed and deleted without being read") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  fill(db);
  REQUIRE(db.update<purchase>()
              .set(col<&purchase::amount> = col<&purchase::amount> + 1,
                   col<&purchase::note> = std::nullopt, col<&purchase::state> = shop::state::paid)
              .where(col<&purchase::id> == 1)
              .execute() == 1);
  purchase const changed = db.get<purchase>(1).value();
  REQUIRE(changed.amount == 3);
  REQUIRE(changed.total == 6);
  REQUIRE(changed.version == 2);
  REQUIRE_FALSE(changed.note);
  auto const returned = db.update<customer>()
                            .set(col<&customer::email> = std::optional<std::string>{"x"},
                                 col<&customer::tags> = list{"new"})
                            .where(col<&customer::id>.in({2, 3}))
                            .returning()
                            .all();
  REQUIRE(returned.size() == 2);
  REQUIRE(returned[0].email == "x");
  REQUIRE(returned[1].tags == list{"new"});
  REQUIRE(db.erase<customer>().where(col<&customer::username> == "ada").returning().one().id == 1);
  REQUIRE(db.count<purchase>() == 0);
  REQUIRE(db.erase<customer>().all_rows().execute() == 2);
  REQUIRE_FALSE(db.exists<customer>());
  ensure_usable(db);
}

TEST_CASE("an optional of a larger type is assigned as it is, or refused by the server") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  db.execute("CREATE TABLE tally (id int, number int)");
  db.insert(tally{.id = 1});
  auto const assign = [&](std::optional<std::int64_t> value) {
    db.update<tally>().set(col<&tally::number> = value).all_rows().execute();
    return db.get<tally>(1)->number;
  };
  REQUIRE(assign(7) == 7);
  REQUIRE(assign(std::nullopt) == std::nullopt);
  REQUIRE_THROWS_AS(assign((std::int64_t{1} << 32) + 1), pqscope::numeric_value_out_of_range);
  REQUIRE(db.get<tally>(1)->number == std::nullopt);
  ensure_usable(db);
}

TEST_CASE("an upsert inserts, updates or leaves alone") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  fill(db);
  customer ada = db.get<customer>(1).value();
  ada.email = "new";
  REQUIRE(db.upsert(ada).email == "new");
  REQUIRE(db.count<customer>() == 3);

  customer const again{.username = "ada", .email = "other", .details = jsonb{"{}"}};
  using pqscope::on_conflict;
  REQUIRE_FALSE(db.upsert(again, on_conflict<&customer::username>().do_nothing()));
  REQUIRE(db.get<customer>(1)->email == "new");
  customer const kept =
      db.upsert(again, on_conflict<&customer::username>().do_update(
                           col<&customer::email> = pqscope::excluded<&customer::email>));
  REQUIRE(kept.id == 1);
  REQUIRE(kept.email == "other");
  REQUIRE(kept.tags == list{"a", "b"});
  customer const replaced = db.upsert(again, on_conflict<&customer::username>().do_update());
  REQUIRE(replaced.id == 1);
  REQUIRE(replaced.tags.empty());
  auto const made = db.upsert(customer{.username = "new", .details = jsonb{"{}"}},
                              on_conflict<&customer::username>().do_nothing());
  REQUIRE(made->id > 3);

  purchase bought = db.get<purchase>(1).value();
  bought.amount = 7;
  REQUIRE(db.upsert(bought).version == 2);
  ensure_usable(db);
}

TEST_CASE("a key of several columns is given in its order") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  db.insert(seat{.row_number = 3, .letter = "B"});
  REQUIRE(db.get<seat>(3, "B"));
  REQUIRE_FALSE(db.get<seat>(3, "C"));
  REQUIRE(db.upsert(seat{.row_number = 3, .letter = "B", .taken = true}).taken);
  REQUIRE(db.count<seat>(col<&seat::taken>) == 1);
  ensure_usable(db);
}

TEST_CASE("a struct without a mapping has the table of its own name") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  db.insert(plain{.id = 4, .name = "stone", .weight = 1.5});
  REQUIRE(db.get<plain>(4)->name == "stone");
  REQUIRE(db.find<plain>(col<&plain::weight> > 1).one().weight == 1.5);
  REQUIRE(db.update<plain>().set(col<&plain::name> = "rock").all_rows().execute() == 1);
  REQUIRE(db.upsert(plain{.id = 4, .name = "pebble"}).name == "pebble");
  ensure_usable(db);
}

TEST_CASE("a mapped struct may have a base, an array and bits beside its columns") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  db.execute("CREATE TABLE tally (id int, number int)");
  counted_tally one;
  one.id = 1;
  one.number = 7;
  db.insert(one);
  REQUIRE(db.get<counted_tally>(1)->number == 7);
  REQUIRE(db.get<counted_tally>(1)->flags == 5);
  REQUIRE(db.select<counted_tally>().all()[0].id == 1);
  ensure_usable(db);
}

TEST_CASE("typed queries run in sessions, transactions and savepoints") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  fill(db);
  pqscope::with_session(db, [](pqscope::session& s) {
    REQUIRE(s.find<customer>(col<&customer::id> == 1).for_update().one().username == "ada");
    s.update<customer>().set(col<&customer::email> = "s").where(col<&customer::id> == 1).defer();
  });
  REQUIRE(db.get<customer>(1)->email == "s");

  pqscope::transaction first{db};
  REQUIRE(first.find<customer>(col<&customer::id> == 1).for_update().one().id == 1);
  pqscope::connection other{tables.db()};
  pqscope::transaction second{other};
  REQUIRE(names(second.select<customer>()
                    .order_by(col<&customer::id>)
                    .for_update(pqscope::skip_locked)
                    .all()) == list{"bob", "Eve"});
  {
    pqscope::savepoint inner{second};
    REQUIRE_THROWS_AS(inner.select<customer>().for_update(pqscope::nowait).all(),
                      pqscope::lock_not_available);
  }
  second.rollback();
  first.rollback();
  ensure_usable(db);
  ensure_usable(other);
}

TEST_CASE("a typed query is one statement in one round trip") {
  shop_tables tables;
  pqscope::testing::recorder watcher;
  pqscope::connection db{tables.db(), {.observer = &watcher}};
  customer const made = db.insert(customer{.username = "ada", .details = jsonb{"{}"}});
  auto const query = db.find<customer>(col<&customer::id>.in({made.id}));
  REQUIRE(query.first());
  REQUIRE(query.count() == 1);
  REQUIRE(query.exists());
  REQUIRE(db.get<customer>(made.id));
  REQUIRE(db.update<customer>().set(col<&customer::email> = "x").all_rows().execute() == 1);
  REQUIRE(db.upsert(made).id == made.id);
  REQUIRE(db.erase<customer>().all_rows().execute() == 1);
  REQUIRE(watcher.round_trips() == 8);
  REQUIRE(watcher.statements().size() == 8);
  REQUIRE(watcher.statements()[1] == query.first_text());
  REQUIRE(watcher.statements()[2] == query.count_text());
  REQUIRE(watcher.statements()[3] == query.exists_text());
  ensure_usable(db);
}

TEST_CASE("a query without a connection can only be looked at") {
  auto const query = pqscope::select<customer>();
  REQUIRE_THROWS_AS(query.all(), pqscope::usage_error);
}

TEST_CASE("an error of a typed query names the caller's line") {
  shop_tables tables;
  pqscope::connection db{tables.db()};
  tables.outside.execute("DROP TABLE " + tables.schema + ".seats");
  try {
    static_cast<void>(db.select<seat>().all());
    FAIL("there is no table");
  } catch (pqscope::undefined_table const& problem) {
    REQUIRE(std::string(problem.where().file_name()).ends_with("queries.cpp"));
    REQUIRE(problem.where().line() == __LINE__ - 4);
  }
  ensure_usable(db);
}
