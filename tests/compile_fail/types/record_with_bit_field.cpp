// expect: a record must not have bit-fields
#include <pqscope/types/record.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
struct subject {
  int flags : 3;
  int id;
};
#else
struct subject {
  int flags;
  int id;
};
#endif

int main() {
  return pqscope::record_size<subject> == 0;
}
