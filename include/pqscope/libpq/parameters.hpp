#ifndef PQSCOPE_LIBPQ_PARAMETERS_HPP
#define PQSCOPE_LIBPQ_PARAMETERS_HPP

namespace pqscope::libpq {

/// The values for a statement's placeholders in libpq's form, borrowed from whoever bound them.
///
/// Each pointer is to `count` elements, or null where `count` is 0.
struct parameters {
  int count = 0;                        ///< number of values
  unsigned const* types = nullptr;      ///< OIDs; 0 lets the server infer one
  char const* const* values = nullptr;  ///< null for NULL; NUL-terminated where the format is text
  int const* lengths = nullptr;         ///< in bytes; not looked at for text and NULL
  int const* formats = nullptr;         ///< 0 text, 1 binary
};

}  // namespace pqscope::libpq

#endif
