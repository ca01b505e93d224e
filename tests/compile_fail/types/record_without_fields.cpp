// expect: a record must have a field
#include <pqscope/types/record.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
struct subject {};
#else
struct subject {
  int id;
};
#endif

int main() {
  return pqscope::record_size<subject> == 0;
}
