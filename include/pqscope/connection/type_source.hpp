#ifndef PQSCOPE_CONNECTION_TYPE_SOURCE_HPP
#define PQSCOPE_CONNECTION_TYPE_SOURCE_HPP

#include <pqscope/types/user_type.hpp>

#include <memory>
#include <source_location>
#include <span>

namespace pqscope::detail {

class connection_core;

/// Tables are shared and never changed: what is learnt makes another one.
using shared_types = std::shared_ptr<type_table const>;

/// Where a result that is to be decoded has from what its user-made types are. For code that does
/// not know of connections; an empty one knows nothing.
struct type_source {
  connection_core* core = nullptr;                    ///< handed to the functions
  shared_types (*known)(connection_core&) = nullptr;  ///< what is known without asking; may be null
  shared_types (*learn)(connection_core&, std::span<oid_t const>,
                        std::source_location const&) =
      nullptr;  ///< asks the server for these, and
                ///< answers all that is known then;
                ///< null where it may not be asked

  /// What is known.
  shared_types table() const { return core != nullptr ? known(*core) : nullptr; }
};

}  // namespace pqscope::detail

#endif
