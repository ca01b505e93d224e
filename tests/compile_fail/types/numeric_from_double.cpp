// expect: deleted
#include <pqscope/types/numeric.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
pqscope::numeric const subject{0.1};
#else
pqscope::numeric const subject = pqscope::numeric::from_double(0.1);
#endif

int main() {
  return subject.is_zero();
}
