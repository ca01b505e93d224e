#ifndef PQSCOPE_MAPPING_QUERIES_HPP
#define PQSCOPE_MAPPING_QUERIES_HPP

#include <pqscope/connection/statements.hpp>
#include <pqscope/mapping/change.hpp>
#include <pqscope/mapping/get.hpp>
#include <pqscope/mapping/insertion.hpp>
#include <pqscope/mapping/select.hpp>

#include <source_location>
#include <utility>

/// \file
/// Typed queries of mapped structs, as members of every scope; see `mapped_statements`.

namespace pqscope::detail {

template <class T>
struct typed_queries {
  static auto select(auto& scope) { return select_from<T>(executor::of(scope)); }
  static auto update(auto& scope) { return update_of<T>(executor::of(scope)); }
  static auto erase(auto& scope) { return erase_of<T>(executor::of(scope)); }
  template <class... Key>
  static auto get(auto& scope, std::source_location const& at, Key const&... key) {
    return get_row<T>(executor::of(scope), at, key...);
  }
  static T insert(auto& scope, std::source_location const& at, T row) {
    return pqscope::insert(std::move(row)).run(executor::of(scope), at);
  }
  template <class... Conflict>
  static auto upsert(auto& scope, std::source_location const& at, T row, Conflict... conflict) {
    return pqscope::upsert(std::move(row), std::move(conflict)...).run(executor::of(scope), at);
  }
};

}  // namespace pqscope::detail

#endif
