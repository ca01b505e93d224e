#ifndef PQSCOPE_MAPPING_ENTITY_COLUMN_HPP
#define PQSCOPE_MAPPING_ENTITY_COLUMN_HPP

#include <pqscope/mapping/tracked.hpp>
#include <pqscope/types/array_wire.hpp>
#include <pqscope/types/array_writer.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/optional.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace pqscope {
namespace detail {

/// One column of objects: a parameter that is an array, made without a copy of the values.
///
/// Its constructor keeps the compiler from looking for the fields of a record.
template <class T, class Binding>
struct entity_column {
  explicit entity_column(std::vector<std::shared_ptr<entity<T>>> const& of) noexcept
      : objects(of) {}
  std::vector<std::shared_ptr<entity<T>>> const& objects;
};

}  // namespace detail

/// A column of objects is written as a vector of its values would be, in binary.
template <class T, class Binding>
struct codec<detail::entity_column<T, Binding>> {
  static constexpr oid_t type =
      codec_for<non_null_t<typename Binding::value>>::array_type;  ///< an array
  static constexpr oid_t array_type = type;                        ///< it is one itself
  static constexpr oid_t parameter_type = type;                    ///< declared
  static constexpr bool text_parameter = false;                    ///< binary

  /// The value of each object, in their order.
  static void encode(detail::entity_column<T, Binding> const& column, encoder& out) {
    bool has_nulls = false;
    for (auto const& each : column.objects) {
      has_nulls = has_nulls || carrier::is_null(Binding::get(each->value));
    }
    detail::put_array_head({column.objects.size()}, 1, has_nulls, element::type, out);
    for (auto const& each : column.objects) {
      detail::put_array_element<value_type>(Binding::get(each->value), out);
    }
  }

 private:
  using value_type = typename Binding::value;
  using carrier = detail::null_carrier_for<value_type>;
  using element = codec_for<non_null_t<value_type>>;
};

}  // namespace pqscope

#endif
