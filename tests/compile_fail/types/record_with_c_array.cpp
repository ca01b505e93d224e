// expect: a record must not have C arrays or references
#include <pqscope/types/record.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
struct subject {
  int id;
  char name[10];
};
#else
#include <array>
struct subject {
  int id;
  std::array<char, 10> name;
};
#endif

int main() {
  return pqscope::record_size<subject> == 0;
}
