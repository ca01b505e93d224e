// expect: no matching
#include <pqscope/types/integer.hpp>
#include <pqscope/types/range.hpp>

int main() {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  long const from = 1;
#else
  int const from = 1;
#endif
  pqscope::range<int> const numbers{pqscope::inclusive(from), pqscope::unbounded};
  return numbers.is_empty() ? 1 : 0;
}
