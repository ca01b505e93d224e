// expect: the bounds of a range cannot be NULL
#include <pqscope/types/integer.hpp>
#include <pqscope/types/range.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
#include <optional>
using element = std::optional<int>;
#else
using element = int;
#endif

int main() {
  pqscope::range<element> const empty;
  return empty.is_empty() ? 0 : 1;
}
