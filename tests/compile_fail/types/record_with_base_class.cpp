// expect: a record must not have base classes
#include <pqscope/types/record.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
struct base {
  int id;
};
struct subject : base {
  int more;
};
#else
struct base {
  int id;
};
struct subject {
  base common;
  int more;
};
#endif

int main() {
  return pqscope::record_size<subject> == 0;
}
