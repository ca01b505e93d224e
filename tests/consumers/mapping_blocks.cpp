// What the documentation promises of moving data and of mapping, as users write it: every block
// compiles and does what its comment says.
//
// Needs nothing but the headers and libpq. Usage: mapping_blocks URL

#include <unistd.h>
#include <pqscope/pqscope.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#define REQUIRE(...) \
  static_cast<void>((__VA_ARGS__) ? 0 : throw std::runtime_error("not so: " #__VA_ARGS__))

// clang-format off
struct user { std::int64_t id{}; std::string username; std::optional<std::string> email; std::vector<float> embedding; };
template <> inline constexpr auto pqscope::mapping<user> = pqscope::table("users",
    pqscope::column<&user::id>().primary_key().identity(),
    pqscope::column<&user::username>().varchar(50).unique(),
    pqscope::column<&user::email>(),
    pqscope::column<&user::embedding>());  // .vector(3) where pgvector is
// clang-format on

struct product {
  std::int64_t id{};
  std::string name;
};

namespace {

using pqscope::col;
using pqscope::desc;

void mapping(pqscope::config const& db) {
  // clang-format off
pqscope::with_session(db, [](auto& s) { pqscope::create_all<user, product>(s); });
pqscope::with_session(db, [](pqscope::session& s) {
s.add(user{.username = "ada", .email = {}, .embedding = {1, 2, 3}});   // INSERT at flush; the generated id comes back
auto u = s.find<user>(pqscope::col<&user::username> == "ada").first();
auto v = s.select<user>().where(col<&user::id> > 0 && col<&user::email>.is_null()).order_by(desc(col<&user::id>)).limit(5).all();
auto t = s.get<user>(u->id); t->username = "eve";            // tracked: flush sends only the changed columns
s.flush(); s.upsert(product{.id = 1, .name = "engine"}); s.refresh(t);
REQUIRE(v.size() == 1 && t->username == "eve" && t->embedding.size() == 3);
s.remove(t);
});
  // clang-format on
  pqscope::with_session(db, [](pqscope::session& s) {
    REQUIRE(s.count<user>() == 0);
    REQUIRE(s.get<product>(1)->name == "engine");
    REQUIRE(pqscope::compare_schema<user, product>(s).empty());
  });
  pqscope::with_session(db, [](auto& s) { pqscope::drop_all<user, product>(s); });
}

inline constexpr pqscope::statement<std::tuple<std::int64_t, std::string>(std::int64_t)> by_id{
    "SELECT id, name FROM t WHERE id = $1"};

void statements(pqscope::connection& conn) {
  pqscope::verify(conn, by_id);
  auto const [id, name] = conn.query(by_id, 1).one();
  REQUIRE(id == 1 && name == "one");
}

void moving(pqscope::config const& db) {
  std::vector<std::tuple<std::int64_t, std::string>> const records{{1, "one"}, {2, "two"}};
  std::ostringstream csv;
  std::size_t seen = 0;
  pqscope::with_session(db, [&](pqscope::session& s) {
    // clang-format off
for (auto [id, name] : s.stream<std::int64_t, std::string_view>("SELECT id, name FROM t WHERE id > $1", 5)) { REQUIRE(id == 0 || name.empty()); }
auto cur = s.cursor<product>("SELECT id, name FROM t ORDER BY id", {.fetch = 1000, .scrollable = true, .with_hold = false});
for (auto const& each : cur) { seen += each.name.size(); }
s.execute_many("INSERT INTO t (id, name) VALUES ($1, $2)", records);
auto n = s.copy_in("t", {"id", "name"}, records, {.on_progress = [](auto const&) {}});
for (auto [a, b] : s.copy_out<std::int64_t, std::string>("SELECT id, name FROM t")) { seen += static_cast<std::size_t>(a) + b.size(); }
s.copy_out_csv("SELECT id, name FROM t ORDER BY id", csv);
std::istringstream back{csv.str()}; s.copy_in_csv("t", back);
auto [a, b] = s.pipeline([](auto& p) { return std::tuple{p.template query<int>("SELECT 1"), p.execute("DELETE FROM t WHERE id = 2")}; });
    // clang-format on
    REQUIRE(n == 2 && a.one() == 1 && b.affected_rows() == 4);
    s.defer("DELETE FROM t WHERE id = $1", 3);
  });
  REQUIRE(seen > 0);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    return 2;
  }
  try {
    std::string const schema = "mapping_blocks_" + std::to_string(::getpid());
    auto const db =
        pqscope::config::from_url(arguments[1]).with("options", "-c search_path=" + schema);
    pqscope::connection conn{db};
    conn.execute(pqscope::compose("CREATE SCHEMA {}", pqscope::identifier{schema}));
    conn.execute("CREATE TABLE t (id bigint NOT NULL, name text NOT NULL)");
    moving(db);
    conn.execute("DELETE FROM t");
    conn.execute("INSERT INTO t VALUES (1, 'one')");
    statements(conn);
    mapping(db);
    conn.execute(pqscope::compose("DROP SCHEMA {} CASCADE", pqscope::identifier{schema}));
    return 0;
  } catch (std::exception const& problem) {
    std::fputs(problem.what(), stderr);
    return 1;
  }
}
