// expect: a record must not have C arrays or references
#include <pqscope/types/record.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
struct subject {
  int id;
  int& other;
};
#else
struct subject {
  int id;
  int other;
};
#endif

int main() {
  return pqscope::record_size<subject> == 0;
}
