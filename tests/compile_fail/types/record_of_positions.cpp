// expect: a record must not be std::array, std::tuple or the like
#include <pqscope/types/record.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
#include <array>
using subject = std::array<int, 2>;
#else
struct subject {
  int first;
  int second;
};
#endif

int main() {
  return pqscope::record_size<subject> == 0;
}
