#ifndef PQSCOPE_MAPPING_ENTITY_ORDER_HPP
#define PQSCOPE_MAPPING_ENTITY_ORDER_HPP

#include <pqscope/mapping/entity_index.hpp>
#include <pqscope/mapping/reflect.hpp>
#include <pqscope/mapping/tracked.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// Whether a column refers to one of the table of `T`.
template <class T, class Binding>
consteval bool refers_to() {
  if constexpr (Binding::references) {
    return std::is_same_v<owner_of<Binding::target>, T>;
  } else {
    return false;
  }
}
template <class T, class... Columns>
consteval bool has_self_reference(column_list<Columns...>) {
  return (refers_to<T, Columns>() || ...);
}
/// Whether rows of the table of `T` refer to others of it.
template <class T>
inline constexpr bool refers_to_itself = has_self_reference<T>(columns_of<T>{});

/// For each object the numbers of those that its columns refer to, as far as they are among them.
/// `Value` is `&entity<T>::value` or `&entity<T>::loaded`.
template <auto Value, class T>
std::vector<std::vector<std::size_t>> list_parents(
    std::vector<std::shared_ptr<entity<T>>> const& objects) {
  std::vector<std::vector<std::size_t>> parents(objects.size());
  for_each_column<T>([&]<class Binding>(column_facts const&, Binding) {
    if constexpr (refers_to<T, Binding>()) {
      std::map<std::string, std::size_t> known;
      for (std::size_t i = 0; i < objects.size(); ++i) {
        known.emplace(key_text_for((*objects[i]).*Value.*Binding::target), i);
      }
      for (std::size_t i = 0; i < objects.size(); ++i) {
        auto const parent = known.find(key_text_for(Binding::get((*objects[i]).*Value)));
        if (parent != known.end() && parent->second != i) {
          parents[i].push_back(parent->second);
        }
      }
    }
  });
  return parents;
}

/// The order in which each comes behind its parents, and else as it is; in a circle the first of it
/// comes last.
///
/// A template so that only programs with such structs compile it.
template <class = void>
std::vector<std::size_t> behind_parents(std::vector<std::vector<std::size_t>> const& parents) {
  std::vector<std::size_t> order;
  std::vector<std::size_t> path;  // from one whose turn it is to the parents it waits for
  std::vector<bool> seen(parents.size());
  for (std::size_t i = 0; i < parents.size(); ++i) {
    if (!seen[i]) {
      seen[i] = true;
      path.push_back(i);
    }
    while (!path.empty()) {
      std::size_t const last = path.back();
      for (std::size_t const parent : parents[last]) {
        if (!seen[parent]) {
          seen[parent] = true;
          path.push_back(parent);
          break;
        }
      }
      if (path.back() == last) {
        order.push_back(last);
        path.pop_back();
      }
    }
  }
  return order;
}

/// Brings objects behind those of them that they refer to.
template <auto Value, class T>
void sort_parents_first(std::vector<std::shared_ptr<entity<T>>>& objects) {
  if constexpr (refers_to_itself<T>) {
    if (objects.size() > 1) {
      std::vector<std::shared_ptr<entity<T>>> sorted;
      for (std::size_t const each : behind_parents(list_parents<Value>(objects))) {
        sorted.push_back(std::move(objects[each]));
      }
      objects = std::move(sorted);
    }
  }
}
/// Brings objects ahead of those of them that they refer to.
template <auto Value, class T>
void sort_children_first(std::vector<std::shared_ptr<entity<T>>>& objects) {
  if constexpr (refers_to_itself<T>) {
    std::vector<std::shared_ptr<entity<T>>> turned{objects.rbegin(), objects.rend()};
    sort_parents_first<Value>(turned);
    objects.assign(turned.rbegin(), turned.rend());
  }
}

}  // namespace pqscope::detail

#endif
