#ifndef PQSCOPE_SQL_LITERAL_PLACE_HPP
#define PQSCOPE_SQL_LITERAL_PLACE_HPP

#include <source_location>

#ifndef __clang__

namespace pqscope::detail {

/// The place of a call as GCC has it, for `std::source_location::current`. As the default argument
/// of a consteval constructor it is understood in every coroutine; GCC 14 refuses
/// `std::source_location::current()` there.
using literal_place = decltype(__builtin_source_location());

}  // namespace pqscope::detail

#endif

#endif
