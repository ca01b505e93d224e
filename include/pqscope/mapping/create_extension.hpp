#ifndef PQSCOPE_MAPPING_CREATE_EXTENSION_HPP
#define PQSCOPE_MAPPING_CREATE_EXTENSION_HPP

#include <pqscope/mapping/schema_scope.hpp>
#include <pqscope/sql/identifier.hpp>
#include <pqscope/transaction/scope.hpp>

#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

namespace detail {

/// See `create_extension`. A template so that only programs that call it compile it.
template <class = void>
bool make_extension(scope& outer, std::string_view name, std::source_location const& where) {
  std::string const quoted_name = identifier{name, where}.text();
  scope inner = scope::nest(outer, {}, where);
  schema_scope in{inner, where};
  in.lock();
  bool const is_there =
      in.execute(in.text("SELECT 1 FROM pg_catalog.pg_extension WHERE extname = $1::text"), name)
          .size() > 0;
  if (!is_there) {
    // Somebody may have made it after the transaction took its snapshot.
    in.execute(in.text("CREATE EXTENSION IF NOT EXISTS " + quoted_name));
  }
  inner.commit(where);
  return !is_there;
}

}  // namespace detail

/// Makes an extension, such as `vector`, if the database does not have it; answers whether it was
/// made. Its objects go into the first schema of the search path, or where it says itself; other
/// extensions that it needs are not made.
///
/// Takes the sorts of `db` that `create_all` does, and its lock: any number of processes may ask
/// for the same one at once. In a `session` or `transaction` it runs in a savepoint: where it
/// fails, the rest goes on.
///
///     try {
///       pqscope::create_extension(s, "vector");
///     } catch (pqscope::feature_not_supported const&) {  // the server has no such extension
///     }
///
/// Two round trips, one where it is there; with the transaction's own COMMIT, if it has one, one
/// more.
///
/// \throws feature_not_supported if the extension is not installed on the server
/// \throws undefined_file the same, from older servers
/// \throws insufficient_privilege if it has to be made and the role may not
/// \throws usage_error if the name is empty, longer than 63 bytes or holds a NUL byte
template <class Db>
bool create_extension(Db&& db, std::string_view name,
                      std::source_location where = std::source_location::current()) {
  bool made = false;
  detail::in_schema_scope(db, where, [&](detail::schema_scope& in) {
    made = detail::make_extension(in.scope_for_nesting(), name, where);
  });
  return made;
}

}  // namespace pqscope

#endif
