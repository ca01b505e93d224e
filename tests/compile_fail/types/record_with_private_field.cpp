// expect: a record must be an aggregate
#include <pqscope/types/record.hpp>

#ifdef PQSCOPE_MUST_NOT_COMPILE
class subject {
  int id = 0;
};
#else
class subject {
 public:
  int id = 0;
};
#endif

int main() {
  return pqscope::record_size<subject> == 0;
}
