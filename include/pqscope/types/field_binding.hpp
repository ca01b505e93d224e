#ifndef PQSCOPE_TYPES_FIELD_BINDING_HPP
#define PQSCOPE_TYPES_FIELD_BINDING_HPP

#include <cstddef>
#include <type_traits>

namespace pqscope::detail {

/// Given as the function of `field_binding<N>::apply`: answers whether every field can be referred
/// to, which a bit-field cannot.
struct binding_probe {
  template <class... Fields>
  constexpr bool operator()(Fields&...) const {
    return true;
  }
};

/// `field_binding<N>::apply(record, use)` calls `use(field...)` with lvalues of the `N` fields of
/// `record`. Structured bindings need a list of names of the right length, so there is one
/// specialisation for each length from 1 to 64, made eight at a time below.
template <std::size_t N>
struct field_binding;

#define PQSCOPE_BIND(n, ...)                                           \
  template <>                                                          \
  struct field_binding<(n)> {                                          \
    template <class T, class Use>                                      \
    static constexpr decltype(auto) apply(T& record, Use const& use) { \
      auto& [__VA_ARGS__] = record;                                    \
      if constexpr (std::is_same_v<Use, binding_probe>) {              \
        return requires { use(__VA_ARGS__); };                         \
      } else {                                                         \
        return use(__VA_ARGS__);                                       \
      }                                                                \
    }                                                                  \
  };

#define PQSCOPE_FIELDS_2(r) f##r##0, f##r##1
#define PQSCOPE_FIELDS_4(r) PQSCOPE_FIELDS_2(r), f##r##2, f##r##3
#define PQSCOPE_FIELDS_6(r) PQSCOPE_FIELDS_4(r), f##r##4, f##r##5
#define PQSCOPE_FIELDS_8(r) PQSCOPE_FIELDS_6(r), f##r##6, f##r##7

#define PQSCOPE_BIND_8(r, ...)                                      \
  PQSCOPE_BIND(r * 8 + 1, __VA_ARGS__ f##r##0)                      \
  PQSCOPE_BIND(r * 8 + 2, __VA_ARGS__ PQSCOPE_FIELDS_2(r))          \
  PQSCOPE_BIND(r * 8 + 3, __VA_ARGS__ PQSCOPE_FIELDS_2(r), f##r##2) \
  PQSCOPE_BIND(r * 8 + 4, __VA_ARGS__ PQSCOPE_FIELDS_4(r))          \
  PQSCOPE_BIND(r * 8 + 5, __VA_ARGS__ PQSCOPE_FIELDS_4(r), f##r##4) \
  PQSCOPE_BIND(r * 8 + 6, __VA_ARGS__ PQSCOPE_FIELDS_6(r))          \
  PQSCOPE_BIND(r * 8 + 7, __VA_ARGS__ PQSCOPE_FIELDS_6(r), f##r##6) \
  PQSCOPE_BIND(r * 8 + 8, __VA_ARGS__ PQSCOPE_FIELDS_8(r))

#define PQSCOPE_UP_TO_8 PQSCOPE_FIELDS_8(0),
#define PQSCOPE_UP_TO_16 PQSCOPE_UP_TO_8 PQSCOPE_FIELDS_8(1),
#define PQSCOPE_UP_TO_24 PQSCOPE_UP_TO_16 PQSCOPE_FIELDS_8(2),
#define PQSCOPE_UP_TO_32 PQSCOPE_UP_TO_24 PQSCOPE_FIELDS_8(3),
#define PQSCOPE_UP_TO_40 PQSCOPE_UP_TO_32 PQSCOPE_FIELDS_8(4),
#define PQSCOPE_UP_TO_48 PQSCOPE_UP_TO_40 PQSCOPE_FIELDS_8(5),
#define PQSCOPE_UP_TO_56 PQSCOPE_UP_TO_48 PQSCOPE_FIELDS_8(6),

PQSCOPE_BIND_8(0, )
PQSCOPE_BIND_8(1, PQSCOPE_UP_TO_8)
PQSCOPE_BIND_8(2, PQSCOPE_UP_TO_16)
PQSCOPE_BIND_8(3, PQSCOPE_UP_TO_24)
PQSCOPE_BIND_8(4, PQSCOPE_UP_TO_32)
PQSCOPE_BIND_8(5, PQSCOPE_UP_TO_40)
PQSCOPE_BIND_8(6, PQSCOPE_UP_TO_48)
PQSCOPE_BIND_8(7, PQSCOPE_UP_TO_56)

#undef PQSCOPE_UP_TO_56
#undef PQSCOPE_UP_TO_48
#undef PQSCOPE_UP_TO_40
#undef PQSCOPE_UP_TO_32
#undef PQSCOPE_UP_TO_24
#undef PQSCOPE_UP_TO_16
#undef PQSCOPE_UP_TO_8
#undef PQSCOPE_BIND_8
#undef PQSCOPE_FIELDS_8
#undef PQSCOPE_FIELDS_6
#undef PQSCOPE_FIELDS_4
#undef PQSCOPE_FIELDS_2
#undef PQSCOPE_BIND

}  // namespace pqscope::detail

#endif
