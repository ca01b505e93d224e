#ifndef PQSCOPE_TYPES_PARAMETER_LIST_HPP
#define PQSCOPE_TYPES_PARAMETER_LIST_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/parameters.hpp>
#include <pqscope/types/bind_value.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/oid.hpp>

#include <cstddef>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope {

/// Values bound for the placeholders of a statement that is made at run time, as many as needed.
///
/// All values are copied when added. Movable, not copyable; a moved-from list can only be assigned
/// to or destroyed. Adding takes amortized constant time.
class parameter_list {
 public:
  /// An empty list.
  parameter_list() : bytes_(std::make_unique<encoder>()) {}

  /// Binds `value` to the next placeholder; NULL is written as for `parameter_pack`.
  ///
  /// Throws `usage_error`, naming the placeholder, for a value PostgreSQL cannot hold and for the
  /// 65536th value: a statement takes at most 65535. The list is then as it was before.
  template <class T>
  parameter_list& add(T const& value,
                      std::source_location where = std::source_location::current()) {
    require_room(1, where);
    push(detail::bind_value(value, *bytes_, size() + 1, where));
    return *this;
  }

  /// Binds each element of `values`, in order, to the next placeholders.
  ///
  /// Throws as `add` does; the elements before the one at fault stay. Too many are refused before
  /// the first is bound where the range knows its size.
  template <class Range>
  parameter_list& add_all(Range const& values,
                          std::source_location where = std::source_location::current()) {
    if constexpr (requires { values.size(); }) {
      require_room(static_cast<std::size_t>(values.size()), where);
    }
    for (auto const& value : values) {
      add(value, where);
    }
    return *this;
  }

  /// Number of values.
  std::size_t size() const noexcept { return types_.size(); }

  /// What libpq is given; holds until the list is changed or destroyed.
  libpq::parameters view() const noexcept {
    return {static_cast<int>(size()), types_.data(), values_.data(), lengths_.data(),
            formats_.data()};
  }

 private:
  // Templates so that only programs that use a list compile them.
  template <class = void>
  void require_room(std::size_t more, std::source_location const& where) const {
    if (more > max_parameters - size()) {
      throw usage_error("a statement takes at most 65535 parameters; this one would have " +
                            std::to_string(size() + more),
                        where);
    }
  }

  template <class = void>
  void push(detail::bound_value bound) {
    if (bound.data != nullptr) {
      copy_borrowed(bound);
    }
    types_.push_back(bound.type);
    values_.push_back(nullptr);
    lengths_.push_back(bound.size);
    formats_.push_back(bound.format);
    offsets_.push_back(bound.offset);
    bool const moved = base_ != bytes_->data();
    base_ = bytes_->data();
    for (std::size_t i = moved ? 0 : size() - 1; i < size(); ++i) {
      values_[i] = offsets_[i] == detail::bound_value::borrowed ? nullptr : base_ + offsets_[i];
    }
  }

  void copy_borrowed(detail::bound_value& bound) {
    bound.offset = bytes_->size();
    if (bound.format == 1) {
      bytes_->append(std::string_view(bound.data, static_cast<std::size_t>(bound.size)));
    } else {
      bytes_->append(std::string_view(bound.data));
      bytes_->put_byte('\0');
    }
  }

  std::vector<oid_t> types_;
  std::vector<char const*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<std::size_t> offsets_;
  std::unique_ptr<encoder> bytes_;
  char const* base_ = nullptr;
};

}  // namespace pqscope

#endif
