#ifndef PQSCOPE_CONNECTION_SCOPE_LINK_HPP
#define PQSCOPE_CONNECTION_SCOPE_LINK_HPP

namespace pqscope::detail {

/// What a connection knows of a transaction or savepoint that lives on it. They form a list from
/// the innermost one outwards.
struct scope_link {
  scope_link* parent = nullptr;  ///< the enclosing scope; null for the transaction itself
  char const* name = nullptr;    ///< its savepoint's, in quotes as in SQL; null for a transaction
  unsigned depth = 0;            ///< 0 for the transaction itself
  bool begun = false;            ///< the server has carried out BEGIN or SAVEPOINT
  bool touched = false;          ///< savepoints were moved by hand: ask the server, assume nothing
  bool sandbox = false;          ///< transactions begun inside it become savepoints
  bool gone = false;             ///< the transaction has ended without this scope's doing
};

/// The transaction has ended without the doing of the scopes that stand for it.
inline void mark_gone(scope_link* innermost) noexcept {
  for (scope_link* link = innermost; link != nullptr; link = link->parent) {
    link->gone = true;
  }
}

/// Whether the server has carried out the BEGIN of the outermost scope.
inline bool has_begun(scope_link const* innermost) noexcept {
  while (innermost != nullptr && innermost->parent != nullptr) {
    innermost = innermost->parent;
  }
  return innermost != nullptr && innermost->begun;
}

}  // namespace pqscope::detail

#endif
