// What the service keeps: users and, where the server can store vectors, an embedding of each.

#ifndef USERS_SERVICE_USERS_HPP
#define USERS_SERVICE_USERS_HPP

#include <pqscope/pqscope.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// [structs]
struct user {
  std::int64_t id{};
  std::string username{};
  std::optional<std::string> email{};
};
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::id>().primary_key().identity(),
                   pqscope::column<&user::username>().varchar(50).unique().check("username <> ''"),
                   pqscope::column<&user::email>());

struct user_embedding {
  std::int64_t user_id{};
  std::vector<float> embedding{};
};
template <>
inline constexpr auto pqscope::mapping<user_embedding> =
    pqscope::table("user_embeddings",
                   pqscope::column<&user_embedding::user_id>().primary_key().references<&user::id>(
                       pqscope::on_delete::cascade),
                   pqscope::column<&user_embedding::embedding>().vector(3));
// [structs]

namespace users_service {

using pqscope::col;

inline bool enable_vectors(pqscope::session& s) {
  try {
    pqscope::create_extension(s, "vector");
    return true;
  } catch (pqscope::feature_not_supported const&) {   // the server does not come with it
  } catch (pqscope::undefined_file const&) {          // the same, up to PostgreSQL 14
  } catch (pqscope::insufficient_privilege const&) {  // it does, but this role may not make it
  }
  return false;  // the session goes on
}

// [init_database]
/// Makes the tables that are not there. Answers whether vectors can be stored.
inline bool init_database(pqscope::engine& db) {
  return pqscope::with_session(db, [](pqscope::session& s) {
    bool const has_vectors = enable_vectors(s);
    if (has_vectors) {
      pqscope::create_all<user, user_embedding>(s);
    } else {
      pqscope::create_all<user>(s);
    }
    return has_vectors;
  });
}
// [init_database]

// [functions]
/// The users behind an id, 100 at most.
inline std::vector<user> list_users(pqscope::session& s, std::int64_t after) {
  return s.select<user>().where(col<&user::id> > after).order_by(col<&user::id>).limit(100).all();
}

inline std::vector<user> newest_users(pqscope::session& s) {
  return s.select<user>().order_by(desc(col<&user::id>)).limit(100).all();
}

/// Its id is known after the session's commit.
inline pqscope::tracked<user> add_user(pqscope::session& s, user added,
                                       std::optional<std::vector<float>> embedding = {}) {
  auto const stored = s.add(std::move(added));
  if (embedding) {
    s.add(user_embedding{.embedding = std::move(*embedding)}, stored);
  }
  return stored;
}

/// The five users whose embeddings are nearest to that of another one.
inline std::vector<user> similar_users(pqscope::session& s, std::int64_t id) {
  std::vector<user> nearest;
  if (auto const own = s.get<user_embedding>(id)) {
    auto const distance = col<&user_embedding::embedding>.l2_distance(own->embedding);
    for (auto const& [embedding, owner] : s.select<user_embedding>()
                                              .join<&user_embedding::user_id>()
                                              .where(col<&user_embedding::user_id> != id)
                                              .order_by(distance)
                                              .limit(5)
                                              .rows()) {
      nearest.push_back(owner);
    }
  }
  return nearest;
}
// [functions]

}  // namespace users_service

#endif
