// expect: there is no built-in range over this type
#include <pqscope/types/floating.hpp>
#include <pqscope/types/integer.hpp>
#include <pqscope/types/range.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
using element = double;
#else
using element = int;
#endif

int main() {
  return pqscope::codec<pqscope::range<element>>::text_parameter ? 1 : 0;
}
