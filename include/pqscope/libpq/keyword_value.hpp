#ifndef PQSCOPE_LIBPQ_KEYWORD_VALUE_HPP
#define PQSCOPE_LIBPQ_KEYWORD_VALUE_HPP

#include <string>

namespace pqscope::libpq {

/// One keyword of libpq and its value.
struct keyword_value {
  std::string keyword;  ///< such as `host`
  std::string value;    ///< as it is, not quoted
};

}  // namespace pqscope::libpq

#endif
