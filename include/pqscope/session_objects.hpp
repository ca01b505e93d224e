#ifndef PQSCOPE_SESSION_OBJECTS_HPP
#define PQSCOPE_SESSION_OBJECTS_HPP

#include <pqscope/connection/core_types.hpp>
#include <pqscope/connection/rows.hpp>
#include <pqscope/error/stale_row.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/mapping/entity.hpp>
#include <pqscope/mapping/entity_order.hpp>
#include <pqscope/mapping/entity_set.hpp>
#include <pqscope/mapping/entity_statements.hpp>
#include <pqscope/mapping/tracked.hpp>
#include <pqscope/session.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

/// \file
/// The objects of a session: what its member templates do.

namespace pqscope {
namespace detail {

/// Has statements not flush as long as it lives.
class autoflush_pause {
 public:
  explicit autoflush_pause(std::shared_ptr<unit_of_work> unit) noexcept
      : unit_{std::move(unit)}, before_{std::exchange(unit_->autoflush, false)} {}
  autoflush_pause(autoflush_pause const&) = delete;
  autoflush_pause& operator=(autoflush_pause const&) = delete;
  ~autoflush_pause() { unit_->autoflush = before_; }

 private:
  std::shared_ptr<unit_of_work> unit_;
  bool before_;
};

/// Copies the key of the one into the column of the other; false if the server has not made it yet.
template <class Binding>
bool fill_reference(entity_base& child, entity_base const& parent) {
  using carrier = null_carrier_for<value_of<Binding::target>>;
  constexpr column_facts const& target = facts_of_member<Binding::target>;
  auto const& row = static_cast<entity<owner_of<Binding::target>> const&>(parent).value;
  bool const is_null = carrier::is_null(row.*Binding::target);
  if (parent.awaits_key &&
      (target.identity ? !gives_identity(row) : is_null || is_generated(target))) {
    return false;
  }
  if (is_null) {
    throw usage_error("a new object refers to one that has no value in the column it refers to",
                      child.where);
  }
  Binding::get(static_cast<entity<typename Binding::owner>&>(child).value) =
      carrier::value(row.*Binding::target);
  return true;
}

/// The columns that reference the table of `Parent`.
template <class Parent, class... Columns>
consteval auto references_to(column_list<Columns...>) {
  return (std::conditional_t<refers_to<Parent, Columns>(), column_list<Columns>, column_list<>>{} +
          ... + column_list<>{});
}

/// Whether a column of type `To` can hold a value: not a number that is too large for it.
template <class To, class From>
bool fits_into(From const& value) {
  if constexpr (std::is_integral_v<To> && std::is_arithmetic_v<From>) {
    static_assert(std::is_integral_v<From>, "pqscope: get takes whole numbers for a key of such");
    return std::cmp_equal(+static_cast<To>(value), +value);
  } else {
    return true;
  }
}

template <class T, class... Keys, std::size_t... I>
auto make_key(std::index_sequence<I...>, Keys const&... keys) {
  static_assert(
      (std::is_convertible_v<Keys const&, typename nth_binding<T, key_of<T>[I]>::value> && ...),
      "pqscope: get takes the values of the primary key's columns, in their order");
  std::optional key{std::tuple{static_cast<typename nth_binding<T, key_of<T>[I]>::value>(keys)...}};
  if (!(fits_into<non_null_t<typename nth_binding<T, key_of<T>[I]>::value>>(keys) && ...)) {
    key.reset();
  }
  return key;
}

/// Reads the row of a key.
template <class T>
std::optional<T> load_row(connection_core& core, parameter_list const& key,
                          std::source_location const& where) {
  using shape = entity_shape<T>;
  sql_view const text = sql_of<get_text<T>>(where);
  libpq::request request{
      .text = text.text, .parameters = key.view(), .format = libpq::value_format::binary};
  rows<T, shape> const found{core.run(std::move(request), text), where, types_of(core)};
  return found.first();
}

}  // namespace detail

template <class T>
auto& session::objects(std::source_location const& where) {
  if (depth_ > 0) {
    start(where);
  }
  detail::unit_of_work& all = unit();
  detail::entity_set_base* known = all.find(detail::key_of_struct<T>);
  if (known == nullptr) {
    known = &all.add(std::unique_ptr<detail::entity_set_base>{new detail::entity_set<T>{all}});
  }
  return static_cast<detail::entity_set<T>&>(*known);
}

/// The connection, for a statement that nothing is flushed for.
inline detail::connection_core& session::unflushed_core(std::source_location const& where) {
  detail::autoflush_pause const pause{shared_->unit};
  return core_for(where);
}

template <class T>
tracked<T> session::add(T value, std::source_location where) {
  require_usable(where);
  return tracked<T>{objects<T>(where).add(std::move(value), where)};
}

template <class T, class Parent>
tracked<T> session::add(T value, tracked<Parent> const& parent, std::source_location where) {
  using candidates = decltype(detail::references_to<Parent>(detail::columns_of<T>{}));
  static_assert(candidates::size > 0,
                "pqscope: no column of the new object's struct references the other struct");
  static_assert(candidates::size < 2,
                "pqscope: several columns of the new object's struct reference the other struct: "
                "add the object, and say which by refer<&child::column>");
  using binding = typename detail::nth_column<0, candidates>::type;
  tracked<T> added = add(std::move(value), where);
  refer<binding::pointer>(added, parent, where);
  return added;
}

template <auto Member, class T, class Parent>
void session::refer(tracked<T> const& child, tracked<Parent> const& parent,
                    std::source_location where) {
  using binding = detail::nth_binding<T, detail::column_of<Member>>;
  static_assert(binding::references,
                "pqscope: the column does not reference another struct: give it references<>() in "
                "the mapping");
  static_assert(std::is_same_v<detail::owner_of<binding::target>, Parent>,
                "pqscope: the column references another struct than the object's");
  require_usable(where);
  child.checked();
  parent.checked();
  if (child.state_->status != detail::entity_status::pending) {
    throw usage_error("only a new object can be made to refer to another one: assign the key",
                      where);
  }
  if (parent.state_->unit == nullptr) {
    objects<Parent>(where).welcome(parent.state_, where);
  }
  child.state_->links.push_back({parent.state_, detail::fill_reference<binding>});
}

template <class T, class... Keys>
  requires(sizeof...(Keys) > 0)
tracked<T> session::get(Keys const&... keys) {
  static_assert(detail::key_of<T>.size() == sizeof...(Keys),
                "pqscope: get takes as many values as the table's primary key has columns");
  std::source_location const where = where_;
  require_usable(where);
  auto const key = detail::make_key<T>(std::make_index_sequence<sizeof...(Keys)>{}, keys...);
  if (!key) {
    return {};  // no row has it
  }
  auto& set = objects<T>(where);
  auto const text =
      std::apply([](auto const&... each) { return detail::key_text_for(each...); }, *key);
  if (auto const known = set.find(text)) {
    return known->status == detail::entity_status::doomed ? tracked<T>{} : tracked<T>{known};
  }
  parameter_list bound;
  std::apply([&](auto const&... each) { (bound.add(each, where), ...); }, *key);
  detail::connection_core& core = unflushed_core(where);
  std::optional<T> row = detail::load_row<T>(core, bound, where);
  return row ? tracked<T>{set.attach(std::move(*row))} : tracked<T>{};
}

template <class T>
tracked<T> session::track(T value, std::source_location where) {
  require_usable(where);
  return tracked<T>{objects<T>(where).attach(std::move(value))};
}

template <class T>
void session::remove(tracked<T> const& object, std::source_location where) {
  require_usable(where);
  object.checked();
  objects<T>(where).welcome(object.state_, where);
  objects<T>(where).remove(object.state_, where);
}

template <class T>
void session::refresh(tracked<T> const& object, std::source_location where) {
  require_usable(where);
  object.checked();
  auto& set = objects<T>(where);
  set.welcome(object.state_, where);
  if (object.state_->status == detail::entity_status::pending) {
    throw usage_error("the object is new: it has no row yet", where);
  }
  detail::connection_core& core = unflushed_core(where);
  if (object.state_->awaits_key) {
    unit().send(core, where);
  }
  parameter_list key;
  detail::entity_set<T>::add_key(key, object.state_->loaded);
  std::optional<T> row = detail::load_row<T>(core, key, where);
  if (!row) {
    throw stale_row(detail::table_of<T>.name, where);
  }
  set.reload(object.state_, std::move(*row));
}

inline auto session::no_autoflush() {
  unit();
  return detail::autoflush_pause{shared_->unit};
}

}  // namespace pqscope

#endif
