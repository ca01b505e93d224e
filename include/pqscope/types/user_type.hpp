#ifndef PQSCOPE_TYPES_USER_TYPE_HPP
#define PQSCOPE_TYPES_USER_TYPE_HPP

#include <pqscope/types/oid.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

/// What a type is made as.
enum class type_kind : unsigned char {
  base,         ///< a type of its own, as extensions make them
  array,        ///< an array
  composite,    ///< a composite type, or the row of a table
  domain,       ///< a domain
  enumeration,  ///< an enum
  range,        ///< a range
  multirange,   ///< a multirange
  pseudo,       ///< a pseudo-type
};

/// An attribute of a composite type.
struct type_attribute {
  std::string name;  ///< as the database has it, not quoted
  oid_t type = 0;    ///< of its values; a domain's own OID
};

/// What a database says of a type that was made by users or an extension.
struct user_type {
  oid_t type = 0;                    ///< its OID, in this database alone
  std::string name;                  ///< as SQL has it: quoted, and qualified, if need be
  type_kind kind = type_kind::base;  ///< what it is
  std::string send;                  ///< the function in C that writes its binary format
  oid_t element = 0;                 ///< an array's elements, a range's bounds, a multirange's
                                     ///< ranges, the type below a domain; else 0
  std::vector<type_attribute> attributes{};  ///< of a composite, without those that were dropped
};

/// What is known of the types that users made in one database, by their OIDs.
///
/// Any number of threads may read it. Looking up takes logarithmic time.
class type_table {
 public:
  /// Knows nothing.
  type_table() = default;

  /// The type, null where it is not known. Lives until the table is changed.
  user_type const* find(oid_t type) const noexcept {
    std::size_t const at = place_of(type);
    return at < types_.size() && types_[at].type == type ? &types_[at] : nullptr;
  }
  /// What lies below a domain, which may be a domain as well; any other type is itself.
  oid_t below_domains(oid_t type) const noexcept {
    for (int depth = 0; type >= oid::first_unfixed && depth < 64; ++depth) {
      user_type const* const known = find(type);
      if (known == nullptr || known->kind != type_kind::domain) {
        break;
      }
      type = known->element;
    }
    return type;
  }
  /// The type's name in messages; "type with OID n" where it is not known.
  std::string name_of(oid_t type) const {
    user_type const* const known = find(type);
    return known != nullptr ? known->name : type_name(type);
  }
  /// Number of types.
  std::size_t size() const noexcept { return types_.size(); }

  /// Takes a type in, in place of what was known of that OID.
  void put(user_type type) {
    std::size_t const at = place_of(type.type);
    if (at < types_.size() && types_[at].type == type.type) {
      types_[at] = std::move(type);
    } else {
      types_.push_back(std::move(type));
      for (std::size_t i = types_.size() - 1; i > at; --i) {
        std::swap(types_[i], types_[i - 1]);
      }
    }
  }

 private:
  /// Of the first type whose OID is not less.
  std::size_t place_of(oid_t type) const noexcept {
    std::size_t low = 0;
    for (std::size_t high = types_.size(); low < high;) {
      std::size_t const middle = low + (high - low) / 2;
      if (types_[middle].type < type) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  std::vector<user_type> types_;
};

namespace detail {

/// As `type_table`'s, where there may be none.
inline oid_t below_domains(oid_t type, type_table const* types) noexcept {
  return type >= oid::first_unfixed && types != nullptr ? types->below_domains(type) : type;
}
inline std::string name_of(oid_t type, type_table const* types) {
  return types != nullptr ? types->name_of(type) : type_name(type);
}

/// Whether the binary format of a type is its text.
inline bool sends_text(user_type const& known) noexcept {
  return known.send == "textsend" || known.send == "enum_send" || known.send == "varcharsend" ||
         known.send == "bpcharsend";
}

/// Whether a type that an extension made has the binary format that `name` does there.
inline bool sends_as(user_type const& known, std::string_view name) noexcept {
  std::string_view const send = known.send;
  return known.kind == type_kind::base && send.size() == name.size() + 5 &&
         send.starts_with(name) && send.ends_with("_send");
}

/// Says that it is the elements of an array that something was said of. False.
inline bool blame_elements(std::string* why) {
  if (why != nullptr && !why->empty()) {
    why->insert(0, "its elements do not fit: ");
  }
  return false;
}

/// Whether a codec says itself which types made by users it takes.
template <class Codec>
concept accepts_known = requires(user_type const& known, type_table const& all, std::string* why) {
  Codec::accepts(known, all, why);
};

/// Whether a codec takes a type, where `types`, which may be null, tells of types made by users.
/// `why`, if any, is told more where it does not.
template <class Codec>
bool codec_accepts(oid_t type, type_table const* types, std::string* why = nullptr) {
  if (type < oid::first_unfixed || types == nullptr) {
    return Codec::accepts(type);
  }
  oid_t const below = types->below_domains(type);
  if constexpr (accepts_known<Codec>) {
    user_type const* const known = types->find(below);
    if (known != nullptr) {
      return Codec::accepts(*known, *types, why);
    }
  }
  return Codec::accepts(below);
}

}  // namespace detail
}  // namespace pqscope

#endif
