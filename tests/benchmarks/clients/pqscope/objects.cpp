// W5: mapped objects, added and read back.

#include "../objects.hpp"

#include <pqscope/pqscope.hpp>

namespace {

/// A row of `bench_objects`.
struct item {
  std::int64_t id;
  std::string name;
  double score;
  bench::time_point at;
};

}  // namespace

template <>
inline constexpr auto pqscope::mapping<item> = pqscope::table(
    "bench_objects", pqscope::column<&item::id>().primary_key().identity(),
    pqscope::column<&item::name>(), pqscope::column<&item::score>(), pqscope::column<&item::at>());
template <>
inline constexpr auto pqscope::mapping<bench::row> =
    pqscope::table("bench_rows", pqscope::column<&bench::row::id>().primary_key(),
                   pqscope::column<&bench::row::name>(), pqscope::column<&bench::row::score>(),
                   pqscope::column<&bench::row::at>());

namespace {

void add(bench::task& todo) {
  pqscope::engine db{pqscope::config{}};
  bench::add_objects<item>(todo, [&](std::vector<item> items) {
    std::vector<pqscope::tracked<item>> added;
    added.reserve(items.size());
    pqscope::with_session(db, [&](pqscope::session& s) {
      for (item& each : items) {
        added.push_back(s.add(std::move(each)));
      }
    });
    std::uint64_t sum = 0;
    for (pqscope::tracked<item> const& each : added) {
      sum += bench::digest(*each);
    }
    return sum;
  });
}

void select_all(bench::task& todo) {
  pqscope::connection on{pqscope::config{}};
  bench::load_objects(todo, [&](std::size_t count) {
    return bench::digest_all(on.select<bench::row>().limit(static_cast<std::int64_t>(count)).all());
  });
}

void select_tracked(bench::task& todo) {
  pqscope::engine db{pqscope::config{}};
  bench::load_objects(todo, [&](std::size_t count) {
    std::vector<pqscope::tracked<bench::row>> objects;
    objects.reserve(count);
    pqscope::with_session(db, [&](pqscope::session& s) {
      auto const found = s.select<bench::row>().limit(static_cast<std::int64_t>(count)).rows();
      for (bench::row each : found) {
        objects.push_back(s.track(std::move(each)));
      }
    });
    std::uint64_t sum = 0;
    for (pqscope::tracked<bench::row> const& each : objects) {
      sum += bench::digest(*each);
    }
    return sum;
  });
}

bench::variant const variants[] = {
    {"w5_add", add},
    {"w5_load", select_all},
    {"w5_tracked", select_tracked},
};

}  // namespace
