// What transactions change, told to somebody else: logical replication.

#include <pqscope/pqscope.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using pqscope::replication_kind;

// [row]
struct product {
  std::int64_t id;
  std::string name;
  std::optional<int> stock;
};
// [row]

void print(pqscope::config const& config) {
  // [loop]
  pqscope::replication_stream changes{config, {.slot = "docs_slot", .publication = "docs_shop"}};
  for (auto const& change : changes) {
    switch (change.kind) {
      case replication_kind::insert:
      case replication_kind::update: {
        auto const now = change.as<product>();
        std::cout << change.relation().name << ' ' << now.id << ": " << now.name << ", "
                  << now.stock.value_or(0) << " left\n";
        break;
      }
      case replication_kind::delete_:
        std::cout << change.old_row().get<std::int64_t>("id") << " is gone\n";
        break;
      case replication_kind::commit:
        std::cout << "--\n";
        break;
      case replication_kind::truncate:
        changes.stop();  // the loop ends here
        break;
      default:
        break;
    }
    changes.confirm(change.lsn);
  }
  // [loop]
}

// [cache]
/// A copy of the table that is never half a transaction ahead.
class cache {
 public:
  /// Takes in what has come, without waiting for more than a moment.
  void refresh(pqscope::replication_stream& changes) {
    while (auto const change = changes.wait_for(100ms)) {
      switch (change->kind) {
        case replication_kind::begin:
          next_ = products_;  // what is left of a transaction that came in part is dropped
          break;
        case replication_kind::insert:
        case replication_kind::update:
          next_[change->as<product>().id] = change->as<product>().name;
          break;
        case replication_kind::delete_:
          next_.erase(change->old_row().get<std::int64_t>("id"));
          break;
        case replication_kind::commit:
          products_ = std::exchange(next_, {});
          changes.confirm(change->lsn);
          break;
        default:
          break;
      }
    }
  }
  std::size_t size() const { return products_.size(); }

 private:
  std::map<std::int64_t, std::string> products_;
  std::map<std::int64_t, std::string> next_;
};
// [cache]

}  // namespace

int main() {
  auto const config = pqscope::config::from_env({.url_variable = "DATABASE_URL"});
  pqscope::connection conn{config};
  conn.execute("CREATE TABLE docs_product (id bigint PRIMARY KEY, name text NOT NULL, stock int)");
  // [slot]
  conn.execute("CREATE PUBLICATION docs_shop FOR TABLE docs_product");
  pqscope::create_replication_slot(conn, "docs_slot");
  // [slot]

  pqscope::with_session(conn, [](pqscope::session& s) {
    s.execute("INSERT INTO docs_product VALUES (1, 'lamp', 3), (2, 'chair', NULL)");
    s.execute("UPDATE docs_product SET stock = stock - 1 WHERE id = 1");
  });
  conn.execute("DELETE FROM docs_product WHERE id = 2");
  conn.execute("TRUNCATE docs_product");
  print(config);

  {
    pqscope::replication_stream changes{config, {.slot = "docs_slot", .publication = "docs_shop"}};
    cache shop;
    conn.execute(
        "INSERT INTO docs_product SELECT g, 'no ' || g, g FROM generate_series(1, 5) AS g");
    while (shop.size() < 5) {
      shop.refresh(changes);
    }
    std::cout << shop.size() << " products, confirmed: " << (changes.confirmed() > pqscope::lsn{})
              << '\n';
  }

  pqscope::drop_replication_slot(conn, "docs_slot");
  conn.execute("DROP PUBLICATION docs_shop");
  conn.execute("DROP TABLE docs_product");
}
