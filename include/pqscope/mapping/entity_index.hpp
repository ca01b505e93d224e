#ifndef PQSCOPE_MAPPING_ENTITY_INDEX_HPP
#define PQSCOPE_MAPPING_ENTITY_INDEX_HPP

#include <pqscope/mapping/entity_statements.hpp>
#include <pqscope/mapping/reflect.hpp>
#include <pqscope/mapping/tracked.hpp>
#include <pqscope/types/bind_value.hpp>
#include <pqscope/types/encoder.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// Appends the bytes of a value, told apart from those of the next one.
inline void add_key_text(std::string& text, bound_value const& value, encoder const& bytes) {
  bool const is_borrowed = value.offset == bound_value::borrowed;
  char const* const data = is_borrowed ? value.data : bytes.data() + value.offset;
  std::size_t const size = data == nullptr     ? 0
                           : value.format == 1 ? static_cast<std::size_t>(value.size)
                                               : std::string_view{data}.size();
  text += std::to_string(size);
  text += data == nullptr ? '-' : ':';
  text.append(data == nullptr ? "" : data, size);
}

/// What tells values from others: those of a primary key, a row from other rows.
template <class... Values>
std::string key_text_for(Values const&... values) {
  std::string text;
  encoder bytes;
  (add_key_text(text, bind_value(values, bytes, 1, {}), bytes), ...);
  return text;
}

template <class T, std::size_t... I>
std::string key_text(T const& value, std::index_sequence<I...>) {
  static_assert(sizeof...(I) > 0,
                "pqscope: objects of a struct can be tracked only if its table has a primary key");
  return key_text_for(nth_binding<T, key_of<T>[I]>::get(value)...);
}
/// What tells the row of an object from others.
template <class T>
std::string key_text(T const& value) {
  return key_text(value, std::make_index_sequence<key_of<T>.size()>{});
}

/// The objects of a session that have rows, by the keys of what was loaded.
///
/// Those that are added are put in order when one is looked for: a session that only adds objects
/// pays nothing for it. Rows that come in the order of their keys, as they mostly do, are not
/// searched for among the others.
template <class T>
class entity_index {
  using object = std::shared_ptr<entity<T>>;

 public:
  /// Takes an object in, in place of one of the same key.
  void add(object one) { added_.push_back(std::move(one)); }
  /// The same for some.
  void add(std::vector<object> some) {
    if (added_.empty()) {
      added_ = std::move(some);
      return;
    }
    for (object& each : some) {
      added_.push_back(std::move(each));
    }
  }
  /// The same where there is none of its key.
  void add(std::string key, object one) {
    sort_in();
    ordered_.emplace_hint(ordered_.end(), std::move(key), std::move(one));
  }
  /// The object of a key; null where there is none.
  object find(std::string const& key) const {
    sort_in();
    if (ordered_.empty() || (--ordered_.end())->first < key) {
      return nullptr;
    }
    auto const found = ordered_.find(key);
    return found == ordered_.end() ? nullptr : std::static_pointer_cast<entity<T>>(found->second);
  }
  void erase(std::string const& key) {
    sort_in();
    ordered_.erase(key);
  }
  void clear() noexcept {
    added_.clear();
    ordered_.clear();
  }

 private:
  void sort_in() const {
    for (object const& each : added_) {
      ordered_.insert_or_assign(ordered_.end(), key_text(each->loaded), each);
    }
    added_.clear();
  }

  mutable std::vector<object> added_;
  mutable std::map<std::string, std::shared_ptr<entity_base>> ordered_;  // of one type for all T
};

}  // namespace pqscope::detail

#endif
