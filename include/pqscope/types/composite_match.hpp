#ifndef PQSCOPE_TYPES_COMPOSITE_MATCH_HPP
#define PQSCOPE_TYPES_COMPOSITE_MATCH_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/record.hpp>
#include <pqscope/types/user_type.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace pqscope::detail {

/// How one field of a struct or tuple looks that is read from a composite type.
struct part_shape {
  std::string_view name;                                    ///< the member's name; empty in a tuple
  std::string_view type_name;                               ///< what the C++ type is in PostgreSQL
  bool (*accepts)(oid_t, type_table const*, std::string*);  ///< which types it can be read from
};

/// Whether a type is a composite of these fields, in number, names and types. `why` may be null;
/// the first fault goes there.
inline bool matches_composite(user_type const& known, type_table const& all,
                              std::span<part_shape const> fields, std::string* why) {
  if (known.kind != type_kind::composite) {
    return false;
  }
  auto const& attributes = known.attributes;
  if (attributes.size() != fields.size()) {
    if (why != nullptr) {
      *why = "it has " + std::to_string(attributes.size()) + " attributes, the C++ type has " +
             std::to_string(fields.size()) + " fields";
    }
    return false;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    type_attribute const& attribute = attributes[i];
    bool const same_name = fields[i].name.empty() || fields[i].name == attribute.name;
    if (same_name && fields[i].accepts(attribute.type, &all, why)) {
      continue;
    }
    if (why != nullptr) {
      std::string fault =
          "its attribute " + std::to_string(i + 1) + ", \"" + attribute.name + "\",";
      if (!same_name) {
        fault += " is the field \"" + std::string(fields[i].name) + "\" of the C++ type";
      } else {
        fault += " is " + all.name_of(attribute.type) + ", which cannot be read as " +
                 std::string(fields[i].type_name) + (why->empty() ? "" : ": ") + *why;
      }
      *why = std::move(fault);
    }
    return false;
  }
  return true;
}

template <class T, std::size_t I>
constexpr std::string_view part_name() noexcept {
  if constexpr (record<T>) {
    return field_name<T, I>;
  } else {
    return {};
  }
}

/// The fields of `T`, a struct or `std::tuple`, whose types are `Fields`.
template <class T, class... Fields, std::size_t... I>
std::array<part_shape, sizeof...(Fields)> part_shapes(std::tuple<Fields...> const*,
                                                      std::index_sequence<I...>) noexcept {
  return {part_shape{part_name<T, I>(), codec_for<non_null_t<Fields>>::name,
                     &codec_accepts<codec_for<non_null_t<Fields>>>}...};
}

/// Whether `T`, whose fields have the types that `Types` lists, can be read from a composite type.
template <class T, class Types>
bool accepts_composite(user_type const& known, type_table const& all, std::string* why) {
  Types const* const types = nullptr;
  auto const shapes = part_shapes<T>(types, std::make_index_sequence<std::tuple_size_v<Types>>{});
  return matches_composite(known, all, shapes, why);
}

}  // namespace pqscope::detail

#endif
