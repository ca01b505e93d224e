#ifndef PQSCOPE_TRANSFER_CURSOR_OPTIONS_HPP
#define PQSCOPE_TRANSFER_CURSOR_OPTIONS_HPP

#include <cstdint>
#include <string>

namespace pqscope {

/// How a `cursor` is declared and read.
struct cursor_options {
  std::int32_t fetch = 1000;  ///< rows of a page, what iterating asks for at once; at least 1
  bool scrollable = false;    ///< SCROLL: it can go backwards; else NO SCROLL
  bool with_hold = false;     ///< WITH HOLD: it survives the commit of its transaction
  std::string name{};         ///< as it stands, quoted here; empty for a unique one
};

}  // namespace pqscope

#endif
