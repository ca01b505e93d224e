#ifndef PQSCOPE_TESTS_BENCHMARKS_OBJECTS_HPP
#define PQSCOPE_TESTS_BENCHMARKS_OBJECTS_HPP

// W5: objects in units of work of ten thousand.

#include "bench.hpp"

namespace bench {

inline constexpr std::size_t objects_at_once = 10'000;

/// New objects, whose ids the server makes: they are in the order of the rows.
template <class Object>
std::vector<Object> make_objects(std::size_t first, std::size_t count) {
  std::vector<Object> made;
  made.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    row each = make_row(static_cast<std::int64_t>(first + i));
    made.push_back({.id = 0, .name = std::move(each.name), .score = each.score, .at = each.at});
  }
  return made;
}

/// Calls `add(objects)` once to warm up, and until there are enough; it answers their checksum with
/// the ids they have got.
template <class Object, class Add>
void add_objects(task& todo, Add const& add) {
  add(make_objects<Object>(1, todo.warm_up));
  std::size_t const at_once = std::min(objects_at_once, todo.count);
  std::vector<std::vector<Object>> batches;
  for (std::size_t done = 0; done < todo.count; done += at_once) {
    batches.push_back(
        make_objects<Object>(todo.warm_up + done + 1, std::min(at_once, todo.count - done)));
  }
  todo.start();
  for (auto& each : batches) {
    todo.checksum += add(std::move(each));
  }
  todo.stop();
}

/// Calls `load(count)` once to warm up, and until there were enough; it answers their checksum.
template <class Load>
void load_objects(task& todo, Load const& load) {
  load(todo.warm_up);
  std::size_t const at_once = std::min(objects_at_once, todo.count);
  todo.start();
  for (std::size_t done = 0; done < todo.count; done += at_once) {
    todo.checksum += load(std::min(at_once, todo.count - done));
  }
  todo.stop();
}

/// The checksum of a range of objects.
template <class Objects>
std::uint64_t digest_all(Objects const& objects) {
  std::uint64_t sum = 0;
  for (auto const& each : objects) {
    sum += digest(each);
  }
  return sum;
}

}  // namespace bench

#endif
