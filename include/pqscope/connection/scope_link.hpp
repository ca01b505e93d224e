#ifndef PQSCOPE_CONNECTION_SCOPE_LINK_HPP
#define PQSCOPE_CONNECTION_SCOPE_LINK_HPP

namespace pqscope::detail {

/// What a connection knows of a transaction or savepoint that lives on it. They form a list from
/// the innermost one outwards.
struct scope_link {
  scope_link* parent = nullptr;  ///< the enclosing scope; null for the transaction itself
  unsigned depth = 0;            ///< 0 for the transaction itself
  bool begun = false;            ///< the server has carried out BEGIN or SAVEPOINT
  bool touched = false;          ///< savepoints were moved by hand: ask the server, assume nothing
  bool sandbox = false;          ///< transactions begun inside it become savepoints
  bool gone = false;             ///< the transaction has ended without this scope's doing
};

}  // namespace pqscope::detail

#endif
