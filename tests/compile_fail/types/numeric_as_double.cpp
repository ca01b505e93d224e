// expect: whole_number
#include <pqscope/types/numeric.hpp>

int main() {
  pqscope::numeric const price("1.50");
#ifdef PQSCOPE_MUST_NOT_COMPILE
  double const subject = price.as<double>();
#else
  double const subject = price.to_double();
#endif
  return subject > 2;
}
